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

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.auth.errors import NotBuiltYet
from app.auth.guards import requires
from app.openapi.contracts import unlisted

reservations = Blueprint("reservations", __name__)


@reservations.get("")
@requires()
@unlisted("not built yet")
def list_reservations() -> ResponseReturnValue:
    """List reservations."""
    raise NotBuiltYet("8.4")  # exercise 8.4 starts here


@reservations.post("")
@requires()
@unlisted("not built yet")
def reserve() -> ResponseReturnValue:
    """Queue up for a book."""
    raise NotBuiltYet("8.4")


@reservations.get("/<int:reservation_id>")
@requires()
@unlisted("not built yet")
def get_reservation(reservation_id: int) -> ResponseReturnValue:
    """Read a reservation."""
    raise NotBuiltYet("8.4")


@reservations.post("/<int:reservation_id>/cancel")
@requires()
@unlisted("not built yet")
def cancel(reservation_id: int) -> ResponseReturnValue:
    """Give up a place in the queue."""
    raise NotBuiltYet("8.4")
