"""Memory: what was worked out once need not be worked out again, while nothing has changed."""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from flask import current_app, has_app_context
from redis.exceptions import RedisError
from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from app.extensions import cache, db

PATIENCE_SECONDS = 5
POLL_SECONDS = 0.01
FOR_EVER = 0
CHANGED = "changed_tables"


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
        return kept_or_made(key, seconds, tables, make)
    except RedisError as error:
        current_app.logger.warning("the cache does not answer: %s", error)
        return make()


def kept_or_made(key: str, seconds: int, tables: Sequence[str], make: Callable[[], Any]) -> Any:
    lock, names = f"lock:{key}", [version_of(table) for table in tables]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        entry, *versions = cache.get_many(key, *names)
        if entry is not None and entry["versions"] == versions:
            return entry["value"]
        if cache.add(lock, 1, timeout=PATIENCE_SECONDS):
            break
        if time.monotonic() > deadline:
            return make()
        db.session.rollback()  # whoever is waited for may need the lock that we hold
        time.sleep(POLL_SECONDS)
    try:
        for name in names:
            cache.add(name, secrets.token_hex(8), timeout=FOR_EVER)
        # Once more: it may have been made since we looked. And the versions are those from
        # before the reading: what is committed meanwhile has another.
        entry, *versions = cache.get_many(key, *names)
        if entry is not None and entry["versions"] == versions:
            return entry["value"]
        value = make()
        if value is not None:
            span = seconds - secrets.randbelow(seconds // 5 + 1)
            cache.set(key, {"versions": versions, "value": value}, timeout=span)
        return value
    finally:
        cache.delete(lock)


def version_of(table: str) -> str:
    return f"version:{table}"


@event.listens_for(Session, "after_flush")
def note_rows(session: Session, context: UOWTransaction) -> None:
    rows = [*session.new, *session.dirty, *session.deleted]
    changed(session).update(inspect(row).mapper.local_table.name for row in rows)


@event.listens_for(Session, "do_orm_execute")
def note_statement(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        changed(state.session).add(state.statement.table.name)  # type: ignore[attr-defined]


@event.listens_for(Session, "after_transaction_end")
def forget_changed(session: Session, transaction: SessionTransaction) -> None:
    """The end of the outermost transaction, not of a savepoint: now others see the rows."""
    if transaction.parent is None and has_app_context():
        tables = session.info.pop(CHANGED, set())
        if tables:
            forget(tables)


def changed(session: Session) -> set[str]:
    tables: set[str] = session.info.setdefault(CHANGED, set())
    return tables


def forget(tables: set[str]) -> None:
    """From now on nothing is remembered that was read from ``tables``."""
    try:
        cache.set_many(
            {version_of(table): secrets.token_hex(8) for table in tables}, timeout=FOR_EVER
        )
    except RedisError as error:
        current_app.logger.warning("the cache does not answer: %s", error)
