"""How to build the app for a test of this step, and what the tests put into it.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

import base64
import hashlib
import hmac
import io
import json
import logging
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import closing, contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, ClassVar, cast

from alembic import command
from alembic.runtime.migration import MigrationContext
from flask import Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import configure_mappers
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import TooManyRequests, Unauthorized

SETTINGS = {
    "ADMIN_KEY",
    "APP_ENV",
    "DATABASE_URL",
    "ENV_FILE",
    "LOG_LEVEL",
    "MAX_CONTENT_LENGTH",
    "SECRET_KEY",
    "SIGNING_KEYS",
    "TEST_DATABASE_URL",
}


def build() -> Flask:
    """The app under test: configured for testing, empty, with a few views of our own."""
    Trail.opened.clear()
    LOG.lines.clear()
    LISTENER.stop()
    app = new_app()
    if "probe" not in app.view_functions:  # a factory that keeps its app has them
        add_probes(app)
    open_to_all(app)
    return app


def new_app(name: str = "testing", **settings: str) -> Flask:
    """An app with empty tables, made as the models say."""
    with environment(**settings):
        from app import create_app

        app = create_app(name)
    configure_mappers()  # a relationship that leads nowhere is found now, not in some test
    with app.app_context():
        remember_compiled()
        create_tables()
        Statements(app)
    return app


def remember_compiled() -> None:
    """Have SQLAlchemy compile a statement once, not once for each app."""
    from app.extensions import db

    first = ENGINES.setdefault(id(db.metadata), db.engine)
    if first.dialect.name == db.engine.dialect.name:  # what it remembers is of one dialect
        db.engine.dialect = first.dialect
        db.engine.update_execution_options(compiled_cache=COMPILED)


ENGINES: dict[int, Engine] = {}
COMPILED: dict[Any, Any] = {}
"""The engine of the first app of each set of models, and what was compiled for all."""


def remember_checked() -> None:
    """Have openapi-spec-validator look at a schema once, however many documents it is part of.

    What is remembered is that it is a schema; what is none is looked at again.
    """
    from openapi_spec_validator.validation.keywords import OpenAPIV31SchemaValidator as Validator

    original = Validator._validate_schema_meta
    if CHECKED:
        return
    CHECKED.add("")  # from here on

    def look_once(self: Validator, schema: Any, value: Any) -> Any:
        try:
            key = self._get_schema_dialect_id(schema, value) + json.dumps(value)
        except (TypeError, ValueError):
            return original(self, schema, value)
        error = None if key in CHECKED else original(self, schema, value)
        if error is None:
            CHECKED.add(key)
        return error

    Validator._validate_schema_meta = look_once  # type: ignore[assignment, method-assign]


CHECKED: set[str] = set()
"""The schemas that are schemas, by their dialect and their text."""


def create_tables() -> None:
    """As ``db.create_all()`` does, but only the first app pays for it."""
    from app.extensions import db

    if db.engine.url.database is not None:
        db.create_all()
        return
    restore(id(db.metadata), db.create_all)


def restore(key: object, make: Callable[[], None]) -> None:
    """Have ``make`` fill the current app's database; the next one with this key gets a copy."""
    from app.extensions import db

    with closing(db.engine.raw_connection()) as connection:
        new = cast("sqlite3.Connection", connection.driver_connection)
        if key in TEMPLATES:
            TEMPLATES[key].backup(new)
            return
        make()
        new.backup(TEMPLATES.setdefault(key, sqlite3.connect(":memory:")))


TEMPLATES: dict[object, sqlite3.Connection] = {}
"""The tables of each set of models, and of each migration, for :func:`restore`."""


@contextmanager
def migrated(revision: str) -> Iterator[Callable[[str], None]]:
    """The context of an app whose database a migration made; yields what goes on to another."""
    with environment():
        from app import create_app

        app = create_app("testing")
    with app.app_context():
        config = current_app.extensions["migrate"].migrate.get_config()
        config.stdout = io.StringIO()

        def go(target: str) -> None:
            now = current_revision() or ""
            if target == "check":
                command.check(config)
            elif target < now:
                command.downgrade(config, target)
            elif target > now:
                command.upgrade(config, target)

        restore(FIRST, lambda: go(FIRST))
        if revision != FIRST:
            go(revision)
        yield go


FIRST = "0001"
"""The migration before the learner's."""


def current_revision() -> str | None:
    from app.extensions import db

    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


SUITE: dict[str, dict[str, Any]] = {}
"""What :func:`run_tests` found, by the text of the suite: one run serves all tests around it."""

# Of pytest's own plugins only what fixtures use; our own is for the tests around these.
WITHOUT = (
    "cacheprovider",
    "course",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "terminal",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)


