"""What happens around every request, whichever view answers it."""

from collections import Counter
from contextlib import suppress
from secrets import compare_digest
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue

from app.errors import Unauthorized


class Hooks:
    """One object for each app, so that its methods share the counter without a look-up."""

    safe = frozenset({"GET", "HEAD"})

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def start(self) -> ResponseReturnValue | None:
        g.clock = perf_counter
        g.zero = perf_counter()
        self.count[request.endpoint or "unmatched"] += 1
        return None

    def guard(self) -> None:
        if (request.endpoint or "").startswith("admin."):
            key = current_app.config["ADMIN_KEY"].encode("latin-1", "replace")
            given = request.headers.get("X-Admin-Key", default="").encode("latin-1", "replace")
            if key == b"" or not compare_digest(key, given):
                raise Unauthorized("send the key of this library in X-Admin-Key")

    def finish(self, response: Response) -> Response:
        response.headers["X-Response-Time"] = format((g.clock() - g.zero) * 1e3, "f")
        fine = request.method in self.safe and 200 <= response.status_code < 400
        if not fine and response.headers.get("Cache-Control") is None:
            response.headers.add("Cache-Control", "no-store")
        return response

    def close(self, error: BaseException | None = None) -> None:
        with suppress(AttributeError):
            g.audit_trail.close()


def register_hooks(app: Flask) -> None:
    """Attach the hooks that every request passes through."""
    hooks = Hooks()
    app.extensions["request_count"] = hooks.count
    app.before_request_funcs.setdefault(None, []).extend([hooks.start, hooks.guard])
    app.after_request(hooks.finish)
    app.teardown_appcontext(hooks.close)
