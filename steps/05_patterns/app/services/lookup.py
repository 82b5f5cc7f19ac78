"""Finding one row by its id."""

from typing import TypeVar

from app.database import Base
from app.errors import NotFound, Unprocessable
from app.extensions import db

Row = TypeVar("Row", bound=Base)

MAX_ID = 2**31 - 1
"""What an INTEGER of PostgreSQL holds; a larger number is nobody's id."""


def find(model: type[Row], row_id: int) -> Row | None:
    """The row of ``model`` with this id, if there is one."""
    if not 1 <= row_id <= MAX_ID:
        return None
    return db.session.get(model, row_id)


def get(model: type[Row], row_id: int) -> Row:
    """The row that an address names; :class:`NotFound` where there is none."""
    row = find(model, row_id)
    if row is None:
        raise NotFound(f"there is no {model.__name__.lower()} {row_id}")
    return row


def known(model: type[Row], field: str, row_id: int) -> Row:
    """The row that ``field`` of a body names; :class:`Unprocessable` where there is none."""
    row = find(model, row_id)
    if row is None:
        raise Unprocessable(field, f"there is no {model.__name__.lower()} {row_id}")
    return row
