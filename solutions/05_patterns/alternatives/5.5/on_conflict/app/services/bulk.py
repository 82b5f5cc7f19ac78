"""Many at once: each is answered, and none keeps the others out."""

from typing import Any, TypedDict

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite

from app.errors import ApiError, Conflict
from app.extensions import db
from app.models import Book, Copy
from app.services.lookup import locked


class Outcome(TypedDict):
    """What became of one item: see ``add_copies``."""

    outcome: str
    copy: Copy | None
    error: ApiError | None


def add_copies(book_id: int, items: list[dict[str, Any] | ApiError]) -> list[Outcome]:
    """Add copies of a book, and commit once. One outcome for each of ``items``, in their order.

    An item is what ``CopySchema`` loads, or the error that says why it could not be loaded.
    Its ``outcome`` is

    ``created``
        Added: ``copy`` is the new one.
    ``unchanged``
        This book has a copy with this barcode already, perhaps from further up the same list:
        ``copy`` is that one, as it was. So the whole request can be sent again.
    ``refused``
        ``error`` is the item itself, where it is one, or :class:`Conflict`, code
        ``barcode_taken``, where a copy of another book has the barcode.

    What is not named is ``None``. Also where another request adds one of the barcodes at the
    very same moment, everything else is stored and every item answered. New copies are written
    in the order of their barcodes: so no two requests wait for each other for ever. Raises
    :class:`app.errors.NotFound` without that book, also where it is being removed just now,
    and whatever the items.

    A hundred items take as many statements that read as two do, also when each ``copy`` is
    dumped afterwards; and no copy is loaded whose barcode nobody has named.
    """
    locked(Book, book_id)
    first: dict[str, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, ApiError):
            first.setdefault(item["barcode"], item)
    created = insert_what_is_new([{**first[code], "book_id": book_id} for code in sorted(first)])
    db.session.commit()
    known = {
        copy.barcode: copy
        for copy in db.session.scalars(select(Copy).where(Copy.barcode.in_(first)))
    }
    return [outcome_of(item, book_id, known, created) for item in items]


def insert_what_is_new(rows: list[dict[str, Any]]) -> set[str]:
    """The barcodes of those rows that the database took; the others it passes over."""
    if not rows:
        return set()
    statement: Insert = (
        postgresql.insert(Copy).values(rows).on_conflict_do_nothing()
        if db.session.get_bind().dialect.name == "postgresql"
        else sqlite.insert(Copy).values(rows).on_conflict_do_nothing()
    )
    return set(db.session.scalars(statement.returning(Copy.barcode)))


def outcome_of(
    item: dict[str, Any] | ApiError, book_id: int, known: dict[str, Copy], created: set[str]
) -> Outcome:
    if isinstance(item, ApiError):
        return Outcome(outcome="refused", copy=None, error=item)
    copy = known[item["barcode"]]
    if copy.book_id != book_id:
        taken = Conflict("barcode_taken", f"another book has a copy with {copy.barcode}")
        return Outcome(outcome="refused", copy=None, error=taken)
    if copy.barcode in created:
        created.remove(copy.barcode)
        return Outcome(outcome="created", copy=copy, error=None)
    return Outcome(outcome="unchanged", copy=copy, error=None)
