"""Exercise 2.5: stale writes are refused, stretches fit together, a report is one statement."""

import secrets
from datetime import datetime
from urllib.parse import quote

import pytest

from checker.harness import Raised

BOOKS = "/api/v1/books"
HISTORY = "/api/v1/loans/history"
OVERDUE = "/api/v1/admin/overdue"


def a_shelf() -> dict[str, object]:
    import world

    authors = [world.add_author() for _ in range(3)]
    return {"book": world.add_book(author_ids=authors[:2]), "authors": authors}


def fail_within(book: int) -> None:
    from app.extensions import db
    from app.models import Book
    from app.services.versions import unchanged_since

    found = db.session.get(Book, book)
    with unchanged_since(found, found.version):
        raise LookupError("what a view or a service may raise")


def the_books() -> list[object]:
    import world

    return [*world.rows("books"), *world.rows("authorships")]


def another_is_faster() -> None:
    import world

    world.slip_in("UPDATE books", "UPDATE books SET version = version + 1, title = 'Theirs'")


def lend(days: list[float]) -> list[int]:
    """A loan for each entry, borrowed so many days ago, at moments that are shared exactly."""
    from datetime import UTC, datetime, timedelta

    import world

    now = datetime(2026, 1, 1, 12, microsecond=500_000, tzinfo=UTC)
    copy, user = world.add_copy(), world.add_user()
    return [
        world.insert(
            "loans",
            copy_id=copy,
            user_id=user,
            borrowed_at=now - timedelta(days=ago),
            due_at=now,
            returned_at=now,
            renewals=0,
        )
        for ago in days
    ]


def remind(members: int) -> list[dict[str, object]]:
    """Namesakes with all kinds of loans; what the report must say, without the order."""
    import world

    expected = []
    name = f"Reader {world.word()}"
    for number in range(members):
        user = world.add_user(name=name)
        world.add_loan(user_id=user)
        world.add_loan(user_id=user, borrowed=90, due=69, returned=2)
        overdue = [
            world.add_loan(user_id=user, borrowed=60, due=n + number) for n in range(1, number + 1)
        ]
        person = next(row for row in world.rows("users") if row["id"] == user)
        due = [row["due_at"] for row in world.rows("loans") if row["id"] in overdue]
        if due:
            facts = {"loans": len(due), "due_at": min(due)}
            expected.append({key: person[key] for key in ("id", "name", "email")} | facts)
    return expected


def two_who_wait_equally_long() -> list[int]:
    from datetime import UTC, datetime, timedelta

    import world

    users = [world.add_user(), world.add_user()]
    now = datetime.now(UTC)
    for user in reversed(users):
        world.insert(
            "loans",
            copy_id=world.add_copy(),
            user_id=user,
            borrowed_at=now - timedelta(days=30),
            due_at=now - timedelta(days=9),
            renewals=0,
        )
    return users


def set_key(key: str) -> None:
    from flask import current_app

    current_app.config["ADMIN_KEY"] = key


def forget() -> None:
    import world

    world.forget_statements()


def selects() -> list[str]:
    import world

    return [statement for statement in world.statements() if "SELECT" in statement]


@pytest.fixture
def report(client, inside):
    """Asks for the overdue report, as somebody who may."""
    key = secrets.token_hex(8)
    inside(set_key, key)

    def ask() -> list[dict[str, object]]:
        answer = client.get(OVERDUE, headers={"X-Admin-Key": key})
        assert answer.status_code == 200, f"GET {OVERDUE} answered {answer.status_code}"
        return answer.get_json()["items"]

    return ask


def put(client, shelf: dict[str, object], version: int, **changes: object):
    body = {
        "title": secrets.token_hex(4),
        "isbn13": "9780306406157",
        "author_ids": shelf["authors"],
        "version": version,
    }
    return client.put(f"{BOOKS}/{shelf['book']}", json={**body, **changes})


def error(answer) -> tuple[int, object]:
    body = answer.get_json(silent=True)
    return answer.status_code, body.get("code") if isinstance(body, dict) else None


def test_a_write_from_the_current_version_is_accepted(client, inside):
    shelf = inside(a_shelf)

    first, second, third = shelf["authors"]
    for version, authors in enumerate([[first, second], [third, first], [second, third]], 1):
        answer = put(client, shelf, version, author_ids=authors)
        assert answer.status_code == 200, f"version {version} is current, but: {answer.status_code}"
        got = answer.get_json().get("version")
        assert got == version + 1, (
            f"one replacement made version {got} of version {version}: a query within sends what"
            " has changed so far to the database (autoflush), and the commit sends the rest"
        )


def test_a_stale_write_is_refused(client, inside):
    shelf = inside(a_shelf)
    current = put(client, shelf, 1).get_json()["version"]
    before = inside(the_books)

    for version in (1, current + 1):
        answer = put(client, shelf, version)
        assert error(answer) == (409, "stale_version"), (
            f"the book is at version {current}, the client says it has read version {version}: it"
            " would overwrite what it does not know"
        )
        assert inside(the_books) == before, "the stale write was refused, and changed something"