def run_tests(suite: Path, tests: list[str]) -> dict[str, Any]:
    """Run tests of ``suite``, in this order, with the fixtures of ``tests/conftest.py``.

    How many apps they met, and the name and the words of each that failed.
    """
    import pytest

    class Reports:
        def __init__(self) -> None:
            self.failed: list[tuple[str, str]] = []
            self.finished = 0

        def pytest_configure(self, config: pytest.Config) -> None:
            config.option.tbstyle = "native"  # the words are enough: no source need be found

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if not report.passed:
                crash = getattr(report.longrepr, "reprcrash", None)
                said = crash.message if crash else report.longreprtext
                name = report.nodeid.rpartition("::")[2].partition("[")[0]
                lines = said.strip().splitlines()
                # A fixture that is not there: the words are in the one line that pytest marks.
                marked = (line[1:].strip() for line in lines if line.startswith("E "))
                self.failed.append((name, next(marked, lines[0])))

        def pytest_runtest_logfinish(self) -> None:
            self.finished += 1
            if self.finished == 1:
                sys.modules["suite"].add_desk()

    reports = Reports()
    folder = Path.cwd() / "tests"
    sys.path.insert(0, str(folder))
    try:
        fixtures = load_file(folder / "conftest.py")
        options = [part for name in WITHOUT for part in ("-p", f"no:{name}")]
        # Nobody need look for other tests, in the folders above, nor rewrite asserts with words.
        here = ["--rootdir", str(suite.parent), "--confcutdir", str(suite.parent)]
        with environment():
            Context().run(  # as from the command line: no app has been pushed around the tests
                pytest.main,
                [*options, "-c", os.devnull, *here, "--noconftest", "--assert=plain"]
                + [f"{suite}::{test}" for test in tests],
                plugins=[fixtures, reports],
            )
        return {"apps": len(sys.modules["suite"].APPS), "failed": reports.failed}
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("suite", None)


