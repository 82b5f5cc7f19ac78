"""The library's data, in memory: an extension that keeps tables for an app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

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
    """Rows in the order they were added; a removed row leaves a hole, so that ids stay."""

    def __init__(self) -> None:
        self.places: list[Row | None] = []

    def __iter__(self) -> Iterator[Row]:
        return iter([row for row in self.places if row is not None])

    def __len__(self) -> int:
        return sum(row is not None for row in self.places)

    def add(self, row: Row) -> Row:
        """Keep ``row`` under a new id; an id is never used twice."""
        self.places.append(row)
        row.id = len(self.places)
        return row

    def get(self, row_id: int) -> Row | None:
        return self.places[row_id - 1] if 0 < row_id <= len(self.places) else None

    def remove(self, row: Row) -> None:
        self.places[row.id - 1] = None


class OfThisApp(Generic[Row]):
    """A descriptor: the table of this name that belongs to the current app."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, store: None, owner: type) -> OfThisApp[Row]: ...

    @overload
    def __get__(self, store: Store, owner: type) -> Table[Row]: ...

    def __get__(self, store: Store | None, owner: type) -> OfThisApp[Row] | Table[Row]:
        if store is None:
            return self
        table: Table[Row] = current_app.extensions["store"][self.name]
        return table


class Store:
    """A Flask extension: one object for the whole program, separate tables for each app."""

    authors = OfThisApp[Author]()
    books = OfThisApp[Book]()
    users = OfThisApp[User]()

    def init_app(self, app: Flask) -> None:
        tables: dict[str, Any] = {"authors": Table(), "books": Table(), "users": Table()}
        app.extensions["store"] = tables
