"""Reservations: a queue for each book.

A reservation is ``waiting`` until a copy of its book comes back. Then it is ``ready`` for
``HOLD_PERIOD``, until ``ready_until``: a copy is held. It ends as ``fulfilled`` when its user has
borrowed the book, as ``cancelled``, or as ``expired`` when nobody came. The queue goes by ``id``.

Several desks are at the same queue. Whoever reads or changes the queue of a book, but for
``get_reservation`` and ``is_waited_for``, locks the book's row first (``FOR UPDATE``): what two of
them do at once is done one after the other, and the second sees what the first has done. Who locks
a user's row as well does so before; ``reserve`` does, as a new row locks its user in any case.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.errors import Conflict
from app.extensions import db
from app.models import Book, Copy, Loan, Reservation, User
from app.services.lookup import get, known, locked

HOLD_PERIOD = timedelta(days=7)


class Queue:
    """The queue of one book, which nobody else touches until the transaction ends."""

    def __init__(self, book_id: int) -> None:
        self.book = locked(Book, book_id)
        rows = db.session.scalars(
            select(Reservation)
            .where(Reservation.book_id == book_id)
            .where(Reservation.status.in_(["waiting", "ready"]))
            .order_by(Reservation.id)
            .execution_options(populate_existing=True)
        )
        self.places = list(rows)

    def with_status(self, status: str) -> list[Reservation]:
        return [place for place in self.places if place.status == status]

    def of(self, user_id: int) -> list[Reservation]:
        return [place for place in self.places if place.user_id == user_id]

    def has_a_copy_to_spare(self) -> bool:
        out = select(Loan.id).where(Loan.copy_id == Copy.id, Loan.returned_at.is_(None)).exists()
        copies = select(func.count(Copy.id)).where(Copy.book_id == self.book.id, ~out)
        return (db.session.scalar(copies) or 0) > len(self.with_status("ready"))

    def call_the_next(self) -> None:
        waiting = self.with_status("waiting")
        if waiting:
            waiting[0].status = "ready"
            waiting[0].ready_until = datetime.now(UTC) + HOLD_PERIOD


def get_reservation(reservation_id: int) -> Reservation:
    """The reservation with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Reservation, reservation_id)


def reserve(book_id: int, user_id: int) -> Reservation:
    """Put a user at the end of the queue for a book, and commit.

    Raises :class:`app.errors.Unprocessable` where ``book_id`` or ``user_id`` names nothing,
    and :class:`app.errors.Conflict`, with the first of these codes that applies:

    ``user_inactive``
        The user's card is blocked.
    ``already_reserved``
        This user has a reservation of this book that is ``waiting`` or ``ready``; also where
        both were asked for at the very same moment.
    ``book_available``
        More copies of the book are in than reservations of it are ``ready``: one can be borrowed
        right now.

    A refusal stores nothing.
    """
    known(Book, "book_id", book_id)
    known(User, "user_id", user_id)
    user = locked(User, user_id)
    queue = Queue(book_id)
    if not user.active:
        raise Conflict("user_inactive", "the card is blocked")
    if queue.of(user_id):
        raise Conflict("already_reserved", "one place in a queue is enough")
    if queue.has_a_copy_to_spare():
        raise Conflict("book_available", "no need to wait: borrow a copy")
    place = Reservation(book_id=book_id, user_id=user_id, status="waiting")
    place.created_at = datetime.now(UTC)
    db.session.add(place)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise Conflict("already_reserved", "one place in a queue is enough") from None
    return place


def cancel(reservation_id: int) -> Reservation:
    """Give up a place in the queue, and commit. A copy that was held goes to the next who waits.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``reservation_closed``, for one that is neither ``waiting`` nor ``ready``; also where it is
    cancelled, or ends in another way, at the very same moment.
    """
    place = get_reservation(reservation_id)
    queue = Queue(place.book_id)
    if place not in queue.places:
        raise Conflict("reservation_closed", "it has come to its end before")
    held, place.status = place.status == "ready", "cancelled"
    if held:
        queue.call_the_next()
    db.session.commit()
    return place


def claim(copy: Copy, user: User) -> None:
    """Before ``copy`` is lent to ``user``: see that it may be, and end what they waited for.

    The user's own reservation of the book, ``waiting`` or ``ready``, becomes ``fulfilled``. Raises
    :class:`app.errors.Conflict`, code ``copy_reserved``, for a user who has none that is
    ``ready``, if reservations are ``ready``, and as many as copies of the book are in, or more:
    they are held for others.

    Part of ``lend``, whose transaction it is: nothing is committed here.
    """
    queue = Queue(copy.book_id)
    ready = queue.with_status("ready")
    mine = queue.of(user.id)
    is_mine = any(place in ready for place in mine)
    if ready and not is_mine and not queue.has_a_copy_to_spare():
        raise Conflict("copy_reserved", "what is in is held for others")
    for place in mine:
        place.status = "fulfilled"


def copy_came_back(copy: Copy) -> None:
    """The one who has waited longest for the book is next: the reservation becomes ``ready``.

    Where nobody waits, nothing happens. Part of ``give_back``, whose transaction it is: nothing
    is committed here, and ``copy`` is in already.
    """
    Queue(copy.book_id).call_the_next()


def is_waited_for(book_id: int) -> bool:
    """Whether a reservation of the book is ``waiting``: then no copy of it is renewed."""
    waiting = select(func.count(Reservation.id)).filter_by(book_id=book_id, status="waiting")
    return bool(db.session.scalar(waiting))


def expire() -> int:
    """End what was held in vain, and commit: ``ready`` ones whose ``ready_until`` is not to come.

    They become ``expired``, and each copy goes to the next who waits. Returns how many expired.
    """
    now, expired = datetime.now(UTC), 0
    ready = select(Reservation.book_id).where(Reservation.status == "ready")
    for book_id in sorted(set(db.session.scalars(ready))):
        queue = Queue(book_id)
        for place in queue.with_status("ready"):
            if place.ready_until is not None and place.ready_until <= now:
                place.status = "expired"
                queue.call_the_next()
                expired += 1
        db.session.commit()
    return expired
