"""Behind a proxy: what it says of a request, and how far that is believed."""

import secrets
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FITTING = frozenset(string.ascii_letters + string.digits + "._-")
TOLD = {
    "HTTP_X_FORWARDED_FOR": "REMOTE_ADDR",
    "HTTP_X_FORWARDED_PROTO": "wsgi.url_scheme",
    "HTTP_X_FORWARDED_HOST": "HTTP_HOST",
}


def init_proxy(app: Flask) -> None:
    """Let ``app`` know who asks, and by which id, with ``TRUSTED_PROXIES`` of ours in front.

    Where from
        Of ``X-Forwarded-For``, ``-Proto`` and ``-Host`` the last ``TRUSTED_PROXIES`` values
        are ours, and the first of those is the client's: its address, its scheme, the host
        that it asked for, in ``request`` as anywhere. What stands left of them the client may
        have written. A header with fewer values counts for nothing; with 0 proxies, the
        default, none of them counts. No other ``X-Forwarded-`` header ever does.
    Which request
        ``g.request_id`` is there for every request, also for one that no view answers, before
        anything else looks at it: the ``X-Request-ID`` that came in, if it is 1 to 64 of the
        characters ``A-Z a-z 0-9 . _ -``; else a new one, 32 hexadecimal digits. Every answer
        has it as ``X-Request-ID``, errors too.
    """
    proxies: int = app.config["TRUSTED_PROXIES"]
    if proxies > 0:
        app.wsgi_app = Door(app.wsgi_app, proxies)  # type: ignore[method-assign]

    @app.before_request
    def name_it() -> None:
        sent = request.headers.get("X-Request-ID", "")
        fits = 0 < len(sent) <= 64 and FITTING.issuperset(sent)
        g.request_id = sent if fits else secrets.token_bytes(16).hex()

    @app.after_request
    def tell_its_name(response: Response) -> Response:
        response.headers.set("X-Request-ID", g.request_id)
        return response


class Door:
    """Puts into the environment what the outermost of our proxies has seen."""

    def __init__(self, app: "WSGIApplication", proxies: int) -> None:
        self.app, self.proxies = app, proxies

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        for header, place in TOLD.items():
            values: list[Any] = [one.strip() for one in environ.get(header, "").split(",")]
            if len(values) >= self.proxies and values[-self.proxies]:
                environ[place] = values[-self.proxies]
        return self.app(environ, start_response)
