"""What happens around every request, whichever view answers it."""

import hashlib
import time
from collections import Counter

from flask import Flask, Response, g, request

from app.errors import Unauthorized


def register_hooks(app: Flask) -> None:
    """Attach the hooks that every request passes through."""
    counter: Counter[str] = Counter()
    app.extensions["request_count"] = counter

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic_ns()
        counter.update([request.endpoint if request.endpoint is not None else "unmatched"])
        if "admin" in request.blueprints:
            expected, given = app.config["ADMIN_KEY"], request.headers.get("X-Admin-Key")
            if not expected or given is None or digest(expected) != digest(given):
                raise Unauthorized("no entry")

    @app.after_request
    def label(response: Response) -> Response:
        response.headers["X-Response-Time"] = str((time.monotonic_ns() - g.began) // 1000 / 1000)
        if "Cache-Control" not in response.headers and (
            request.method not in ("GET", "HEAD") or response.status_code >= 400
        ):
            response.cache_control.no_store = True
        return response

    @app.teardown_appcontext
    def tidy_up(_: BaseException | None) -> None:
        if "audit_trail" in g:
            g.audit_trail.close()


def digest(key: str) -> bytes:
    """Comparing digests tells an eavesdropper nothing about the keys."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
