"""Memory: what was worked out once need not be worked out again, while nothing has changed."""

import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from app.extensions import cache, db

PATIENCE_SECONDS = 5
GENERATION_SECONDS = 7 * 24 * 60 * 60
PAUSE_SECONDS = 0.02


def remember(key: str, seconds: int, tables: Sequence[str], make: Callable[[], Any]) -> Any:
    """What ``make()`` returned for this ``key`` before, if that still holds; else make it now.

    ``make`` returns what JSON can hold. ``None`` is not kept, nor what it raises, which is
    passed on. All of it lies in ``app.extensions.cache``, and nothing in this process.

    How long it holds
        For ``seconds``, 1 or more, at most, and for four fifths of them at least: each time
        another span, by chance, so that what was made together does not end together.
    Until what changes
        At the latest until a transaction that wrote to one of ``tables`` is committed: by a
        session of SQLAlchemy, as rows or with ``insert``, ``update`` or ``delete``, in any
        process that shares the cache. Whoever asks after that commit gets nothing older,
        also where ``make`` was at it when the commit came, also where somebody else has
        asked between the end of a savepoint and the commit. What was read from other tables
        alone holds on.
    Who makes it
        One caller at a time for each key, in all processes that share the cache. The others
        wait for what that one makes, hold no transaction of ``db.session`` meanwhile, and
        ``PATIENCE_SECONDS`` after they have asked make it themselves: who never comes back
        holds up nobody for longer, and nobody who asks later. If it fails, or makes ``None``,
        the next one makes it at once.
    Without Redis
        Where the cache does not answer (``RedisError``), ``make`` is called, a commit goes
        through, and the log gets a warning each time: slow is better than down.
    """
    try:
        found = look_up(key, tables)
        if found is None:
            with turn_of(key, tables):
                found = look_up(key, tables) or made(key, seconds, tables, make)
    except RedisError as error:
        current_app.logger.warning("no cache: %s", error)
        return make()
    return found[0]


def look_up(key: str, tables: Sequence[str]) -> list[Any] | None:
    """A list of the one value: it may be false. Its place is named after the generations."""
    found: list[Any] | None = cache.get(place_of(key, tables))
    return found


def made(key: str, seconds: int, tables: Sequence[str], make: Callable[[], Any]) -> list[Any]:
    place = place_of(key, tables)  # a commit that comes while it is made moves the place
    value = make()
    if value is not None:
        span = random.randint(seconds - seconds // 5, seconds)
        cache.set(place, [value], timeout=span)
    return [value]


def place_of(key: str, tables: Sequence[str]) -> str:
    return ":".join(["value", key, *(generation_of(table) for table in tables)])


def generation_of(table: str) -> str:
    name = f"generation:{table}"
    generation: str | None = cache.get(name)
    while generation is None:
        cache.add(name, uuid.uuid4().hex, timeout=GENERATION_SECONDS)
        generation = cache.get(name)
    return generation


@contextmanager
def turn_of(key: str, tables: Sequence[str]) -> Iterator[None]:
    """Within, nobody else makes it: or only those who have lost their patience."""
    name, since = f"turn:{key}", time.monotonic()
    mine = cache.add(name, True, timeout=PATIENCE_SECONDS)
    while not mine and time.monotonic() - since < PATIENCE_SECONDS:
        db.session.rollback()
        time.sleep(PAUSE_SECONDS)
        if look_up(key, tables) is not None:
            break
        mine = cache.add(name, True, timeout=PATIENCE_SECONDS)
    try:
        yield
    finally:
        if mine:
            cache.delete(name)


@event.listens_for(Session, "before_flush")
def see_rows(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for row in (*session.new, *session.dirty, *session.deleted):
        written(session).add(row.__table__.name)


@event.listens_for(Session, "do_orm_execute")
def see_statement(state: ORMExecuteState) -> None:
    if getattr(state.statement, "is_dml", False):
        written(state.session).add(state.statement.table.name)  # type: ignore[attr-defined]


@event.listens_for(Session, "after_commit")
def begin_generations(session: Session) -> None:
    if session.in_nested_transaction():
        return  # the end of a savepoint: nobody else sees anything yet
    tables = session.info.pop("written", ())
    forget(set(tables))


@event.listens_for(Session, "after_rollback")
def nothing_was_written(session: Session) -> None:
    session.info.pop("written", None)


def forget(tables: set[str]) -> None:
    """From now on nothing is remembered that was read from ``tables``."""
    for table in tables:
        try:
            cache.set(f"generation:{table}", uuid.uuid4().hex, timeout=GENERATION_SECONDS)
        except RedisError as error:
            current_app.logger.warning("no cache: %s", error)


def written(session: Session) -> set[str]:
    tables: set[str] = session.info.setdefault("written", set())
    return tables
