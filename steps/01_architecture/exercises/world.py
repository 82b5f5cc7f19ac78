"""How to build the app for a test of this step, and what the tests put into it.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any, ClassVar

from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

SETTINGS = {"ADMIN_KEY", "APP_ENV", "ENV_FILE", "LOG_LEVEL", "MAX_CONTENT_LENGTH", "SECRET_KEY"}


def build() -> Flask:
    """The app under test: configured for testing, empty, with a few views of our own."""
    Trail.opened.clear()
    LOG.lines.clear()
    app = new_app()
    if isinstance(app, Flask):
        empty(app)
        if "probe" not in app.view_functions:  # a factory that keeps its app has them
            add_probes(app)
    return app


def new_app() -> Flask:
    """One more app, configured for testing, ready to store."""
    with environment():
        from app import create_app

        return create_app("testing")


def empty(app: Flask) -> None:
    """Remove what other apps left behind while they still share their tables.

    Where the store cannot even do that, the tests find out and say it better.
    """
    from app.extensions import store

    with suppress(Exception), app.app_context():
        for table in (store.authors, store.books, store.users):
            for row in list(table):
                table.remove(row)


@contextmanager
def environment(**settings: str) -> Iterator[None]:
    """Of all settings exactly these in the environment; afterwards all is as it was.

    Unless a test names another file, ``ENV_FILE`` is an empty one: a ``.env`` of the
    learner's is never read, let alone written.
    """
    before = dict(os.environ)
    for name in SETTINGS:
        os.environ.pop(name, None)
    os.environ.update({"ENV_FILE": os.devnull, **settings})
    try:
        yield
    finally:
        put_back(before)


def put_back(before: Mapping[str, str]) -> None:
    """The environment as it was; what has not changed, which is most, is left alone."""
    now = dict(os.environ)
    for name in now.keys() - before.keys():
        del os.environ[name]
    os.environ.update({name: was for name, was in before.items() if now.get(name) != was})


def plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the contract names, as JSON can carry them: a key may be bytes."""
    names = SETTINGS | {"SAMPLE_DATA", "TESTING"}
    found = {name: config[name] for name in names if name in config}
    for name, value in found.items():
        if isinstance(value, bytes):
            found[name] = value.decode("latin-1")
    return found


@contextmanager
def fresh_import() -> Iterator[None]:
    """Within, nothing of ``app`` has been imported; afterwards the old modules are back."""
    before = {name: module for name, module in sys.modules.items() if is_of_app(name)}
    for name in before:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if is_of_app(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def is_of_app(module: str) -> bool:
    return module == "app" or module.startswith("app.")


@contextmanager
def counted_apps() -> Iterator[list[str]]:
    """Fills the list with a name for each Flask object made within."""
    made: list[str] = []
    original = Flask.__init__

    def init(self: Flask, import_name: str, *args: Any, **kwargs: Any) -> None:
        made.append(import_name)
        original(self, import_name, *args, **kwargs)

    Flask.__init__ = init  # type: ignore[method-assign]
    try:
        yield made
    finally:
        Flask.__init__ = original  # type: ignore[method-assign]


class Watched(MutableMapping[str, str]):
    """An environment that remembers which settings were looked at."""

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self.environ = environ
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.seen |= {name} & SETTINGS
        return self.environ[name]

    def __setitem__(self, name: str, value: str) -> None:
        self.environ[name] = value

    def __delitem__(self, name: str) -> None:
        del self.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.environ)

    def __len__(self) -> int:
        return len(self.environ)

    def copy(self) -> dict[str, str]:
        return dict(self)


@contextmanager
def watched_environment() -> Iterator[set[str]]:
    """Fills the set with the names of the settings that are looked at within."""
    before = os.environ
    watched = Watched(before)
    os.environ = watched  # type: ignore[assignment]  # noqa: B003 - put back below
    try:
        yield watched.seen
    finally:
        os.environ = before  # noqa: B003


def add_author(name: str, birth_year: int | None = None) -> int:
    """Store an author in the current app; the new id."""
    from app.extensions import store
    from app.store import Author

    return store.authors.add(Author(name, birth_year)).id


def add_book(title: str, isbn13: str) -> int:
    from app.extensions import store
    from app.store import Book

    return store.books.add(Book(title, isbn13, None, [])).id


