"""Caching: an answer is worked out once, and given again to whoever may have the same."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import update_wrapper
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
        kept = update_wrapper(Kept(view, seconds, tables, shared), view)
        add_layer(kept, "caching")
        contract_for(kept).headers |= CACHE_HEADERS
        return kept

    return decorate


@dataclass
class Answer:
    """What goes out with 200."""

    body: str
    headers: list[tuple[str, str]]

    def response(self) -> Response:
        return Response(self.body, headers=[(name, value) for name, value in self.headers])


class Kept:
    """A view whose answers are kept."""

    def __init__(self, view: View, seconds: int, tables: tuple[str, ...], shared: bool) -> None:
        self.view, self.seconds, self.tables, self.shared = view, seconds, tables, shared

    def __call__(self, *values: Any, **path: Any) -> Response:
        asked = Asked(self.view, values, path)
        if request.method not in ("GET", "HEAD"):
            return asked.now()
        facts = remember(asked.key(self.shared), self.seconds, self.tables, asked.make)
        return asked.other if facts is None else Answer(**facts).response()


class Asked:
    """One request for it."""

    def __init__(self, view: View, values: tuple[Any, ...], path: dict[str, Any]) -> None:
        self.view, self.values, self.path = view, values, path
        self.other = Response()

    def now(self) -> Response:
        return current_app.make_response(self.view(*self.values, **self.path))

    def make(self) -> dict[str, Any] | None:
        response = self.now()
        if response.status_code != 200:
            self.other = response
            return None
        response.add_etag()
        response.headers["Cache-Control"] = "private, no-cache"
        return asdict(Answer(response.get_data(as_text=True), list(response.headers)))

    def key(self, shared: bool) -> str:
        facts: dict[str, Any] = {"endpoint": request.endpoint, "path": self.path}
        facts["values"] = self.values
        if not shared:
            caller = current_principal()
            facts["caller"] = {"sub": caller.subject, "scope": " ".join(sorted(granted(caller)))}
        return fingerprint(json.dumps(facts, sort_keys=True, default=repr))
