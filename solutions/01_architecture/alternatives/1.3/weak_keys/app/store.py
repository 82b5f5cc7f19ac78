"""The library's data, in memory: an extension that keeps tables for an app."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from flask import Flask, current_app


@dataclass
class Author:
    """Somebody who writes books."""

    name: str
    birth_year: int | None = None
    id: int = 0


@dataclass
class Book:
    """A title, not a copy on a shelf. The order of ``authors`` is the order on the cover."""

    title: str
    isbn13: str
    published_year: int | None
    authors: list[Author]
    id: int = 0


@dataclass
class User:
    """Somebody who holds a library card."""

    email: str
    name: str
    role: str = "member"
    id: int = 0


Row = TypeVar("Row", Author, Book, User)


class Table(Generic[Row]):
    """Rows by id. Iterating yields them in the order they were added."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._ids = count(1)

    def __iter__(self) -> Iterator[Row]:
        return iter(tuple(self._rows))

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> Row:
        """Keep ``row`` under a new id; an id is never used twice."""
        row.id = next(self._ids)
        self._rows.append(row)
        return row

    def get(self, row_id: int) -> Row | None:
        return next((row for row in self._rows if row.id == row_id), None)

    def remove(self, row: Row) -> None:
        self._rows.remove(row)


class Store:
    """A Flask extension: one object for the whole program, separate tables for each app."""

    def __init__(self) -> None:
        self._authors: WeakKeyDictionary[Flask, Table[Author]] = WeakKeyDictionary()
        self._books: WeakKeyDictionary[Flask, Table[Book]] = WeakKeyDictionary()
        self._users: WeakKeyDictionary[Flask, Table[User]] = WeakKeyDictionary()

    def init_app(self, app: Flask) -> None:
        app.extensions["store"] = self
        self._authors[app] = Table()
        self._books[app] = Table()
        self._users[app] = Table()

    @property
    def authors(self) -> Table[Author]:
        return self._authors[this_app()]

    @property
    def books(self) -> Table[Book]:
        return self._books[this_app()]

    @property
    def users(self) -> Table[User]:
        return self._users[this_app()]


def this_app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
