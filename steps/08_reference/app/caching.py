"""Caching: an answer is worked out once, and given again to whoever may have the same."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, current_app, request

from app.auth.guards import granted
from app.auth.opaque import fingerprint
from app.auth.principal import current_principal
from app.memo import remember
from app.openapi.contracts import CACHE_HEADERS, View, contract_for
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
        The view's contract for the document has both headers: ``CACHE_HEADERS``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def keep(*values: Any, **path: Any) -> Response:
            other: list[Response] = []

            def make() -> dict[str, Any] | None:
                response = current_app.make_response(view(*values, **path))
                if response.status_code != 200:
                    other.append(response)
                    return None
                response.add_etag()
                return {"body": response.get_data(as_text=True), "headers": [*response.headers]}

            if request.method not in {"GET", "HEAD"}:
                return current_app.make_response(view(*values, **path))
            kept = remember(key_of(values, path, shared), seconds, tables, make)
            if kept is None:
                return other[0]
            response = Response(kept["body"], headers=kept["headers"])
            response.headers["Cache-Control"] = "private, no-cache"
            return response

        add_layer(keep, "caching")
        contract_for(keep).headers |= CACHE_HEADERS
        return keep

    return decorate


def key_of(values: tuple[Any, ...], path: dict[str, Any], shared: bool) -> str:
    who: list[Any] = []
    if not shared:
        principal = current_principal()
        who = [principal.subject, sorted(granted(principal))]
    parts = [request.endpoint, path, values, who]
    return "answer:" + fingerprint(json.dumps(parts, sort_keys=True, default=str))
