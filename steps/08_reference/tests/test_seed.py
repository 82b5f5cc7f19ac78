"""``flask seed``: a believable library, and only where there is none."""

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from app.database import Base
from app.extensions import db
from app.models import Book, Loan
from app.services.loans import MAX_OPEN_LOANS


@pytest.fixture(autouse=True)
def made_up_people_are_welcome(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SAMPLE_DATA", True)


def seed(app: Flask, *options: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["seed", *options])
    return result.exit_code, result.output


def empty(app: Flask) -> None:
    with app.app_context():
        there = inspect(db.session.connection()).get_table_names()
        for table in reversed(Base.metadata.sorted_tables):
            if table.name in there:
                db.session.execute(table.delete())
        db.session.commit()


def titles(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Book.title).order_by(Book.id)))


def test_it_adds_as_many_books_as_asked(app: Flask) -> None:
    code, said = seed(app, "--books", "7")

    assert code == 0, said
    assert len(titles(app)) == 7
    assert "Added" in said


def test_the_same_number_gives_the_same_library(app: Flask) -> None:
    libraries = []
    for number in ("11", "11", "12"):
        empty(app)
        seed(app, "--books", "9", "--seed", number)
        libraries.append(titles(app))

    assert libraries[0] == libraries[1] != libraries[2]


def test_it_never_adds_twice(app: Flask) -> None:
    seed(app, "--books", "3")

    code, said = seed(app, "--books", "3")

    assert code == 1
    assert "3 books already" in said
    assert len(titles(app)) == 3


def test_some_copies_are_out(app: Flask) -> None:
    seed(app)

    with app.app_context():
        out = db.session.scalars(select(Loan).where(Loan.returned_at.is_(None))).all()
    assert out
    assert max(Counter(loan.user_id for loan in out).values()) <= MAX_OPEN_LOANS


def test_no_made_up_people_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SAMPLE_DATA", False)

    code, said = seed(app)

    assert code == 1
    assert "development only" in said
    assert titles(app) == []
