"""Finding one row by its id."""

from typing import TypeVar

from app.database import Base
from app.errors import NotFound, Unprocessable
from app.extensions import db

Row = TypeVar("Row", bound=Base)

MAX_ID = 2**31 - 1
"""What an INTEGER of PostgreSQL holds; a larger number is nobody's id."""


def find(model: type[Row], row_id: int, lock: bool = False) -> Row | None:
    """The row of ``model`` with this id, if there is one; see :func:`locked`."""
    if not 1 <= row_id <= MAX_ID:
        return None
    return db.session.get(model, row_id, with_for_update=lock)


def get(model: type[Row], row_id: int) -> Row:
    """The row that an address names; :class:`NotFound` where there is none."""
    return _found(model, row_id, find(model, row_id))


def locked(model: type[Row], row_id: int) -> Row:
    """As :func:`get`; until the transaction ends, nobody else changes or removes the row.

    Whoever is doing so already is waited for: this is the row as they left it.
    """
    return _found(model, row_id, find(model, row_id, lock=True))


def known(model: type[Row], field: str, row_id: int) -> Row:
    """The row that ``field`` of a body names; :class:`Unprocessable` where there is none."""
    row = find(model, row_id)
    if row is None:
        raise Unprocessable(field, f"there is no {model.__name__.lower()} {row_id}")
    return row


def _found(model: type[Row], row_id: int, row: Row | None) -> Row:
    if row is None:
        raise NotFound(f"there is no {model.__name__.lower()} {row_id}")
    return row
