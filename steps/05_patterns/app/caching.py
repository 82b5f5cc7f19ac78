"""Caching: an answer is worked out once, and given again to whoever may have the same."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask.typing import ResponseReturnValue

from app.openapi.contracts import View
from app.stack import add_layer


def cached(seconds: int, *tables: str, shared: bool = False) -> Callable[[View], View]:
    """Give the same answer again, for ``seconds`` at most, while ``tables`` do not change.

    Stands below what validates, and above what makes the answer: what comes in as arguments
    is validated, what comes back is an answer. For GET and HEAD: every other method passes.
    How long, and until which change: see ``remember``.

    The key
        is made of the endpoint, the arguments of the path, and the validated values, whatever
        their order in the query string. What the view does not read is not in it, so nobody
        fills the cache with made-up parameters. Unless the answer is ``shared``, because all
        who may have it get the same, the key has the caller as well: the principal's subject
        and the scopes it is ``granted``.
    What is kept
        Answers of 200, with their headers and an ``ETag``, of the content where the view has
        not set one. Everything else is passed on.
    What goes out
        with 200, kept or not, is the same to the last header, and says ``Cache-Control:
        private, no-cache``: in no cache that others use, and never without asking us first.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def keep(*values: Any, **path: Any) -> ResponseReturnValue:
            answer: ResponseReturnValue = view(*values, **path)  # exercise 5.2 starts here
            return answer

        add_layer(keep, "caching")
        return keep

    return decorate