def test_new_authors_are_a_new_version(client, inside):
    shelf = inside(a_shelf)
    read = put(client, shelf, 1, title="The same").get_json()["version"]
    put(client, shelf, read, title="The same", author_ids=shelf["authors"][::-1])
    answer = put(client, shelf, read, title="The same")

    assert error(answer) == (409, "stale_version"), (
        "another client changed the authors, and only those: that is a new version too, though they"
        " are rows of another table"
    )


def test_the_commit_is_checked_too(client, inside):
    shelf = inside(a_shelf)
    inside(another_is_faster)
    answer = put(client, shelf, 1)

    assert error(answer) == (409, "stale_version"), (
        "another request wrote the book after you compared the versions: SQLAlchemy raises"
        " StaleDataError at the flush, and the client must read 409 stale_version"
    )


def test_another_error_stays_what_it_is(inside):
    shelf = inside(a_shelf)
    with pytest.raises(Raised) as caught:
        inside(fail_within, shelf["book"])

    assert caught.value.type == "LookupError", (
        "within unchanged_since somebody raised a LookupError, and the version is current: that is"
        f" no stale write, and came out as {caught.value.type}"
    )


def stretch(client, cursor: str | None, size: int) -> tuple[list[int], str | None]:
    query = f"?per_page={size}" + ("" if cursor is None else f"&after={quote(cursor)}")
    answer = client.get(HISTORY + query)
    assert answer.status_code == 200, f"GET {HISTORY}{query} answered {answer.status_code}"
    body = answer.get_json()
    return [loan["id"] for loan in body["items"]], body["next"]


def read_all(client, size: int, between=lambda: None) -> list[int]:
    seen, cursor = stretch(client, None, size)
    for _ in range(100):
        if cursor is None:
            break
        between()
        more, cursor = stretch(client, cursor, size)
        seen += more
    return seen


def latest_first(days: list[float], ids: list[int]) -> list[int]:
    pairs = sorted(zip(days, ids, strict=True), key=lambda pair: (pair[0], -pair[1]))
    return [identity for _, identity in pairs]


def test_the_stretches_are_the_whole_history(client, inside):
    within_a_second = [2, 2.000_002, 2.000_004]
    days = [secrets.choice([1, *within_a_second, 3]) for _ in range(23)]
    ids = inside(lend, days)

    assert read_all(client, 4) == latest_first(days, ids), (
        "following next visits every loan once: the latest first, and the higher id where the"
        " moments are equal"
    )


def test_what_is_lent_meanwhile_moves_nothing(client, inside):
    days = [secrets.choice([1, 2, 3]) for _ in range(17)]
    ids = inside(lend, days)
    new: list[int] = []
    seen = read_all(client, 3, between=lambda: new.extend(inside(lend, [0.5, 0.25])))

    twice = sorted({loan for loan in seen if seen.count(loan) > 1})
    assert twice == [], (
        f"while somebody read on, new loans came in at the top, and {len(twice)} of the old ones"
        " were shown again: a number of rows to skip is no place in a list that grows"
    )
    old = [loan for loan in seen if loan not in new]
    assert old == latest_first(days, ids), "a loan that was there from the beginning was left out"


def test_the_end_is_said(client, inside):
    for more, expected in [(0, [0]), (1, [1]), (4, [3, 2]), (1, [3, 3]), (1, [3, 3, 1])]:
        inside(lend, [1.5] * more)
        sizes, cursor = [], None
        while not sizes or (cursor is not None and len(sizes) < 9):
            items, cursor = stretch(client, cursor, 3)
            sizes.append(len(items))

        assert sizes == expected, (
            "the sizes of the stretches, three to each: next is null as soon as nothing follows,"
            " not one empty stretch later"
        )


def test_what_is_no_cursor_is_refused(client, inside):
    inside(lend, [1, 2, 3])
    _, real = stretch(client, None, 1)
    assert real, "one of three loans was shown, and no cursor leads on"

    for cursor in [
        f"{real}é",
        "",
        "here",
        "%00",
        "1;2",
        "é",
        "-1",
        "1-",
        "9" * 60,
        "-".join(["9" * 30] * 2),
    ]:
        answer = client.get(f"{HISTORY}?after={cursor}")
        shown = cursor if len(cursor) < 40 else f"{cursor[:4]}…"
        assert answer.status_code == 422, f"after={shown} is no cursor: {answer.status_code}"
        named = [entry.get("field") for entry in answer.get_json().get("details", [])]
        assert named == ["after"], "the details must name the parameter to correct, after"


def test_the_report_tells_who_is_late(report, inside):
    expected = inside(remind, 4)
    expected.sort(key=lambda row: row["due_at"])
    got = report()

    for row in [*got, *expected]:
        row["due_at"] = row.get("due_at") and datetime.fromisoformat(row["due_at"])
    assert got == expected, (
        "one row for each user with overdue loans, namesakes too, whoever has waited longest first;"
        " what is not yet due, and what came back, does not count"
    )


def test_the_lower_id_comes_first(report, inside):
    users = inside(two_who_wait_equally_long)

    assert [row["id"] for row in report()] == users, "two wait equally long: the lower id first"


def test_the_report_is_one_statement(report, inside):
    inside(remind, 5)
    inside(forget)
    report()

    count = len(inside(selects))
    assert count == 1, (
        f"the report of 5 users took {count} statements: the database can join, group and count"
    )
