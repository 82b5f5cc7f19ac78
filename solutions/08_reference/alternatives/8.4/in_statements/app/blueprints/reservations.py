"""Reservations: queue up for a book, see where one stands, give up.

``GET /reservations``
    A page of them, sorted by ``id``, ``created_at`` and ``ready_until``. A page takes three
    statements at most, however long it is. It is kept for each caller, for 10 seconds at most,
    and until ``reservations`` or ``books`` change.
``POST /reservations``
    Adds one: 201, and its address in ``Location``.
``GET /reservations/{reservation_id}``
    Reads one.
``POST /reservations/{reservation_id}/cancel``
    Gives it up: no body, 200 and the reservation.

Reading needs ``loans:read``, the rest ``loans:write``. Members see and cancel their own; somebody
else's is 404 to them, in the words for one that is not there. They reserve for themselves alone:
403, code ``not_yours``. Everybody else sees all, and acts for all.

All but the list answer one reservation. The operations keep the names that they have here, and the
document names every code of ``app/services/reservations.py``.
"""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, lazyload

from app.auth.errors import Forbidden
from app.auth.guards import limited_to, requires
from app.caching import cached
from app.errors import NotFound
from app.models import Book, Reservation
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.schemas.reservation import ReservationSchema
from app.services import reservations as service

reservations = Blueprint("reservations", __name__)

ITS_TITLE = joinedload(Reservation.book).options(lazyload(Book.authorships))
"""The book as the schema shows it, in the statement of the page itself."""


@reservations.get("")
@requires("loans:read")
@reads_page(sort=["id", "created_at", "ready_until"])
@cached(10, "reservations", "books")
@page_of(ReservationSchema())
def list_reservations() -> Select[Reservation]:
    """List reservations.

    Members see their own, whatever became of them; everybody else sees all.
    """
    owner = limited_to()
    query = select(Reservation).options(ITS_TITLE)
    return query if owner is None else query.where(Reservation.user_id == owner)


@reservations.post("")
@requires("loans:write")
@accepts(ReservationSchema())
@answers(
    ReservationSchema(),
    201,
    location="reservations.get_reservation",
    errors={
        403: ["not_yours"],
        409: ["user_inactive", "already_reserved", "book_available"],
    },
)
def reserve(values: dict[str, Any]) -> Reservation:
    """Queue up for a book of which no copy can be borrowed just now.

    The next copy that comes back is held for whoever has waited longest, for 7 days. Members
    reserve for themselves.
    """
    if limited_to() not in {None, values["user_id"]}:
        raise Forbidden("not_yours", "nobody reserves in the name of somebody else")
    return service.reserve(**values)


@reservations.get("/<int:reservation_id>")
@requires("loans:read")
@answers(ReservationSchema())
def get_reservation(reservation_id: int) -> Reservation:
    """Read a reservation.

    A member who asks for somebody else's is told that there is none.
    """
    return visible(reservation_id)


@reservations.post("/<int:reservation_id>/cancel")
@requires("loans:write")
@answers(ReservationSchema(), errors={409: ["reservation_closed"]})
def cancel(reservation_id: int) -> Reservation:
    """Give up a place in the queue.

    A copy that was held goes to the next who waits.
    """
    return service.cancel(visible(reservation_id).id)


def visible(reservation_id: int) -> Reservation:
    """A reservation that the caller may know of; another one is answered as if it were not."""
    reservation = service.get_reservation(reservation_id)
    if limited_to() not in {None, reservation.user_id}:
        raise NotFound(f"there is no reservation {reservation_id}")
    return reservation
