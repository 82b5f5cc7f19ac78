"""Errors: what the database says becomes an answer."""

import pytest
from flask import Flask
from sqlalchemy.exc import DataError, DBAPIError, OperationalError, ProgrammingError


@pytest.mark.parametrize(
    ("kind", "status"), [(OperationalError, 503), (ProgrammingError, 503), (DataError, 400)]
)
def test_what_the_database_refuses_is_answered(
    app: Flask, kind: type[DBAPIError], status: int
) -> None:
    error = kind("SELECT 1", {}, Exception("no such table"))

    with app.test_request_context():
        answer = app.make_response(app.handle_user_exception(error))

    assert answer.status_code == status
    assert answer.get_json().keys() == {"code", "message", "details"}
    assert "no such table" not in answer.get_data(as_text=True)
