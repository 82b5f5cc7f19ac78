"""Exercise 2.2: both ends know each other, and a list costs the same for 5 rows as for 50."""

import ast

import pytest

ENDS = {
    "Author.authorships": "Authorship.author",
    "Book.authorships": "Authorship.book",
    "Book.copies": "Copy.book",
    "Copy.loans": "Loan.copy",
    "User.loans": "Loan.user",
}
FILES = ["app/models/author.py", "app/models/copy.py", "app/models/loan.py", "app/models/user.py"]
ROW_BY_ROW = {"select", "True", "immediate", "dynamic"}


def relationships() -> dict[str, dict[str, object]]:
    """Of every mapper, every relationship that can be written to."""
    import app.models  # noqa: F401
    from app.database import Base

    return {
        f"{mapper.class_.__name__}.{relation.key}": {
            "other": f"{relation.mapper.class_.__name__}.{relation.back_populates}",
            "lazy": str(relation.lazy),
            "delete": relation.cascade.delete,
        }
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if not relation.viewonly
    }


def fill(start: int, stop: int) -> None:
    """Books with two authors each, copies that are out, and as many copies of book 1."""
    from datetime import UTC, datetime

    import world

    numbers = range(start, stop)
    authors = [2 * number + twin for number in numbers for twin in (0, 1)]
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 22, tzinfo=UTC)
    world.insert_all("authors", [{"id": author, "name": f"Author {author}"} for author in authors])
    world.insert_all(
        "books",
        [{"id": n, "title": f"Book {n}", "isbn13": f"{n:013}", "version": 1} for n in numbers],
    )
    world.insert_all(
        "authorships",
        [{"book_id": a // 2, "author_id": a, "position": a % 2} for a in authors],
    )
    world.insert_all(
        "copies",
        [
            {
                "id": 2 * n + twin,
                "book_id": (1, n)[twin],
                "barcode": f"{n}-{twin}",
                "condition": "good",
            }
            for n in numbers
            for twin in (0, 1)
        ],
    )
    world.insert_all(
        "users",
        [
            {"id": n, "email": f"{n}@example.org", "name": "Ada", "role": "member", "active": True}
            for n in numbers
        ],
    )
    world.insert_all(
        "loans",
        [
            {
                "copy_id": 2 * n + 1,
                "user_id": n,
                "borrowed_at": early,
                "due_at": late,
                "renewals": 0,
            }
            for n in numbers
        ],
    )


def forget() -> None:
    import world

    world.forget_statements()


def selects() -> list[str]:
    import world

    return [statement for statement in world.statements() if statement.startswith("SELECT")]


def read_through(names: list[str]) -> dict[str, str]:
    """What happens to somebody who reads a collection through a row that was loaded alone."""
    import app.models
    import world
    from app.extensions import db

    world.add_loan()
    raised = {}
    for model, _, name in (text.partition(".") for text in names):
        row = db.session.get(getattr(app.models, model), 1)
        try:
            getattr(row, name)
            raised[f"{model}.{name}"] = "nothing"
        except Exception as error:  # noqa: BLE001 - whatever a learner's model raises
            raised[f"{model}.{name}"] = type(error).__name__
    return raised


def delete(model: str) -> dict[str, object]:
    """Delete a row that others point to, by way of the ORM; what happened, what is left."""
    from sqlalchemy.exc import SQLAlchemyError

    import app.models
    import world
    from app.extensions import db

    world.add_loan()
    before = {name: world.rows(name) for name in ("authorships", "loans", "copies", "users")}
    db.session.delete(db.session.get(getattr(app.models, model), 1))
    try:
        db.session.commit()
        outcome = "deleted"
    except SQLAlchemyError as error:
        outcome = type(error).__name__
    except AssertionError as error:
        outcome = str(error)
    db.session.rollback()
    after = {name: world.rows(name) for name in before}
    return {"outcome": outcome, "changed": [name for name in before if after[name] != before[name]]}


def remove_a_book() -> dict[str, int]:
    import app.models
    import world
    from app.extensions import db

    book = world.add_book()
    world.add_copy(book)
    db.session.delete(db.session.get(app.models.Book, book))
    db.session.commit()
    return {name: len(world.rows(name)) for name in ("books", "authorships", "copies", "authors")}


def test_both_ends_know_each_other(inside):
    found = inside(relationships)

    for one, other in [*ENDS.items(), *((b, a) for a, b in ENDS.items())]:
        assert one in found, f"there is no {one}: {other} leads there, and nothing leads back"
        assert found[one]["other"] == other, (
            f"{one} does not name {other} with back_populates: set one in Python, and the other"
            " still shows the old state"
        )


def test_every_relationship_of_every_model_has_two_ends(inside):
    for name, relation in inside(relationships).items():
        assert not relation["other"].endswith(".None"), f"{name} has no back_populates"


def test_no_relationship_loads_row_by_row(inside):
    for name, relation in inside(relationships).items():
        assert relation["lazy"] not in ROW_BY_ROW, (
            f"{name} loads with lazy={relation['lazy']!r}: one statement for each row of a list"
        )


def test_what_grows_for_years_is_never_read_by_accident(inside):
    names = ["Author.authorships", "Copy.loans", "User.loans"]

    for name, raised in inside(read_through, names).items():
        assert raised == "InvalidRequestError", (
            f"reading {name} of a row that was loaded alone raised {raised}: it must raise, or one"
            " harmless line of code reads the history of a library"
        )


def test_cascades_are_written_out(source):
    for file in FILES:
        for node in ast.walk(source(file).tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("relationship"):
                named = {keyword.arg for keyword in node.keywords}
                assert named & {"cascade", None}, (
                    f"{file}:{node.lineno}: this relationship does not say its cascade; the default"
                    " does no harm, but nobody can see that you thought of it"
                )


def test_a_list_costs_the_same_for_any_number_of_rows(client, inside):
    paths = ["/api/v1/books", "/api/v1/loans", "/api/v1/books/1/copies"]
    costs: list[dict[str, int]] = [{}, {}]
    for cost, start, stop in [(costs[0], 1, 6), (costs[1], 6, 51)]:
        inside(fill, start, stop)
        for path in paths:
            inside(forget)
            status = client.get(f"{path}?per_page=100").status_code
            assert status == 200, f"GET {path} answered {status}"
            cost[path] = len(inside(selects))

    few, many = costs
    for path in paths:
        assert many[path] == few[path], (
            f"GET {path} took {few[path]} statements for 5 rows and {many[path]} for 50: each row"
            " asks for what belongs to it on its own"
        )


@pytest.mark.parametrize("model", ["Author", "Copy", "User"])
def test_what_others_point_to_cannot_be_deleted(inside, model):
    found = inside(delete, model)

    assert found["changed"] == [], (
        f"deleting a {model} through the ORM changed {', '.join(found['changed'])}: the history"
        " stays whole, so no cascade may delete it and none may cut it loose"
    )
    assert found["outcome"] == "IntegrityError", (
        f"deleting a {model} that others point to: the database refuses, but here it was"
        f" {found['outcome']!r}; passive_deletes='all' leaves the decision to the database"
    )


def test_a_book_takes_its_copies_along(inside):
    left = inside(remove_a_book)

    expected = {"books": 0, "authorships": 0, "copies": 0, "authors": 1}
    assert left == expected, "a book goes with its copies and authorships; its authors stay"
