"""CORS: pages of which origins may ask the API from a browser."""

import re

from flask import Flask, Response, request
from werkzeug.datastructures import HeaderSet

from app.values import ConfigError

PREFIX = "/api/v1/"
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE"]
SENT = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-API-Key",
    "X-Request-ID",
]
READ = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID"]


def init_cors(app: Flask) -> None:
    """Let pages of the origins in ``CORS_ORIGINS`` of the config ask the API of ``app``.

    Which origins
        Those in that tuple: each ``http://`` or ``https://``, a host, and a port where it has
        one, in lower case, and nothing after it. For anything else, such as ``*``, ``null`` or a
        slash at the end, ``ConfigError`` is raised; the message names ``CORS_ORIGINS``.
    Where
        On every answer to a path that begins with ``/api/v1/``, errors too, so that a page can
        read why. Nowhere else: the other paths are not for pages of others.
    To an origin that is named
        ``Access-Control-Allow-Origin`` is that origin, and ``Access-Control-Expose-Headers`` are
        ``ETag``, ``Link``, ``Location``, ``Retry-After`` and ``X-Request-ID``.
    Before a page asks (``OPTIONS`` with ``Access-Control-Request-Method``)
        an origin that is named is told, with a status below 300, as ``Access-Control-Allow-...``:
        ``Methods``: ``GET``, ``HEAD``, ``POST``, ``PUT`` and ``DELETE``, no others; ``Headers``:
        of those that it asks for ``Authorization``, ``Content-Type``, ``Idempotency-Key``,
        ``If-Match``, ``If-None-Match``, ``X-API-Key`` and ``X-Request-ID``, no others. And
        ``Access-Control-Max-Age``: 600 seconds.
    To everybody else, and where there is no ``Origin``
        no header that begins with ``Access-Control-``. Nobody is refused for it: this is about
        what a browser lets its pages read.
    Never
        ``Access-Control-Allow-Credentials``: the API takes no cookies.
    For caches
        every answer to such a path has ``Origin`` in ``Vary``, whoever asks.
    """
    origins = list(app.config["CORS_ORIGINS"])
    if any(ORIGIN.fullmatch(origin) is None for origin in origins):
        raise ConfigError("CORS_ORIGINS: must be origins, such as https://reading.example.org")

    def tell(response: Response) -> Response:
        if not request.path.startswith(PREFIX):
            return response
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin is None or origin not in origins:
            return response
        told = {"Allow-Origin": origin, "Expose-Headers": ", ".join(READ)}
        if request.method == "OPTIONS" and request.access_control_request_method:
            asked = HeaderSet(request.access_control_request_headers or [])
            told["Allow-Methods"] = ", ".join(METHODS)
            told["Allow-Headers"] = ", ".join(name for name in SENT if name in asked)
            told["Max-Age"] = "600"
        for name, value in told.items():
            response.headers[f"Access-Control-{name}"] = value
        return response

    def answer() -> Response | None:
        asks = request.method == "OPTIONS" and request.access_control_request_method
        return Response(status=204) if asks and request.path.startswith(PREFIX) else None

    app.before_request(answer)
    app.after_request(tell)
