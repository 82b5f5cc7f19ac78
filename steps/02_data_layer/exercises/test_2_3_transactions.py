"""Exercise 2.3: the service owns the transaction; a view asks and answers."""

import ast
import re
import secrets

import pytest

BOOKS = "/api/v1/books"
VIEWS = "app/blueprints/catalog/books.py"
ENDS = {"add", "add_all", "begin", "commit", "delete", "flush", "rollback"}
ISBNS = ["9780306406157", "9780140449136", "9780261103573", "9780441172719"]


def prepare(authors: int) -> dict[str, object]:
    """Some authors, and a book by the first of them."""
    import world

    ids = [world.add_author() for _ in range(authors)]
    return {"authors": ids, "book": world.add_book(isbn13="9780553283686", author_ids=ids[:1])}


def add_a_book(isbn13: str) -> int:
    import world

    return world.add_book(isbn13=isbn13)


def three_books() -> None:
    import world

    for title, isbn13, year in [("B", "9780140449136", 1965), ("C", "9780261103573", 1954)]:
        world.add_book(title, isbn13, year)
    world.add_book("A", "9780553283686", 1989)


def add_a_copy(book: int, lent: bool) -> None:
    import world

    copy = world.add_copy(book)
    if lent:
        world.add_loan(copy, borrowed=30, due=9, returned=10)


def library() -> dict[str, list[object]]:
    import world

    return {name: world.rows(name) for name in ("books", "authorships", "copies", "loans")}


def the_disk_fails(statement: str) -> None:
    import world

    world.slip_in(statement, "SELECT * FROM a_disk_that_failed")


def forget() -> None:
    import world

    world.forget_statements()


def commits() -> int:
    import world

    return world.statements().count("COMMIT")


def another_is_faster(statement: str, isbn13: str) -> None:
    import world

    columns = "(title, isbn13, version) VALUES ('Another one', '" + isbn13 + "', 1)"
    world.slip_in(statement, "INSERT INTO books " + columns)


def add_by_service(values: dict[str, object]) -> int:
    from app.services import books

    return books.add_book(values).id


def replace_by_service(book: int, values: dict[str, object]) -> str:
    from app.services import books

    return books.replace_book(book, values).title


def replace_while_stale(book: int, values: dict[str, object]) -> str:
    """Replace a book while ``unchanged_since`` refuses every version."""
    from contextlib import contextmanager

    from app.errors import Conflict
    from app.services import books, versions

    @contextmanager
    def refuse(*_: object):
        raise Conflict("stale_version", "as if somebody else had written the book")
        yield

    original = versions.unchanged_since
    holders = [module for module in (books, versions) if hasattr(module, "unchanged_since")]
    for module in holders:
        module.unchanged_since = refuse
    try:
        books.replace_book(book, values)
    except Conflict as error:
        return error.code
    finally:
        for module in holders:
            module.unchanged_since = original
    return "replaced"


def commits_within(book: int, values: dict[str, object]) -> int:
    """Replace a book; how many commits there were when ``unchanged_since`` was left."""
    from contextlib import contextmanager

    import world
    from app.services import books, versions

    original = versions.unchanged_since
    holders = [module for module in (books, versions) if hasattr(module, "unchanged_since")]
    seen = []

    @contextmanager
    def look(*args: object, **kwargs: object):
        with original(*args, **kwargs):
            yield
        seen.append(world.statements().count("COMMIT"))

    world.forget_statements()
    for module in holders:
        module.unchanged_since = look
    try:
        books.replace_book(book, values)
    finally:
        for module in holders:
            module.unchanged_since = original
    return sum(seen)


def another_lends(book: int) -> None:
    """Somebody borrows a copy of the book when it is about to be removed."""
    import world

    moments = "'2030-01-01 00:00:00.000000', '2030-01-22 00:00:00.000000'"
    values = f"({world.add_copy(book)}, {world.add_user()}, {moments}, 0)"
    columns = "(copy_id, user_id, borrowed_at, due_at, renewals)"
    world.slip_in("DELETE", f"INSERT INTO loans {columns} VALUES {values}")  # noqa: S608


def another_replaces(book: int) -> None:
    """Somebody writes the book when it is about to be removed."""
    import world

    world.slip_in("DELETE FROM books", f"UPDATE books SET version = 9 WHERE id = {book}")  # noqa: S608


def told_to_postgresql(book: int) -> list[str]:
    """What ``remove_book`` says to the database, as PostgreSQL would hear it."""
    from app.services import books
    from world import told_to_postgresql

    with told_to_postgresql() as said:
        books.remove_book(book)
    return said


def remove_by_service(book: int) -> None:
    from app.services import books

    books.remove_book(book)


def a_book(author_ids: list[int], **changes: object) -> dict[str, object]:
    return {
        "title": f"The {secrets.token_hex(4)} affair",
        "isbn13": secrets.choice(ISBNS),
        "published_year": 1900 + secrets.randbelow(100),
        "author_ids": author_ids,
        **changes,
    }


