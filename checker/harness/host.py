"""The app's side: builds the learner's app, asks it, and sees what happened within."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.harness.errors import AuthorError, LoadError, Raised, Unreadable
from checker.harness.factory import no_app
from checker.harness.footprints import Walk
from checker.harness.forbidden import Forbidden, Guard
from checker.harness.ground import Ground, details
from checker.harness.loading import load_error
from checker.harness.messages import Answer, Crash, Found, Request
from checker.harness.returning import suspect
from checker.harness.shipping import Shipped, plain
from checker.harness.words import raised

if TYPE_CHECKING:
    from flask import Flask

    from checker.harness.suites import Order, SuiteRun

BODY_LIMIT = 16 * 1024 * 1024
_crashes: ContextVar[list[tuple[BaseException, str | None]]] = ContextVar("course_crashes")


class Host:
    """One app at a time. Requests may come from several threads at once."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._app: Flask | None = None

    @contextmanager
    def settled(self) -> Iterator[None]:
        """The surroundings the learner's code expects: its folder, its import path."""
        before = Path.cwd()
        for folder in (str(self.ground.exercises), str(self.ground.root)):
            if folder in sys.path:
                sys.path.remove(folder)
            sys.path.insert(0, folder)
        os.chdir(self.ground.root)
        try:
            with Guard(self.ground):
                yield
        finally:
            os.chdir(before)

    def build(self) -> None:
        """A new app from ``world.build()``; :class:`LoadError` where there is none."""
        self._app = None
        try:
            app = self._build()
        except (KeyboardInterrupt, LoadError, AuthorError):
            raise
        except BaseException as error:
            raise load_error(error, self.ground) from error
        self._app = app

    def request(self, asked: Request) -> Answer:
        """What the app answers. Never raises what the app raised: that is a 500 and a crash."""
        app = self._built()
        environ = _environ(asked)
        crashes: list[tuple[BaseException, str | None]] = []
        token = _crashes.set(crashes)
        started: list[tuple[str, list[tuple[str, str]]]] = []
        try:
            with Walk(self.ground) as walk:

                def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
                    walk.answered()
                    started.append((status, headers))
                    return lambda data: None

                try:
                    body = _drain(app(environ, start))
                    status, headers = started[-1]
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - also SystemExit
                    crashes.append((error, None))
                    status, headers, body = "500 INTERNAL SERVER ERROR", [], b""
        finally:
            _crashes.reset(token)
        crash = self._crash(*crashes[-1]) if crashes and status.startswith("500") else None
        return Answer(status, list(headers), body, crash, walk.footprints)

    def call(self, function: Shipped, args: list[Any], kwargs: dict[str, Any]) -> Found:
        """The result of an ``inside`` function, within the app's context.

        Raises :class:`Raised` for whatever it raised, :class:`Unreadable` for a result
        that is no plain data.
        """
        from checker.harness.routing import remembered_rules

        app = self._built()
        run = function.load()
        try:
            with remembered_rules(), Walk(self.ground) as walk, app.app_context():
                result = run(*args, **kwargs)
                walk.answered()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            blame, where = self.ground.blame(error)
            kind, message = raised(error)
            raise Raised(kind, message, where, blame, details(error)) from error
        try:
            return Found(plain(result, f"what {function.name}() found"), walk.footprints)
        except TypeError as error:
            raise Unreadable(str(error)) from None

    def suite(self, order: Order) -> SuiteRun:
        """What the learner's tests say of one variant: see ``checker.harness.suites``."""
        from checker.harness.suites import run_suite

        with Guard(self.ground):
            return run_suite(self.ground, order)

    def _build(self) -> Flask:
        from flask import Flask, got_request_exception

        from checker.harness.routing import remembered_rules
        from checker.harness.templates import remember_templates

        with remembered_rules():
            app = import_module("world").build()
        if not isinstance(app, Flask):
            raise no_app(app, self.ground)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        got_request_exception.connect(_on_exception, app)
        self._see_handled(app)
        remember_templates(app)
        return app

    def _see_handled(self, app: Flask) -> None:
        """Note a crash also where the app's own handler turns it to an answer."""
        handle = app.handle_user_exception

        def handle_user_exception(e: Exception) -> Any:
            _on_exception(app, e)
            return handle(e)

        app.handle_user_exception = handle_user_exception  # type: ignore[method-assign]

    def _crash(self, error: BaseException, endpoint: str | None) -> Crash:
        blame, where = self.ground.blame(error)
        kind, message = raised(error)
        if isinstance(error, Forbidden):
            blame, message = "learner", f"{error.message}: {error.advice}"
        elif self._app is not None and not self.ground.own_frames(error):
            found = suspect(error, endpoint, self._app, self.ground)
            if found is not None:
                blame, where = "learner", found[1]
                kind, message = ("", found[0]) if found[0] else (kind, message)
        return Crash(kind, message, where, blame, details(error))

    def _built(self) -> Flask:
        if self._app is None:
            raise AuthorError("the app was asked before it was built")
        return self._app


def _on_exception(sender: Flask, exception: BaseException, **_: Any) -> None:
    from flask import request

    _crashes.get([]).append((exception, request.endpoint))


def _environ(asked: Request) -> dict[str, Any]:
    return {
        **asked.environ,
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(asked.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _drain(chunks: Any) -> bytes:
    """The whole body; an answer without end is an error, not a full memory."""
    body = bytearray()
    try:
        for chunk in chunks:
            body += chunk
            if len(body) > BODY_LIMIT:
                raise Forbidden(
                    f"your answer is larger than {BODY_LIMIT >> 20} MiB", "does it ever end?"
                )
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    return bytes(body)
