"""The server: gunicorn runs the app as it is shipped, and stops when it is told to."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 60


def test_gunicorn_runs_the_app_and_stops(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return  # gunicorn is not for Windows
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--bind", address, "wsgi:app"],
            env={**os.environ, "APP_ENV": "testing"},
            stdout=log,
            stderr=log,
        )
    try:
        assert "code" in ask(f"http://{address}/api/v1/books", server)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=PATIENCE_SECONDS) == 0
    finally:
        server.kill()
        server.wait()


def ask(url: str, server: "subprocess.Popen[bytes]") -> dict[str, object]:
    """The refusal at ``url``, as soon as somebody answers there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_SECONDS)  # noqa: S310 - our own address
        except urllib.error.HTTPError as refusal:
            body: dict[str, object] = json.load(refusal)
            return body
        except OSError:
            assert server.poll() is None, "gunicorn has ended"
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.05)
