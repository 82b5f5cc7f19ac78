"""Errors: what the database says becomes an answer."""

import pytest
from flask import Flask
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, ProgrammingError


class Refused(Exception):
    """What a driver raises; PostgreSQL's with a code."""

    sqlstate: str | None = None


class NoTable(Refused):
    sqlstate = "42P01"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("SELECT 1", {}, Refused("no such table")), 503),
        (ProgrammingError("SELECT 1", {}, NoTable("no such table")), 503),
        (DataError("SELECT 1", {}, Refused("no such table")), 400),
    ],
)
def test_what_the_database_refuses_is_answered(app: Flask, error: DBAPIError, status: int) -> None:
    with app.test_request_context():
        answer = app.make_response(app.handle_user_exception(error))

    assert answer.status_code == status
    assert answer.get_json().keys() == {"code", "message", "details"}
    assert "no such table" not in answer.get_data(as_text=True)


def test_a_mistake_of_ours_is_no_trouble_of_the_database(app: Flask) -> None:
    error = ProgrammingError("SELECT 1", {}, Refused("type 'list' is not supported"))

    with app.test_request_context(), pytest.raises(ProgrammingError):
        app.handle_user_exception(error)
