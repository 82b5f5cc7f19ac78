"""Loans: lend, renew, take back, list, and look back. One operation, one effect.

``POST /loans/{loan_id}/renewals`` renews: no body, 200 and the loan, whoever has
``loans:write``, and somebody else's loan is 404 to a member, as below. The document names its
``operationId``, ``renew``, and all codes of ``renewals.renew``. Lending and taking back stay as
they are. Nothing asks for an ``action``, and nothing does two things: an exchange is a return
and a loan. ``POST /loans/{loan_id}`` is 405.
"""

from typing import Any

from flask import Blueprint
from sqlalchemy import Select, select

from app.auth.errors import Forbidden
from app.auth.guards import limited_to, requires
from app.caching import cached
from app.errors import NotFound
from app.models import Loan
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.repeats import repeatable
from app.schemas.loan import HistoryQuery, HistorySchema, LoanSchema
from app.services import history, renewals
from app.services import loans as service

loans = Blueprint("loans", __name__)


@loans.get("")
@requires("loans:read")
@reads_page(sort=["id", "borrowed_at", "due_at", "returned_at"])
@cached(10, "loans", "copies", "books")
@page_of(LoanSchema())
def list_loans() -> Select[Loan]:
    """List loans.

    Members see their own, open and closed; everybody else sees all.
    """
    return visible_loans()


@loans.post("")
@requires("loans:write")
@accepts(LoanSchema())
@repeatable
@answers(
    LoanSchema(),
    201,
    location="loans.get_loan",
    errors={
        403: ["not_yours"],
        409: [
            "user_inactive",
            "loan_overdue",
            "loan_limit_reached",
            "copy_reserved",
            "copy_on_loan",
        ],
    },
)
def lend(values: dict[str, Any]) -> Loan:
    """Lend a copy to a user, for 21 days, or for 28 where long loans are being tried.

    Five at a time at most, and none while one is overdue. Members borrow for themselves. What is
    held for somebody is lent to nobody else.
    """
    if limited_to() not in {None, values["user_id"]}:
        raise Forbidden("not_yours", "nobody borrows in the name of somebody else")
    return service.lend(**values)


@loans.get("/<int:loan_id>")
@requires("loans:read")
@answers(LoanSchema())
def get_loan(loan_id: int) -> Loan:
    """Read a loan.

    A member who asks for somebody else's is told that there is none.
    """
    return visible_loan(loan_id)


@loans.post("/<int:loan_id>/return")
@requires("loans:write")
@repeatable
@answers(LoanSchema(), errors={409: ["already_returned"]})
def give_back(loan_id: int) -> Loan:
    """Take a copy back.

    Closes the loan now; the copy can be lent again.
    """
    return service.give_back(visible_loan(loan_id).id)


@loans.post("/<int:loan_id>/renewals")
@requires("loans:write")
@repeatable
@answers(
    LoanSchema(),
    errors={
        409: [
            "already_returned",
            "user_inactive",
            "loan_overdue",
            "renewal_limit_reached",
            "book_reserved",
        ],
    },
)
def renew(loan_id: int) -> Loan:
    """Keep a copy for 21 days more, counted from the day it is due.

    Twice at most, not once it is overdue, and not while somebody waits for the book.
    """
    return renewals.renew(visible_loan(loan_id).id)


@loans.get("/history")
@requires("loans:read", "users:read")
@accepts(HistoryQuery(), "query")
@answers(HistorySchema())
def read_history(query: dict[str, Any]) -> dict[str, Any]:
    """Read the history of all loans, in stretches that fit together.

    Begin without after, then send what the answer says is next, until it is null: every loan
    comes exactly once, whatever is lent meanwhile.
    """
    items, cursor = history.read_history(**query)
    return {"items": items, "next": cursor}


def visible_loans() -> Select[Loan]:
    """The loans that the caller may know of: a member's own, everybody's for the others."""
    owner = limited_to()
    query = select(Loan)
    return query if owner is None else query.where(Loan.user_id == owner)


def visible_loan(loan_id: int) -> Loan:
    """One of them. A loan of somebody else is answered like one that is not there."""
    loan = service.get_loan(loan_id)
    if limited_to() not in {None, loan.user_id}:
        raise NotFound(f"there is no loan {loan_id}")
    return loan