def error(answer) -> tuple[int, object]:
    body = answer.get_json(silent=True)
    return answer.status_code, body.get("code") if isinstance(body, dict) else None


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_failure_half_way_leaves_no_trace(client, inside, method):
    there = inside(prepare, 3)
    before = inside(library)
    missing = max(there["authors"]) + 1000
    body = a_book([*there["authors"][1:], missing])
    path = BOOKS if method == "POST" else f"{BOOKS}/{there['book']}"
    answer = client.open(
        path, method=method, json=body if method == "POST" else {**body, "version": 1}
    )

    assert answer.status_code == 422, f"an unknown author is answered with {answer.status_code}"
    named = [entry.get("field") for entry in answer.get_json().get("details", [])]
    assert named == ["author_ids"], "the details must name the field to correct, author_ids"
    after = inside(library)
    for table, rows in before.items():
        assert after[table] == rows, (
            f"the {method} was refused because its last author is unknown, but it left its traces"
            f" in {table}: all of it is stored, or nothing"
        )


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_one_request_is_one_transaction(client, inside, method):
    there = inside(prepare, 4)
    body = a_book(there["authors"][::-1])
    inside(forget)
    if method == "POST":
        answer = client.post(BOOKS, json=body)
    else:
        answer = client.put(f"{BOOKS}/{there['book']}", json={**body, "version": 1})

    assert answer.status_code in {200, 201}, f"a good {method} answered {answer.status_code}"
    count = inside(commits)
    assert count == 1, (
        f"one {method} committed {count} times: between two commits anybody sees a book that is"
        " half done, and a crash leaves it so"
    )


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_isbn_that_another_book_has_is_refused(client, inside, method):
    there = inside(prepare, 1)
    body = a_book(there["authors"])
    inside(add_a_book, body["isbn13"])
    before = inside(library)
    answer = send(client, method, there["book"], body)

    assert error(answer) == (409, "isbn_taken"), f"a {method} with the ISBN of another book"
    assert inside(library) == before, (
        f"the {method} was refused, and changed something all the same"
    )


@pytest.mark.parametrize(
    ("method", "statement"), [("POST", "INSERT INTO books"), ("PUT", "UPDATE books")]
)
def test_the_database_decides_who_was_first(client, inside, method, statement):
    there = inside(prepare, 2)
    body = a_book(there["authors"])
    inside(another_is_faster, statement, body["isbn13"])
    answer = send(client, method, there["book"], body)

    assert error(answer) == (409, "isbn_taken"), (
        f"another request took the ISBN between your question and your {method}: the constraint"
        " raises IntegrityError, and the client must read 409 isbn_taken"
    )
    words = re.findall("INSERT|UPDATE|UNIQUE|IntegrityError", answer.get_json()["message"])
    assert words == [], "the message is a sentence for people, not what the database said"


def test_what_else_goes_wrong_is_no_conflict(client, inside):
    there = inside(prepare, 1)
    for method, statement in [
        ("POST", "INSERT INTO"),
        ("PUT", "UPDATE"),
        ("DELETE", "DELETE FROM"),
    ]:
        inside(the_disk_fails, f"{statement} books")
        answer = send(client, method, there["book"], a_book(there["authors"]))

        assert error(answer) == (503, "database_unavailable"), (
            f"the database failed in the middle of a {method}, which says nothing of ISBN or loans:"
            " only IntegrityError becomes a Conflict"
        )


def test_what_is_not_there_is_not_found(client, inside):
    there = inside(prepare, 1)
    for method in ("PUT", "DELETE"):
        answer = send(client, method, there["book"] + 1, a_book(there["authors"]))
        assert error(answer) == (404, "not_found"), f"a {method} of a book that is not there"


def test_a_replacement_is_the_whole_book(client, inside):
    there = inside(prepare, 1)
    for version, year in enumerate([1951, None, 1812], 1):
        book = {**a_book(there["authors"]), "published_year": year}
        path = f"{BOOKS}/{there['book']}"
        client.put(path, json={**book, "version": version})
        shown = client.get(path).get_json()
        got = {key: shown.get(key) for key in ("title", "isbn13", "published_year")}
        assert got == {key: book[key] for key in got}, (
            "after a PUT the book has the values that were sent, and an empty year is one of them"
        )


def send(client, method: str, book: int, body: dict[str, object]):
    if method == "POST":
        return client.post(BOOKS, json=body)
    sent = {**body, "version": 1} if method == "PUT" else None
    return client.open(f"{BOOKS}/{book}", method=method, json=sent)


def test_a_book_that_was_lent_stays(client, inside):
    there = inside(prepare, 1)
    inside(add_a_copy, there["book"], True)
    before = inside(library)
    answer = client.delete(f"{BOOKS}/{there['book']}")

    assert error(answer) == (409, "book_has_loans"), (
        "the database refuses to delete a book with loans, and the client must read why"
    )
    assert inside(library) == before, "the DELETE was refused, and removed something all the same"

    other = inside(add_a_book, ISBNS[0])
    inside(another_lends, other)
    answer = client.delete(f"{BOOKS}/{other}")
    assert error(answer) == (409, "book_has_loans"), (
        "a copy was lent between your question and your DELETE: the constraint raises"
        " IntegrityError, and the client must read 409 book_has_loans"
    )


