"""Reservations: a queue for each book.

A reservation is ``waiting`` until a copy of its book comes back. Then it is ``ready`` for
``HOLD_PERIOD``, until ``ready_until``: a copy is held. It ends as ``fulfilled`` when its user has
borrowed the book, as ``cancelled``, or as ``expired`` when nobody came. The queue goes by ``id``.

Several desks are at the same queue. Whoever reads or changes the queue of a book, but for
``get_reservation`` and ``is_waited_for``, locks the book's row first (``FOR UPDATE``): what two of
them do at once is done one after the other, and the second sees what the first has done. Who locks
a user's row as well does so before; ``reserve`` does, as a new row locks its user in any case.
"""

from datetime import timedelta

from app.auth.errors import NotBuiltYet
from app.models import Copy, Reservation, User
from app.services.lookup import get

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
    raise NotBuiltYet("8.4")  # exercise 8.4 starts here


def cancel(reservation_id: int) -> Reservation:
    """Give up a place in the queue, and commit. A copy that was held goes to the next who waits.

    Raises :class:`app.errors.NotFound`, and :class:`app.errors.Conflict`, code
    ``reservation_closed``, for one that is neither ``waiting`` nor ``ready``; also where it is
    cancelled, or ends in another way, at the very same moment.
    """
    raise NotBuiltYet("8.4")


def claim(copy: Copy, user: User) -> None:
    """Before ``copy`` is lent to ``user``: see that it may be, and end what they waited for.

    The user's own reservation of the book, ``waiting`` or ``ready``, becomes ``fulfilled``. Raises
    :class:`app.errors.Conflict`, code ``copy_reserved``, for a user who has none that is
    ``ready``, if reservations are ``ready``, and as many as copies of the book are in, or more:
    they are held for others.

    Part of ``lend``, whose transaction it is: nothing is committed here.
    """


def copy_came_back(copy: Copy) -> None:
    """The one who has waited longest for the book is next: the reservation becomes ``ready``.

    Where nobody waits, nothing happens. Part of ``give_back``, whose transaction it is: nothing
    is committed here, and ``copy`` is in already.
    """


def is_waited_for(book_id: int) -> bool:
    """Whether a reservation of the book is ``waiting``: then no copy of it is renewed."""
    return False


def expire() -> int:
    """End what was held in vain, and commit: ``ready`` ones whose ``ready_until`` is not to come.

    They become ``expired``, and each copy goes to the next who waits. Returns how many expired.
    """
    raise NotBuiltYet("8.4")
