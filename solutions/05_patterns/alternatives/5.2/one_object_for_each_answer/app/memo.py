"""Memory: what was worked out once need not be worked out again, while nothing has changed."""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, UOWTransaction

from app.extensions import cache, db

PATIENCE_SECONDS = 5
log = logging.getLogger(__name__)


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
    return Memory(key, tuple(sorted(tables))).recall(seconds, make)


@dataclass(frozen=True)
class Memory:
    """What is known under one key: its value, and the stamps of the tables it was read from."""

    key: str
    tables: tuple[str, ...]

    def recall(self, seconds: int, make: Callable[[], Any]) -> Any:
        try:
            stamps = self.stamps()
            kept = self.kept(stamps)
            if kept:
                return kept["value"]
            mine = self.wait_for_my_turn()
        except RedisError:
            log.warning("nobody remembers %s: the cache is down", self.key)
            return make()
        try:
            return self.made(seconds, make)
        finally:
            if mine:
                self.let_the_next_one()

    def made(self, seconds: int, make: Callable[[], Any]) -> Any:
        try:
            stamps = self.stamps()
            kept = self.kept(stamps)
        except RedisError:
            return make()
        if kept:
            return kept["value"]
        value = make()
        if value is not None:
            span = round(seconds * (1 - secrets.randbelow(1000) / 5001))
            try:
                cache.set(f"kept {self.key}", {"value": value, "stamps": stamps}, timeout=span)
            except RedisError:
                log.warning("%s was made for nothing: the cache is down", self.key)
        return value

    def kept(self, stamps: dict[str, str]) -> dict[str, Any] | None:
        kept: dict[str, Any] | None = cache.get(f"kept {self.key}")
        return kept if kept is not None and kept["stamps"] == stamps else None

    def stamps(self) -> dict[str, str]:
        found: dict[str, Any] = cache.get_dict(*(f"stamp {table}" for table in self.tables))
        for name, stamp in found.items():
            if stamp is None:
                cache.add(name, secrets.token_hex(6), timeout=0)
                found[name] = cache.get(name)
        return found

    def wait_for_my_turn(self) -> bool:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            if cache.add(f"turn {self.key}", "taken", timeout=PATIENCE_SECONDS):
                return True
            db.session.rollback()
            time.sleep(0.01)
        return False

    def let_the_next_one(self) -> None:
        try:
            cache.delete(f"turn {self.key}")
        except RedisError:
            log.warning("the turn of %s ends by itself: the cache is down", self.key)


@event.listens_for(Session, "after_flush")
def note(session: Session, context: UOWTransaction) -> None:
    for state in (session.new, session.dirty, session.deleted):
        for row in state:
            note_table(session, inspect(row).mapper.local_table.name)


@event.listens_for(Session, "do_orm_execute")
def note_execution(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        note_table(state.session, state.statement.table.name)  # type: ignore[attr-defined]


def note_table(session: Session, table: str) -> None:
    session.info[f"wrote {table}"] = table


@event.listens_for(Session, "after_transaction_end")
def stamp_anew(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        names = [name for name in session.info if name.startswith("wrote ")]
        forget({session.info.pop(name) for name in names})


def forget(tables: set[str]) -> None:
    """From now on nothing is remembered that was read from ``tables``."""
    for table in tables:
        try:
            cache.set(f"stamp {table}", secrets.token_hex(6), timeout=0)
        except RedisError:
            log.warning("a change of %s is not told: the cache is down", table)
