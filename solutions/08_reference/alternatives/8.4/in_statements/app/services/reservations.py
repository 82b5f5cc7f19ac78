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

from sqlalchemy import func, select, update

from app.errors import Conflict
from app.extensions import db
from app.models import Book, Copy, Reservation, User
from app.services.lookup import get, known
from app.services.transaction import commit_or_raise

HOLD_PERIOD = timedelta(days=7)


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
    card = select(User.active).where(User.id == user_id).with_for_update()
    active = db.session.scalar(card)
    lock(book_id)
    taken = Conflict("already_reserved", f"user {user_id} is in this queue")
    if not active:
        raise Conflict("user_inactive", f"the card of user {user_id} is blocked")
    if count(book_id, "waiting", user_id) or count(book_id, "ready", user_id):
        raise taken
    if copies_in(book_id) > count(book_id, "ready"):
        raise Conflict("book_available", "there is one on the shelf")
    reservation = Reservation(book_id=book_id, user_id=user_id, created_at=datetime.now(UTC))
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
    lock(reservation.book_id)
    for status in ("waiting", "ready"):
        this_one = Reservation.id == reservation_id, Reservation.status == status
        ended = update(Reservation).where(*this_one).values(status="cancelled")
        if db.session.scalar(ended.returning(Reservation.id)):
            if status == "ready":
                ready_the_first(reservation.book_id)
            db.session.commit()
            return reservation
    raise Conflict("reservation_closed", f"reservation {reservation_id} has ended before")


def claim(copy: Copy, user: User) -> None:
    """Before ``copy`` is lent to ``user``: see that it may be, and end what they waited for.

    The user's own reservation of the book, ``waiting`` or ``ready``, becomes ``fulfilled``. Raises
    :class:`app.errors.Conflict`, code ``copy_reserved``, for a user who has none that is
    ``ready``, if reservations are ``ready``, and as many as copies of the book are in, or more:
    they are held for others.

    Part of ``lend``, whose transaction it is: nothing is committed here.
    """
    lock(copy.book_id)
    held = count(copy.book_id, "ready")
    if held >= max(1, copies_in(copy.book_id)) and not count(copy.book_id, "ready", user.id):
        raise Conflict("copy_reserved", "somebody else is expected")
    own = Reservation.book_id == copy.book_id, Reservation.user_id == user.id
    is_open = Reservation.status.in_(("waiting", "ready"))
    db.session.execute(update(Reservation).where(*own, is_open).values(status="fulfilled"))


def copy_came_back(copy: Copy) -> None:
    """The one who has waited longest for the book is next: the reservation becomes ``ready``.

    Where nobody waits, nothing happens. Part of ``give_back``, whose transaction it is: nothing
    is committed here, and ``copy`` is in already.
    """
    lock(copy.book_id)
    ready_the_first(copy.book_id)


def is_waited_for(book_id: int) -> bool:
    """Whether a reservation of the book is ``waiting``: then no copy of it is renewed."""
    return count(book_id, "waiting") > 0


def expire() -> int:
    """End what was held in vain, and commit: ``ready`` ones whose ``ready_until`` is not to come.

    They become ``expired``, and each copy goes to the next who waits. Returns how many expired.
    """
    over = Reservation.status == "ready", Reservation.ready_until <= datetime.now(UTC)
    books = db.session.scalars(select(Reservation.book_id).where(*over)).all()
    db.session.execute(
        select(Book.id).where(Book.id.in_(books)).order_by(Book.id).with_for_update()
    )
    ended = update(Reservation).where(*over).values(status="expired")
    freed = db.session.scalars(ended.returning(Reservation.book_id)).all()
    for book_id in freed:
        ready_the_first(book_id)
    db.session.commit()
    return len(freed)


def lock(book_id: int) -> None:
    db.session.execute(select(Book.id).where(Book.id == book_id).with_for_update())


def count(book_id: int, status: str, user_id: int | None = None) -> int:
    query = select(func.count()).where(Reservation.book_id == book_id)
    query = query.where(Reservation.status == status)
    if user_id is not None:
        query = query.where(Reservation.user_id == user_id)
    return db.session.scalars(query).one()


def copies_in(book_id: int) -> int:
    return db.session.scalars(
        select(func.count()).where(Copy.book_id == book_id, ~Copy.on_loan)
    ).one()


def ready_the_first(book_id: int) -> None:
    waiting = Reservation.book_id == book_id, Reservation.status == "waiting"
    first = select(func.min(Reservation.id)).where(*waiting).scalar_subquery()
    until = datetime.now(UTC) + HOLD_PERIOD
    now_ready = update(Reservation).where(Reservation.id == first)
    db.session.execute(now_ready.values(status="ready", ready_until=until))
