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
    """Every relationship of every mapper."""
    import app.models  # noqa: F401
    from app.database import Base

    return {
        f"{mapper.class_.__name__}.{relation.key}": {
            "other": f"{relation.mapper.class_.__name__}.{relation.back_populates}",
            "lazy": str(relation.lazy),
            "many": bool(relation.uselist),
            "stores": relation.cascade.save_update,
            "deletes": relation.cascade.delete,
            "only shows": relation.viewonly,
        }
        for mapper in sorted(Base.registry.mappers, key=str)  # they are a set
        for relation in mapper.relationships
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


def read_an_authorship() -> int:
    """How many statements it takes to read who wrote a book."""
    from sqlalchemy import select

    import app.models
    import world
    from app.extensions import db

    world.add_book()
    world.forget_statements()
    rows = db.session.scalars(select(app.models.Authorship))
    names = [row.author.name for row in rows]
    about = (" authors ", " authorships ")
    found = [said for said in world.statements() if any(table in f"{said} " for table in about)]
    return len(found) if names else 0


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


def delete(model: str, collection: str, read: bool) -> dict[str, object]:
    """Delete a row that others point to, by way of the ORM; what happened, what is left.

    ``read`` says whether the collection was read before, as a service may have done.
    """
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import selectinload

    import app.models
    import world
    from app.extensions import db

    world.add_loan()
    before = {name: world.rows(name) for name in ("authorships", "loans", "copies", "users")}
    cls = getattr(app.models, model)
    options = [selectinload(getattr(cls, collection))] if read and hasattr(cls, collection) else []
    row = db.session.get(cls, 1, options=options)
    world.forget_statements()
    db.session.delete(row)
    try:
        db.session.commit()
        outcome = "deleted"
    except SQLAlchemyError as error:
        outcome = type(error).__name__
    except AssertionError as error:
        outcome = str(error)
    db.session.rollback()
    writes = [said for said in world.statements() if not said.startswith("SELECT")]
    after = {name: world.rows(name) for name in before}
    changed = [name for name in before if after[name] != before[name]]
    return {"outcome": outcome, "changed": changed, "writes": writes}


def remove_a_book() -> dict[str, int]:
    import app.models
    import world
    from app.extensions import db

    book = world.add_book()
    world.add_copy(book)
    db.session.delete(db.session.get(app.models.Book, book))
    db.session.commit()
    return {name: len(world.rows(name)) for name in ("books", "authorships", "copies", "authors")}


def where_the_copies_are() -> list[int]:
    """Three copies of a book: one out, one back, one never lent. Their ids."""
    import world

    book = world.add_book()
    copies = [world.add_copy(book) for _ in range(3)]
    world.add_loan(copies[0], borrowed=30, due=9, returned=10)
    world.add_loan(copies[0])
    world.add_loan(copies[1], borrowed=30, due=9, returned=10)
    return copies


def what_nobody_says() -> dict[str, object]:
    """A row of each model with the least that it can be made of; what the database then holds."""
    from datetime import UTC, datetime, timedelta

    import app.models
    import world
    from app.extensions import db

    now = datetime.now(UTC)
    user = app.models.User(email="ada@example.org", name="Ada")
    copy = app.models.Copy(book_id=world.add_book(), barcode="LIB-1")
    db.session.add_all([user, copy])
    db.session.flush()
    loan = app.models.Loan(
        copy_id=copy.id, user_id=user.id, borrowed_at=now, due_at=now + timedelta(days=1)
    )
    db.session.add(loan)
    db.session.commit()
    asked = {"users": ["role", "active"], "copies": ["condition"], "loans": ["renewals"]}
    return {
        f"{table}.{column}": world.rows(table)[0].get(column)
        for table, columns in asked.items()
        for column in columns
    }


def the_index_of_open_loans() -> str:
    """How PostgreSQL is told of it."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex

    import world

    found = [
        str(CreateIndex(index).compile(dialect=postgresql.dialect()))
        for index in world.table("loans").indexes
        if index.name == "uq_loans_open_copy_id"
    ]
    return found[0] if found else "nothing"


def test_both_ends_know_each_other(inside):
    found = inside(relationships)

    for one, other in [*ENDS.items(), *((b, a) for a, b in ENDS.items())]:
        is_there = one in found
        assert is_there, f"there is no {one}: {other} leads there, and nothing leads back"
        shows = found[one]["only shows"]
        assert not shows, f"{one} is viewonly: what is put there is never stored"
        assert found[one]["other"] == other, (
            f"{one} does not name {other} with back_populates: set one in Python, and the other"
            " still shows the old state"
        )
    for one in ("Author.authorships", "Copy.loans", "User.loans"):
        many = found[one]["many"]
        assert many, f"{one} holds one row: it is a list of all of them, Mapped[list[…]]"


def test_what_a_row_belongs_to_is_stored_with_it_and_stays(inside):
    found = inside(relationships)

    for other in ENDS.values():
        stores, deletes = found[other]["stores"], found[other]["deletes"]
        assert stores, f"{other} is not stored with its row: cascade='save-update, merge'"
        assert not deletes, (
            f"whoever deletes a row would delete {other} too: a cascade to delete leads from a"
            " parent to what it owns, never back"
        )


def test_every_relationship_of_every_model_has_two_ends(inside):
    for name, relation in inside(relationships).items():
        alone = relation["other"].endswith(".None") and not relation["only shows"]
        assert not alone, f"{name} has no back_populates"


def test_no_relationship_loads_row_by_row(inside):
    for name, relation in inside(relationships).items():
        lazy = relation["lazy"]
        one_by_one = lazy in ROW_BY_ROW
        assert not one_by_one, (
            f"{name} loads with lazy={lazy!r}: one statement for each row of a list"
        )


def test_an_author_comes_with_the_authorship(inside):
    count = inside(read_an_authorship)

    assert count == 1, (
        f"an authorship and its author took {count} statements: the author comes in the same one,"
        " lazy='joined'"
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
    for read in (False, True):
        found = inside(delete, model, "authorships" if model == "Author" else "loans", read)

        assert found["changed"] == [], (
            f"deleting a {model} through the ORM changed {', '.join(found['changed'])}: the history"
            " stays whole, so no cascade may delete it and none may cut it loose"
        )
        assert found["outcome"] == "IntegrityError", (
            f"deleting a {model} that others point to: the database refuses, but here it was"
            f" {found['outcome']!r}; passive_deletes='all' leaves the decision to the database"
        )
        updates = [said for said in found["writes"] if said.startswith("UPDATE")]
        assert not updates, (
            f"deleting a {model}, the ORM first ran {updates[0]!r}: it must leave the rows that"
            " point here to the database, passive_deletes='all'"
        )


def test_a_book_takes_its_copies_along(inside):
    left = inside(remove_a_book)

    expected = {"books": 0, "authorships": 0, "copies": 0, "authors": 1}
    assert left == expected, "a book goes with its copies and authorships; its authors stay"


def test_a_copy_knows_whether_it_is_out(client, inside):
    out, *here = inside(where_the_copies_are)

    for copy in (out, *here):
        answer = client.get(f"/api/v1/copies/{copy}").get_json().get("on_loan")
        assert answer == (copy == out), (
            "Copy.on_loan says whether a loan of this very copy is open, others aside"
        )


def test_the_columns_are_what_they_were(inside):
    expected = {
        "users.role": "member",
        "users.active": True,
        "copies.condition": "good",
        "loans.renewals": 0,
    }
    for column, value in inside(what_nobody_says).items():
        assert value == expected[column], f"{column} has a default that was not to change"
    said = inside(the_index_of_open_loans)
    assert said.endswith("WHERE returned_at IS NULL"), (
        f"PostgreSQL is told {said!r}: there too, a copy has at most one open loan, and as many"
        " returned ones as one likes"
    )
