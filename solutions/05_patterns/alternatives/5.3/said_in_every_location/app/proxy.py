"""Behind a proxy: what it says of a request, and how far that is believed."""

import re
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

FITS = re.compile(r"\A[\w.-]{1,64}\Z", re.ASCII)


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
    count = app.config["TRUSTED_PROXIES"]
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # it believes nobody where count is 0
        app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=0, x_prefix=0
    )

    def begin() -> None:
        g.request_id = request.headers.get("X-Request-ID", "")
        if not FITS.match(g.request_id):
            g.request_id = uuid4().hex

    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        return response

    app.before_request(begin)
    app.after_request(end)
