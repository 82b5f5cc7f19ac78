"""Two desks at once: what our desk's service says when the other one is faster.

Run in a step's folder, with TEST_DATABASE_URL naming an empty PostgreSQL database. Prints the
outcome of each race as JSON: "done", or the name of what was raised.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import event, select

sys.path.insert(0, str(Path.cwd()))

from app import create_app
from app.extensions import db
from app.models import Author, Book, Copy, Loan, User
from app.services import books, copies, loans

NOW = datetime.now(UTC)
ISBN = "9780312608880"


@contextmanager
def faster(moment: str, sql: str) -> Iterator[None]:
    """Have the other desk run ``sql`` right before our first statement that has ``moment`` in it.

    Where we hold a lock that it needs, it gives up.
    """
    told = [moment]

    def intrude(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not told or told[0] not in statement:
            return
        told.clear()
        with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as desk:
            desk.execute("SET lock_timeout = '200ms'")
            try:
                desk.execute(sql)
            except psycopg.errors.LockNotAvailable:
                told.append("nothing any more")

    event.listen(db.engine, "before_cursor_execute", intrude)
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", intrude)
    if told == [moment]:
        raise SystemExit(f"our desk never said {moment}")


def outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - judged by the test
        db.session.rollback()
        return type(error).__name__
    return "done"


def race(moment: str, sql: str, act: Callable[[], object]) -> str:
    with faster(moment, sql):
        return outcome(act)


def stock() -> dict[str, int]:
    """A book with an author and a copy, and two readers; nothing else is there."""
    for model in (Loan, Book, Author, User):
        for row in db.session.scalars(select(model)):
            db.session.delete(row)
        db.session.commit()
    author = Author(name="Tove Jansson", birth_year=1914)
    book = Book(title="Comet in Moominland", isbn13=ISBN, published_year=1946, authors=[author])
    copy = Copy(book=book, barcode="C-1")
    readers = [User(email=f"{name}@example.org", name=name) for name in ("ann", "ben")]
    db.session.add_all([book, copy, *readers])
    db.session.commit()
    return {
        "author": author.id,
        "book": book.id,
        "copy": copy.id,
        "ann": readers[0].id,
        "ben": readers[1].id,
        "version": book.version,
    }


def values(stocked: dict[str, int]) -> dict[str, Any]:
    return {
        "title": "Kometjakten",
        "isbn13": ISBN,
        "published_year": 1946,
        "author_ids": [stocked["author"]],
        "version": stocked["version"],
    }


def run() -> dict[str, str]:
    found = {}
    removals = {
        "removed before we lock it": ("FOR UPDATE", "{remove}"),
        "removed before we remove it": ("DELETE FROM books", "{remove}"),
        "replaced before we remove it": ("DELETE FROM books", "{replace}"),
    }
    for what, (moment, sql) in removals.items():
        ids = stock()
        found[f"a book is {what}"] = race(
            moment, said(sql, ids), lambda ids=ids: books.remove_book(ids["book"])
        )
    for what in ("removed", "replaced"):
        ids = stock()
        sql = said("{remove}" if what == "removed" else "{replace}", ids)
        found[f"a book is {what} before we replace it"] = race(
            "UPDATE books", sql, lambda ids=ids: books.replace_book(ids["book"], values(ids))
        )
    for what, moment in {
        "lock it for a copy": "FOR UPDATE",
        "add a copy": "INSERT INTO copies",
    }.items():
        ids = stock()
        added = {"barcode": "C-2", "condition": "good"}
        found[f"a book is removed before we {what}"] = race(
            moment, said("{remove}", ids), lambda ids=ids, a=added: copies.add_copy(ids["book"], a)
        )
    ids = stock()
    due = NOW + timedelta(days=1)
    lent = (
        "INSERT INTO loans (copy_id, user_id, borrowed_at, due_at, renewals) VALUES"  # noqa: S608
        f" ({ids['copy']}, {ids['ben']}, '{NOW.isoformat()}', '{due.isoformat()}', 0)"
    )
    found["a copy is lent before we lend it"] = race(
        "INSERT INTO loans", lent, lambda: loans.lend(ids["copy"], ids["ann"])
    )
    ids = stock()
    loan = loans.lend(ids["copy"], ids["ann"]).id
    db.session.expire_all()
    found["a copy comes back before we take it back"] = race(
        "FOR UPDATE",
        f"UPDATE loans SET returned_at = now() WHERE id = {loan}",  # noqa: S608
        lambda: loans.give_back(loan),
    )
    return found


def said(sql: str, ids: dict[str, int]) -> str:
    copies_and_book = "DELETE FROM copies WHERE book_id = {0}; DELETE FROM books WHERE id = {0}"
    return sql.format(
        remove=copies_and_book.format(ids["book"]),
        replace=f"UPDATE books SET version = version + 1 WHERE id = {ids['book']}",  # noqa: S608
    )


if __name__ == "__main__":
    with create_app("testing").app_context():
        from flask_migrate import upgrade

        upgrade()
        print(json.dumps(run()))
