"""Loans: lend, take back, list, and look back."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select

from app.auth.errors import Forbidden
from app.auth.guards import limited_to, requires
from app.errors import NotFound
from app.models import Loan
from app.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE, paginated, read_number
from app.schemas.loan import LoanSchema
from app.services import history
from app.services import loans as service

loans = Blueprint("loans", __name__)


@loans.get("")
@requires("loans:read")
def list_loans() -> ResponseReturnValue:
    sort_keys = {"id", "borrowed_at", "due_at", "returned_at"}
    return paginated(visible_loans(), LoanSchema(), sort_keys=sort_keys)


@loans.post("")
@requires("loans:write")
def lend() -> ResponseReturnValue:
    values = LoanSchema().load(request.get_json())
    if limited_to() not in {None, values["user_id"]}:
        raise Forbidden("not_yours", "nobody borrows in the name of somebody else")
    loan = service.lend(**values)
    location = url_for("loans.get_loan", loan_id=loan.id)
    return jsonify(LoanSchema().dump(loan)), 201, {"Location": location}


@loans.get("/<int:loan_id>")
@requires("loans:read")
def get_loan(loan_id: int) -> ResponseReturnValue:
    return jsonify(LoanSchema().dump(visible_loan(loan_id)))


@loans.post("/<int:loan_id>/return")
@requires("loans:write")
def give_back(loan_id: int) -> ResponseReturnValue:
    return jsonify(LoanSchema().dump(service.give_back(visible_loan(loan_id).id)))


@loans.get("/history")
@requires("loans:read", "users:read")
def read_history() -> ResponseReturnValue:
    per_page = read_number("per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE)
    items, cursor = history.read_history(request.args.get("after"), per_page)
    return {"items": LoanSchema().dump(items, many=True), "next": cursor}


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
