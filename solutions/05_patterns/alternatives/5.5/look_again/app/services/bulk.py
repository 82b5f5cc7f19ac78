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
    codes = {item["barcode"] for item in items if not isinstance(item, ApiError)}
    while True:
        locked(Book, book_id)
        missing = codes - there(codes).keys()
        try:
            add(book_id, items, missing)
            db.session.commit()
            break
        except IntegrityError:
            db.session.rollback()  # somebody was quicker: look again
    copies = there(codes)
    outcomes: list[Outcome] = []
    for item in items:
        outcome: Outcome = {"outcome": "refused", "copy": None, "error": None}
        outcomes.append(outcome)
        if isinstance(item, ApiError):
            outcome["error"] = item
        elif copies[item["barcode"]].book_id != book_id:
            outcome["error"] = Conflict("barcode_taken", f"{item['barcode']} is on another book")
        else:
            outcome["copy"] = copies[item["barcode"]]
            outcome["outcome"] = "created" if item["barcode"] in missing else "unchanged"
            missing.discard(item["barcode"])
    return outcomes


def there(codes: set[str]) -> dict[str, Copy]:
    found = db.session.scalars(select(Copy).where(Copy.barcode.in_(codes))).all()
    return {copy.barcode: copy for copy in found}


def add(book_id: int, items: list[dict[str, Any] | ApiError], missing: set[str]) -> None:
    new: dict[str, Copy] = {}
    for item in items:
        if not isinstance(item, ApiError) and item["barcode"] in missing:
            new.setdefault(item["barcode"], Copy(book_id=book_id, **item))
    db.session.add_all(new[code] for code in sorted(new))