def add_user(email: str, name: str) -> int:
    from app.extensions import store
    from app.store import User

    return store.users.add(User(email, name)).id


def rows(table: str) -> list[dict[str, Any]]:
    """What a table of the current app holds, in the order of the ids."""
    from app.extensions import store

    return [dict(vars(row)) for row in getattr(store, table)]


def path_of(endpoint: str) -> str:
    """The address of a view without arguments, wherever its blueprint is registered."""
    return next(current_app.url_map.iter_rules(endpoint)).rule


class Trail:
    """Stands in for a file or a socket: remembers whether it was closed."""

    opened: ClassVar[list["Trail"]] = []

    def __init__(self) -> None:
        self.closed = False
        Trail.opened.append(self)

    def close(self) -> None:
        self.closed = True


class Log(logging.Handler):
    """Keeps what is logged, tracebacks included."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


LOG = Log()
logging.getLogger().addHandler(LOG)


class Box(Schema):
    """A part of :class:`Shelf`."""

    label = fields.String(
        required=True, validate=[validate.Length(max=20), validate.ContainsNoneOf("!")]
    )
    numbers = fields.List(fields.Integer(strict=True))


class Shelf(Schema):
    """Nested on purpose, so that an error in it has a path."""

    boxes = fields.List(fields.Nested(Box), required=True)


class Row(Schema):
    """What the probe that pages dumps."""

    id = fields.Integer()
    rank = fields.Integer()


def add_probes(app: Flask) -> None:
    """Views that do on purpose what the app's own rarely do: ``/probe/crash?cause=…``.

    One rule serves them all, because making a rule is the dearest part of making an app.
    """
    app.add_url_rule("/probe/<name>", "probe", call_probe, methods=["GET", "POST"])
    app.add_url_rule("/moved/", "moved", dict)


def call_probe(name: str) -> ResponseReturnValue:
    probe: Callable[..., ResponseReturnValue] = PROBES[name]
    return probe(**request.args.to_dict())


def leave_a_trail(outcome: str) -> ResponseReturnValue:
    g.audit_trail = Trail()
    if outcome == "crash":
        raise RuntimeError("a view that fails")
    if outcome == "refused":
        abort(403)
    return {"outcome": outcome}


def take_time(milliseconds: str) -> ResponseReturnValue:
    time.sleep(int(milliseconds) / 1000)
    return {"milliseconds": milliseconds}


def choose_a_hint(status: str, hint: str) -> ResponseReturnValue:
    return Response("chosen", int(status), {"Cache-Control": hint})


def stop(status: str, **words: str) -> ResponseReturnValue:
    abort(int(status), **words)


def ask_for_patience(seconds: str) -> ResponseReturnValue:
    raise TooManyRequests(retry_after=int(seconds))


def ask_who_it_is(scheme: str) -> ResponseReturnValue:
    raise Unauthorized(www_authenticate=WWWAuthenticate(scheme))


def refuse(kind: str, **words: str) -> ResponseReturnValue:
    from app import errors

    raise getattr(errors, kind)(**words)


def refuse_in_another_way(status: str, code: str, message: str) -> ResponseReturnValue:
    from app.errors import ApiError

    error = ApiError(code, message, [{"field": "a", "reason": "b"}])
    error.status = int(status)
    error.headers = {"X-Reason": code}
    raise error


def crash(kind: str, cause: str) -> ResponseReturnValue:
    kinds = {"RuntimeError": RuntimeError, "KeyError": KeyError, "OSError": OSError}
    raise kinds[kind](cause)


def load_a_shelf() -> ResponseReturnValue:
    shelf: dict[str, Any] = Shelf().load(request.get_json())
    return shelf


def page_a_generator(count: str, **query: str) -> ResponseReturnValue:
    from app.paging import paginated

    rows = (SimpleNamespace(id=number + 1, rank=-number) for number in range(int(count)))
    return paginated(rows, Row(), sort_keys={"rank"})


PROBES: dict[str, Callable[..., ResponseReturnValue]] = {
    "trail": leave_a_trail,
    "slow": take_time,
    "cached": choose_a_hint,
    "abort": stop,
    "busy": ask_for_patience,
    "challenge": ask_who_it_is,
    "refuse": refuse,
    "api-error": refuse_in_another_way,
    "crash": crash,
    "shelves": load_a_shelf,
    "rows": page_a_generator,
}