def load_file(file: Path) -> ModuleType:
    spec = spec_from_file_location(f"{file.stem}_of_the_learner", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def app_on_file() -> Iterator[Flask]:
    """An app whose database is a file, so that each thread has a connection of its own."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "library.db").as_posix()
        event.listen(Engine, "connect", without_the_disk)
        try:
            yield new_app(TEST_DATABASE_URL=f"sqlite:///{file}")
        finally:
            event.remove(Engine, "connect", without_the_disk)


def without_the_disk(connection: Any, _record: object) -> None:
    """Nobody asks what is left after a power cut, and each wait for a disk takes its time."""
    connection.execute("PRAGMA synchronous=OFF")


@contextmanager
def environment(**settings: str) -> Iterator[None]:
    """Of all settings exactly these in the environment; afterwards all is as it was.

    Unless a test names others, ``ENV_FILE`` is an empty file and the database is in memory: a
    ``.env`` or a database of the learner's is never read, let alone written.
    """
    before = dict(os.environ)
    for name in SETTINGS:
        os.environ.pop(name, None)
    os.environ.update({"ENV_FILE": os.devnull, "DATABASE_URL": "sqlite://", **settings})
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


def path_of(endpoint: str) -> str:
    """The address of a view without arguments, wherever its blueprint is registered."""
    return next(current_app.url_map.iter_rules(endpoint)).rule


class Statements:
    """Remembers the SQL that an app runs, and can slip in before one of its statements."""

    def __init__(self, app: Flask) -> None:
        from app.extensions import db

        self.seen: list[str] = []
        self.intruder: tuple[str, str] | None = None
        app.extensions["statements"] = self
        event.listen(db.engine, "before_cursor_execute", self.remember)
        event.listen(db.engine, "commit", self.remember_commit)

    def remember(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if self.intruder is not None and statement.startswith(self.intruder[0]):
            sql, self.intruder = self.intruder[1], None
            connection.exec_driver_sql(sql)
        if not statement.startswith("BEGIN"):
            self.seen.append(statement)

    def remember_commit(self, _connection: Connection) -> None:
        self.seen.append("COMMIT")


def statements() -> list[str]:
    """What the current app ran since :func:`forget_statements`, commits included."""
    seen: list[str] = current_app.extensions["statements"].seen
    return list(seen)


def forget_statements() -> None:
    current_app.extensions["statements"].seen.clear()


def slip_in(before: str, sql: str) -> None:
    """Run ``sql`` right before the next statement that starts with ``before``.

    What another request would do at the worst moment, done at exactly that moment.
    """
    current_app.extensions["statements"].intruder = (before, sql)


@contextmanager
def told_to_postgresql() -> Iterator[list[str]]:
    """Fills the list with what is said to the database, as PostgreSQL would hear it.

    SQLite has no locks on rows, and is not asked for them.
    """
    from app.extensions import db

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    said: list[str] = []

    def remember(_connection: object, clause: Any, *_: object) -> None:
        if hasattr(clause, "compile"):
            said.append(str(clause.compile(dialect=dialect)))

    event.listen(db.engine, "before_execute", remember)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_execute", remember)


def table(name: str) -> Table:
    """A table as the database knows it, whatever the models look like."""
    from app.database import Base

    return Base.metadata.tables[name]


def insert(name: str, /, **values: Any) -> int:
    """Store one row; its id."""
    (identity,) = insert_all(name, [values])
    return identity


def insert_all(name: str, rows: list[dict[str, Any]]) -> list[int]:
    """Store rows, past SQLAlchemy and quickly: there are many, and none is under test."""
    from app.extensions import db

    columns = list(rows[0])
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names
    with closing(db.engine.raw_connection()) as connection:
        return [
            connection.cursor().execute(sql, [stored(row[column]) for column in columns]).lastrowid
            for row in rows
        ]


def stored(value: Any) -> Any:
    """As ``UTCDateTime`` stores it in SQLite."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def rows(name: str) -> list[dict[str, Any]]:
    """Every row that is stored, in the order of its first columns, ready to cross as JSON."""
    from app.extensions import db

    db.session.rollback()  # what nobody has committed is not stored
    dialect, columns = db.engine.dialect, table(name).columns.values()
    readers = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
    names = [each.name for each in columns]
    sql = f"SELECT {', '.join(names)} FROM {name} ORDER BY 1, 2"  # noqa: S608 - our names
    with closing(db.engine.raw_connection()) as connection:
        found = connection.cursor().execute(sql).fetchall()
    return [dict(zip(names, map(read_value, readers, row), strict=True)) for row in found]


def read_value(reader: Callable[[Any], Any] | None, value: Any) -> Any:
    """As SQLAlchemy reads it; a moment as text."""
    read = reader(value) if reader else value
    return read.isoformat() if isinstance(read, datetime) else read


def add_author(name: str | None = None, birth_year: int | None = None) -> int:
    return insert("authors", name=name or f"Author {word()}", birth_year=birth_year)


def add_book(
    title: str | None = None,
    isbn13: str | None = None,
    published_year: int | None = None,
    author_ids: list[int] | None = None,
) -> int:
    """A book, by one new author where none is given."""
    book = insert(
        "books",
        title=title or f"Book {word()}",
        isbn13=isbn13 or "979" + "".join(secrets.choice("0123456789") for _ in range(10)),
        published_year=published_year,
        version=1,
    )
    authors = [add_author()] if author_ids is None else author_ids
    for position, author in enumerate(authors):
        insert("authorships", book_id=book, author_id=author, position=position)
    return book


def add_copy(book_id: int | None = None) -> int:
    book = add_book() if book_id is None else book_id
    return insert("copies", book_id=book, barcode=word().upper(), condition="good")


def add_user(email: str | None = None, name: str | None = None, active: bool = True) -> int:
    return insert(
        "users",
        email=email or f"{word()}@example.org",
        name=name or f"Reader {word()}",
        role="member",
        active=active,
    )


def add_loan(
    copy_id: int | None = None,
    user_id: int | None = None,
    borrowed: float = 1,
    due: float = -20,
    returned: float | None = None,
) -> int:
    """A loan; the moments in days before now, so that ``due=-20`` is still to come."""
    now = datetime.now(UTC)
    return insert(
        "loans",
        copy_id=add_copy() if copy_id is None else copy_id,
        user_id=add_user() if user_id is None else user_id,
        borrowed_at=now - timedelta(days=borrowed),
        due_at=now - timedelta(days=due),
        returned_at=None if returned is None else now - timedelta(days=returned),
        renewals=0,
    )


def offer_loans() -> dict[str, str]:
    """What the database itself says to each kind of loan. None of them stays."""
    copy, user = add_copy(), add_user()
    kinds: dict[str, dict[str, float]] = {
        "a first open loan": {},
        "a returned loan of the same copy": {"returned": 0.5},
        "a second open loan": {},
        "a loan that was due before it was borrowed": {"due": 3, "returned": 0.5},
        "a loan that was due the moment it was borrowed": {"due": 1, "returned": 0.5},
    }
    said: dict[str, str] = {}
    stored: list[int] = []
    for what, values in kinds.items():
        try:
            stored.append(add_loan(copy, user, **values))
            said[what] = "accepted"
        except sqlite3.IntegrityError:
            said[what] = "refused"
    remove("loans", stored)
    return said


def remove(name: str, ids: list[int]) -> None:
    """Delete rows, past SQLAlchemy as :func:`insert_all` stores them."""
    from app.extensions import db

    with closing(db.engine.raw_connection()) as connection:
        for identity in ids:
            connection.cursor().execute(f"DELETE FROM {name} WHERE id = ?", [identity])  # noqa: S608


def word() -> str:
    return secrets.token_hex(5)


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
}