def test_a_book_that_somebody_else_writes_can_be_removed(client, inside):
    book, other = inside(prepare, 1)["book"], inside(add_a_book, ISBNS[0])
    told = inside(told_to_postgresql, book)
    is_locked = any("FOR UPDATE" in said and "FROM books" in said for said in told)
    if not is_locked:  # then it must get along with what others do in between
        inside(another_replaces, other)
    status = client.delete(f"{BOOKS}/{other}").status_code

    assert status == 204, (
        "another request replaced the book between your SELECT and your DELETE: the version is"
        " another one, and SQLAlchemy raises StaleDataError; lock the row first"
    )


def test_a_book_that_was_never_lent_goes_with_its_copies(client, inside):
    there = inside(prepare, 1)
    inside(add_a_copy, there["book"], False)
    status = client.delete(f"{BOOKS}/{there['book']}").status_code

    assert status == 204, f"DELETE answered {status}"
    left = {table: len(rows) for table, rows in inside(library).items()}
    assert left == {"books": 0, "authorships": 0, "copies": 0, "loans": 0}, (
        "something stayed behind"
    )


def test_a_service_needs_no_view(inside):
    there = inside(prepare, 2)
    values = a_book(there["authors"])
    book = inside(add_by_service, values)
    titles = {row["id"]: row["title"] for row in inside(library)["books"]}
    assert titles.get(book) == values["title"], (
        "a command that calls add_book finds no book afterwards: the service must commit"
    )

    changed = {**values, "title": secrets.token_hex(5), "version": 1}
    inside(replace_by_service, book, changed)
    titles = {row["id"]: row["title"] for row in inside(library)["books"]}
    assert titles[book] == changed["title"], "replace_book, called without a view, stored nothing"

    inside(remove_by_service, book)
    left = [row["id"] for row in inside(library)["books"]]
    assert book not in left, "remove_book, called without a view, removed nothing"


def test_a_replacement_asks_for_the_version(inside):
    there = inside(prepare, 2)
    before = inside(library)
    outcome = inside(replace_while_stale, there["book"], {**a_book(there["authors"]), "version": 1})

    assert outcome == "stale_version", (
        "replace_book must change the book within unchanged_since: exercise 2.5 refuses there what"
        " would overwrite the work of somebody else"
    )
    assert inside(library) == before, (
        "unchanged_since refused, and the book was changed all the same"
    )
    values = {**a_book(there["authors"]), "version": 1}
    assert inside(commits_within, there["book"], values) == 1, (
        "the commit of a replacement belongs within unchanged_since too: it is there that the"
        " database tells whether somebody else was faster"
    )


def test_a_new_book_has_an_address(client, inside):
    body = a_book(inside(prepare, 2)["authors"])
    answer = client.post(BOOKS, json=body)

    assert answer.status_code == 201, f"a good POST answered {answer.status_code}"
    address = answer.headers.get("Location")
    assert address, "a new book is answered with its address, in Location"
    shown = client.get(address).get_json()
    assert shown == answer.get_json(), f"the book that was added is not the one at {address}"
    stored = {key: shown.get(key) for key in ("title", "isbn13", "published_year")}
    assert stored == {key: body[key] for key in stored}, "the book is not the one that was sent"


def test_the_authors_are_those_of_the_cover(client, inside):
    there = inside(prepare, 4)
    first, second, third, fourth = there["authors"]
    book = a_book([third, first, second])
    made = client.post(BOOKS, json=book)
    path = made.headers.get("Location", BOOKS)
    assert authors_of(client, path) == [third, first, second], (
        "the authors of a new book are those of author_ids, in that order"
    )
    for ids in ([first, third], [fourth, second, third]):
        version = client.get(path).get_json().get("version")
        answer = client.put(path, json={**book, "author_ids": ids, "version": version})
        assert answer.status_code == 200, f"a good PUT answered {answer.status_code}"
        assert authors_of(client, path) == ids, (
            "after a PUT the authors are those of author_ids, in that order, and no others"
        )


def authors_of(client, path: str) -> list[object]:
    return [author.get("id") for author in client.get(path).get_json().get("authors", [])]


def test_the_list_can_be_sorted(client, inside):
    inside(three_books)

    for key in ("id", "title", "isbn13", "published_year"):
        answer = client.get(f"{BOOKS}?sort=-{key}")
        assert answer.status_code == 200, f"the list of books can be sorted by {key}"
        values = [book[key] for book in answer.get_json()["items"]]
        assert values == sorted(values, reverse=True), f"the books are not sorted by {key}"


def test_no_view_touches_the_session(source):
    nodes = [node for node in ast.walk(source(VIEWS).tree) if isinstance(node, ast.Attribute)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        said = ast.unparse(node)
        touches = node.attr == "session" or (node.attr in ENDS and "db" in said)
        assert not touches, (
            f"{VIEWS}:{node.lineno} says {said}: a view reads the request, calls one function of"
            " the service, and writes the answer"
        )
