"""The library's data, in memory: an extension that keeps tables for an app.

Step 2 puts a database in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
        self._rows: dict[int, Row] = {}
        self._last_id = 0

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row) -> Row:
        """Keep ``row`` under a new id; an id is never used twice."""
        self._last_id += 1
        row.id = self._last_id
        self._rows[row.id] = row
        return row

    def get(self, row_id: int) -> Row | None:
        return self._rows.get(row_id)

    def remove(self, row: Row) -> None:
        del self._rows[row.id]


@dataclass
class Tables:
    """Everything one library holds."""

    authors: Table[Author] = field(default_factory=Table)
    books: Table[Book] = field(default_factory=Table)
    users: Table[User] = field(default_factory=Table)


class Store:
    """A Flask extension: one object for the whole program, separate tables for each app.

    ``init_app(app)``
        Gives ``app`` empty tables of its own, in ``app.extensions["store"]``.
    ``authors``, ``books``, ``users``
        The tables of the app that is handling the current request or command.
        Outside an application context Flask's own ``RuntimeError`` says so.
    """

    def init_app(self, app: Flask) -> None:
        app.extensions["store"] = Tables()

    @property
    def tables(self) -> Tables:
        tables: Tables = current_app.extensions["store"]
        return tables

    @property
    def authors(self) -> Table[Author]:
        return self.tables.authors

    @property
    def books(self) -> Table[Book]:
        return self.tables.books

    @property
    def users(self) -> Table[User]:
        return self.tables.users
