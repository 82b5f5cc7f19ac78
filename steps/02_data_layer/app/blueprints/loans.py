"""Loans: lend, take back, list, and look back."""

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.models import Loan
from app.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE, paginated, read_number
from app.schemas.loan import LoanSchema
from app.services import history
from app.services import loans as service

loans = Blueprint("loans", __name__)


@loans.get("")
def list_loans() -> ResponseReturnValue:
    sort_keys = {"id", "borrowed_at", "due_at", "returned_at"}
    return paginated(select(Loan), LoanSchema(), sort_keys=sort_keys)


@loans.post("")
def lend() -> ResponseReturnValue:
    loan = service.lend(**LoanSchema().load(request.get_json()))
    location = url_for("loans.get_loan", loan_id=loan.id)
    return jsonify(LoanSchema().dump(loan)), 201, {"Location": location}


@loans.get("/<int:loan_id>")
def get_loan(loan_id: int) -> ResponseReturnValue:
    return jsonify(LoanSchema().dump(service.get_loan(loan_id)))


@loans.post("/<int:loan_id>/return")
def give_back(loan_id: int) -> ResponseReturnValue:
    return jsonify(LoanSchema().dump(service.give_back(loan_id)))


@loans.get("/history")
def read_history() -> ResponseReturnValue:
    per_page = read_number("per_page", default=DEFAULT_PER_PAGE, most=MAX_PER_PAGE)
    items, cursor = history.read_history(request.args.get("after"), per_page)
    return {"items": LoanSchema().dump(items, many=True), "next": cursor}
