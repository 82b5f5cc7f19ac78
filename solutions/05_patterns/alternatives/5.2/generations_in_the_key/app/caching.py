"""Caching: an answer is worked out once, and given again to whoever may have the same."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, make_response, request

from app.auth.guards import granted
from app.auth.principal import current_principal
from app.memo import remember
from app.openapi.contracts import CACHE_HEADERS, View, contract_for
from app.stack import add_layer


class NotKept(Exception):
    """Carries an answer that is not kept past the memory."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


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
        def answer(*values: Any, **path: Any) -> Response:
            if request.method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                return make_response(view(*values, **path))

            def make() -> list[Any]:
                response = make_response(view(*values, **path))
                if response.status_code != 200:
                    raise NotKept(response)
                if "ETag" not in response.headers:
                    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
                response.headers["Cache-Control"] = "private, no-cache"
                return [response.get_data(as_text=True), list(response.headers)]

            try:
                body, headers = remember(name(values, path), seconds, tables, make)
            except NotKept as other:
                return other.response
            return Response(body, headers=headers)

        def name(values: tuple[Any, ...], path: dict[str, Any]) -> str:
            parts = [str(request.endpoint), text_of(path), *map(text_of, values)]
            if not shared:
                who = current_principal()
                parts += [who.subject, *sorted(granted(who))]
            return hashlib.sha256(repr(parts).encode()).hexdigest()

        add_layer(answer, "caching")
        contract_for(answer).headers |= CACHE_HEADERS
        return answer

    return decorate


def text_of(value: Any) -> str:
    """The same text for the same value, in whatever order its parts came."""
    if isinstance(value, dict):
        return repr(sorted((key, text_of(inner)) for key, inner in value.items()))
    return repr(value)
