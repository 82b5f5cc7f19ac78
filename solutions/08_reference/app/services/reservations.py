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

from sqlalchemy import ColumnElement, func, select

from app.errors import Conflict
from app.extensions import db
from app.models import Book, Copy, Reservation, User
from app.services.lookup import get, known
from app.services.transaction import commit_or_raise

HOLD_PERIOD = timedelta(days=7)
OPEN = ("waiting", "ready")


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
    book = known(Book, "book_id", book_id)
    user = known(User, "user_id", user_id)
    taken = Conflict("already_reserved", f"user {user_id} is in the queue for book {book_id}")
    # Before the book: the new row's foreign key locks the user, too, as ``lend`` does first of all.
    db.session.refresh(user, with_for_update=True)
    lock_queue(book_id)
    if not user.active:
        raise Conflict("user_inactive", f"the card of user {user_id} is blocked")
    if reservations_of(book_id, Reservation.user_id == user_id, *OPEN):
        raise taken
    if copies_in(book_id) > len(reservations_of(book_id, None, "ready")):
        raise Conflict("book_available", f"a copy of book {book_id} is in: borrow it")
    reservation = Reservation(book=book, user_id=user_id, created_at=datetime.now(UTC))
    db.session.add(reservation)
    commit_or_raise(taken)
    return reservation


def cancel(reservation_id: int) -> Reservation:
    """Give up a place in the queue, and commit. A copy that was held goes to the next who waits.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``reservation_closed``, for one that is neither ``waiting`` nor ``ready``; also where it is
    cancelled, or ends in another way, at the very same moment.
    """
    reservation = get_reservation(reservation_id)
    lock_queue(reservation.book_id)
    db.session.refresh(reservation)
    if reservation.status not in OPEN:
        text = f"reservation {reservation_id} is {reservation.status}"
        raise Conflict("reservation_closed", text)
    was_ready = reservation.status == "ready"
    reservation.status = "cancelled"
    if was_ready:
        ready_next(reservation.book_id)
    db.session.commit()
    return reservation


def claim(copy: Copy, user: User) -> None:
    """Before ``copy`` is lent to ``user``: see that it may be, and end what they waited for.

    The user's own reservation of the book, ``waiting`` or ``ready``, becomes ``fulfilled``. Raises
    :class:`app.errors.Conflict`, code ``copy_reserved``, for a user who has none that is
    ``ready``, if reservations are ``ready``, and as many as copies of the book are in, or more:
    they are held for others.

    Part of ``lend``, whose transaction it is: nothing is committed here.
    """
    lock_queue(copy.book_id)
    queue = reservations_of(copy.book_id, None, *OPEN)
    own = [reservation for reservation in queue if reservation.user_id == user.id]
    held = sum(reservation.status == "ready" for reservation in queue)
    is_ready = any(reservation.status == "ready" for reservation in own)
    if held and not is_ready and copies_in(copy.book_id) <= held:
        raise Conflict("copy_reserved", f"book {copy.book_id} is held for somebody else")
    for reservation in own:
        reservation.status = "fulfilled"


def copy_came_back(copy: Copy) -> None:
    """The one who has waited longest for the book is next: the reservation becomes ``ready``.

    Where nobody waits, nothing happens. Part of ``give_back``, whose transaction it is: nothing
    is committed here, and ``copy`` is in already.
    """
    lock_queue(copy.book_id)
    ready_next(copy.book_id)


def is_waited_for(book_id: int) -> bool:
    """Whether a reservation of the book is ``waiting``: then no copy of it is renewed."""
    waiting = select(Reservation.id).where(
        Reservation.book_id == book_id, Reservation.status == "waiting"
    )
    return db.session.scalar(select(waiting.exists())) is True


def expire() -> int:
    """End what was held in vain, and commit: ``ready`` ones whose ``ready_until`` is not to come.

    They become ``expired``, and each copy goes to the next who waits. Returns how many expired.
    """
    is_over = Reservation.ready_until <= datetime.now(UTC)
    books = select(Reservation.book_id).where(Reservation.status == "ready", is_over).distinct()
    expired = 0
    # In the order of their ids: no two who do this wait for each other.
    for book_id in db.session.scalars(books.order_by(Reservation.book_id)).all():
        lock_queue(book_id)
        for reservation in reservations_of(book_id, is_over, "ready"):
            reservation.status = "expired"
            ready_next(book_id)
            expired += 1
    db.session.commit()
    return expired


def lock_queue(book_id: int) -> None:
    db.session.execute(select(Book.id).where(Book.id == book_id).with_for_update())


def reservations_of(
    book_id: int, condition: ColumnElement[bool] | None, *statuses: str
) -> list[Reservation]:
    """The queue of a book, the first one first, as the database has it now."""
    query = select(Reservation).where(
        Reservation.book_id == book_id, Reservation.status.in_(statuses)
    )
    if condition is not None:
        query = query.where(condition)
    fresh = query.order_by(Reservation.id).execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def copies_in(book_id: int) -> int:
    query = select(func.count()).where(Copy.book_id == book_id, Copy.on_loan.is_(False))
    return db.session.scalars(query).one()


def ready_next(book_id: int) -> None:
    for reservation in reservations_of(book_id, None, "waiting")[:1]:
        reservation.status = "ready"
        reservation.ready_until = datetime.now(UTC) + HOLD_PERIOD
