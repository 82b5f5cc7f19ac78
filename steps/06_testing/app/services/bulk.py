"""Many at once: each is answered, and none keeps the others out."""

from typing import Any, TypedDict

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

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
    wanted = [item for item in items if not isinstance(item, ApiError)]
    there = copies_with({item["barcode"] for item in wanted})
    new: set[str] = set()
    # In the order of the barcodes: no two requests wait for each other.
    for values in sorted(wanted, key=lambda values: str(values["barcode"])):
        barcode = values["barcode"]
        if barcode not in there and barcode not in new and added(book_id, values):
            new.add(barcode)
    db.session.commit()
    there = copies_with({item["barcode"] for item in wanted})
    outcomes = []
    for item in items:
        if isinstance(item, ApiError):
            outcomes.append(refused(item))
            continue
        copy = there[item["barcode"]]
        if copy.book_id != book_id:
            text = f"a copy has the barcode {copy.barcode} already"
            outcomes.append(refused(Conflict("barcode_taken", text)))
        else:
            outcome = "created" if copy.barcode in new else "unchanged"
            new.discard(copy.barcode)  # further down the list it was there before
            outcomes.append({"outcome": outcome, "copy": copy, "error": None})
    return outcomes


def refused(error: ApiError) -> Outcome:
    return {"outcome": "refused", "copy": None, "error": error}


def copies_with(barcodes: set[str]) -> dict[str, Copy]:
    found = db.session.scalars(select(Copy).where(Copy.barcode.in_(barcodes)))
    return {copy.barcode: copy for copy in found}


def added(book_id: int, values: dict[str, Any]) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(Copy(book_id=book_id, **values))
    except IntegrityError:
        return False  # another request was quicker
    return True