ISSUER, AUDIENCE = "library", "library-api"
EVERYTHING = "books:read books:write loans:read loans:write users:read users:write admin"


def identity(name: str) -> dict[str, str]:
    """The headers by which the app knows somebody: ``client``, or a role.

    ``client`` is a program of the house with every scope: no user, no row in a table that the
    earlier steps look at. A role is a person of that role, the same one all through a test.
    """
    if name == "client":
        return bearer(f"client:{house()}", EVERYTHING)
    return bearer(str(person(name)), EVERYTHING)


def bearer(subject: str, scope: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(sub=subject, scope=scope)}"}


def token(
    without: str = "", kid: str | None = None, secret: str | None = None, **claims: Any
) -> str:
    """An access token as the contract describes it, signed here, with whatever is different."""
    from app.auth.keys import signing_key

    key = signing_key()
    now = int(time.time())
    standard = {"sub": "1", "iat": now, "exp": now + 900, "jti": word(), "type": "access"}
    ours = {"iss": ISSUER, "aud": AUDIENCE, "scope": "", "sid": None}
    body = {
        name: value for name, value in {**standard, **ours, **claims}.items() if name != without
    }
    if "exp_in" in body:
        body["exp"] = now + body.pop("exp_in")
    signed_with = key.secret if secret is None else secret.encode()
    # Not PyJWT's own encode: it refuses to write what a careless issuer would.
    return sign({"alg": "HS256", "typ": "JWT", "kid": kid or key.kid}, body, signed_with)


def sign(header: dict[str, Any], body: dict[str, Any], secret: bytes) -> str:
    """A JSON Web Token, with the signature that ``header["alg"]`` asks for."""
    digests = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
    text = ".".join(base64url(json.dumps(part).encode()) for part in (header, body))
    digest = digests.get(header["alg"])
    signature = hmac.digest(secret, text.encode(), digest) if digest else b""
    return f"{text}.{base64url(signature)}"


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def house() -> str:
    """The id of the house's own OAuth client, which has every scope."""
    known = current_app.extensions.setdefault("world_people", {})
    if "house" not in known:
        known["house"] = add_client(scope=EVERYTHING)["client_id"]
    client_id: str = known["house"]
    return client_id


def person(role: str) -> int:
    """The id of the person with this role."""
    known = current_app.extensions.setdefault("world_people", {})
    if role not in known:
        known[role] = account(role)["id"]
    user_id: int = known[role]
    return user_id


def account(
    role: str = "member", password: str | None = None, active: bool = True
) -> dict[str, Any]:
    """A user who can sign in: ``id``, ``email`` and ``password``."""
    from app.auth.passwords import hash_password

    password = password or secrets.token_urlsafe(12)
    email = f"{word()}@example.org"
    user = insert(
        "users",
        email=email,
        name=f"Reader {word()}",
        role=role,
        active=active,
        password_hash=hash_password(password),
    )
    return {"id": user, "email": email, "password": password}


def add_client(
    scope: str,
    redirect_uris: str = "",
    grant_types: str = "client_credentials",
    public: bool = False,
) -> dict[str, Any]:
    """An OAuth client: ``client_id`` and ``client_secret``, ``None`` where it is public."""
    from app.extensions import db

    secret = None if public else secrets.token_urlsafe(24)
    row = {
        "client_id": word(),
        "name": f"Program {word()}",
        "secret_hash": secret and hashlib.sha256(secret.encode()).hexdigest(),
        "redirect_uris": redirect_uris,
        "grant_types": grant_types,
        "scope": scope,
    }
    db.session.execute(table("oauth_clients").insert().values(**row))
    db.session.commit()
    return {"client_id": row["client_id"], "client_secret": secret}


def set_config(**settings: Any) -> None:
    """Change settings of the app under test, as a restart with others would."""
    current_app.config.update(settings)


def open_to_all(app: Flask) -> None:
    """Let everybody use the probes: they are not what an exercise is about."""
    from app.auth.guards import public

    for endpoint, view in app.view_functions.items():
        if view.__module__ == __name__:
            app.view_functions[endpoint] = public(view)


class Listener(logging.Handler):
    """Keeps all that is logged anywhere at any level, with all that a record carries."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[dict[str, str]] = []
        self.formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        carried = f"{text} {self.format(record)} {vars(record)!r}"
        level = record.levelname
        self.records.append({"logger": record.name, "level": level, "text": text, "all": carried})

    def start(self) -> None:
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        root.addHandler(self)

    def stop(self) -> None:
        self.records.clear()
        root = logging.getLogger()
        root.setLevel(logging.WARNING)
        root.removeHandler(self)


LISTENER = Listener()
