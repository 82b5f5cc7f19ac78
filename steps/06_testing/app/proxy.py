"""Behind a proxy: what it says of a request, and how far that is believed."""

import re
import secrets

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

REQUEST_ID = re.compile("[A-Za-z0-9._-]{1,64}")


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
    trusted = app.config["TRUSTED_PROXIES"]
    if trusted:
        # Without this, a proxy's address is everybody's, and one client's limit is everybody's.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted
        )
    app.before_request(identify_request)
    app.after_request(tell_request_id)


def identify_request() -> None:
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(16)


def tell_request_id(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    return response
