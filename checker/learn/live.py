"""The site as ``checker docs`` serves it: each card shows how its exercise stands in ``work/``.

Two lines in every page are all that the server adds. A page that is served by anything else has
neither, and asks for nothing.
"""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from checker.learn.listing import listing
from checker.learn.session import Session

PROGRESS = "/.checker/list.json"
SCRIPT = "/.checker/live.js"
ADDED = (
    f'<meta name="course-progress" content="{PROGRESS}">'
    f'<script type="module" src="{SCRIPT}"></script></head>'
).encode()


class Server(ThreadingHTTPServer):
    """Serves a built site, and where the learner stands, on this machine only."""

    def __init__(self, port: int, site: Path, session: Session) -> None:
        self.session = session
        super().__init__(("127.0.0.1", port), partial(_Handler, directory=str(site)))


class _Handler(SimpleHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: a request log would bury the address."""

    def send_head(self) -> BinaryIO | BytesIO | None:
        asked = urlsplit(self.path).path
        if asked == PROGRESS:
            return self._answer(
                "application/json", json.dumps(listing(self.server.session)).encode()
            )
        if asked == SCRIPT:
            return self._answer("text/javascript", Path(__file__).with_name("live.js").read_bytes())
        file = Path(self.translate_path(self.path))
        if asked.endswith("/"):
            file /= "index.html"
        if file.suffix == ".html" and file.is_file():
            page = file.read_bytes().replace(b"</head>", ADDED, 1)
            return self._answer("text/html; charset=utf-8", page)
        return super().send_head()

    def _answer(self, kind: str, body: bytes) -> BytesIO:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        return BytesIO(body)
