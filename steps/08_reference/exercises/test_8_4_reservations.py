"""Exercise 8.4: reservations, from the migration to the document."""

import random
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

API = "/api/v1"
RESERVATIONS = f"{API}/reservations"
HOLD_PERIOD = timedelta(days=7)
STATUSES = ["waiting", "ready", "fulfilled", "cancelled", "expired"]


def a_book(out: int = 1, within: int = 0, queue: list[str] | None = None) -> dict[str, object]:
    """A book with so many copies out and in, and these reservations of it, each by another."""
    import world

    book = world.add_book()
    loans = [world.add_loan(world.add_copy(book)) for _ in range(out)]
    copies = [world.add_copy(book) for _ in range(within)]
    users = [world.add_user() for _ in queue or []][::-1]  # the queue is not in their order
    days = [5 if status == "ready" else None for status in queue or []]
    stored = [
        world.add_reservation(book, user, status, day)
        for user, status, day in zip(users, queue or [], days, strict=True)
    ]
    return {"book": book, "loans": loans, "copies": copies, "users": users, "queue": stored}


def a_user(active: bool = True) -> int:
    import world

    return world.add_user(active=active)


def put_in_queue(book: int, user: int, status: str) -> int:
    import world

    return world.add_reservation(book, user, status, 5 if status == "ready" else None)


def queue_of(book: int) -> list[dict[str, object]]:
    import world

    return [row for row in world.rows("reservations") if row["book_id"] == book]


def member_and_others() -> dict[str, int]:
    """A book with its copy out; the member's reservation, another's, and their ids."""
    import world

    book, me = world.add_book(), world.person("member")
    world.add_loan(world.add_copy(book))
    other = world.add_user()
    mine = world.add_reservation(book, me)
    theirs = world.add_reservation(book, other)
    free = world.add_book()
    world.add_loan(world.add_copy(free))
    return {"me": me, "other": other, "mine": mine, "theirs": theirs, "free": free}


def many(count: int) -> None:
    import world

    for _ in range(count):
        world.add_reservation(world.add_book(author_ids=[world.add_author()]))


def statements_that_read() -> int:
    import world

    found = [sql for sql in world.statements() if sql.lstrip().upper().startswith(("SEL", "WITH"))]
    return len(found)


def forget() -> None:
    import world

    world.forget_statements()


def headers_of(role: str) -> dict[str, str]:
    import world

    return world.identity(role)


def headers_with(scope: str) -> dict[str, str]:
    import world

    return world.bearer(f"client:{world.house()}", scope)


def same_moment(book: int, user: int) -> None:
    """Another request of this user is stored right before ours."""
    import world

    world.slip_in(
        "INSERT INTO reservations",
        "INSERT INTO reservations (book_id, user_id, status, created_at)"  # noqa: S608 - our words
        f" VALUES ({book}, {user}, 'waiting', '2026-01-01 00:00:00.000000')",
    )


def while_waiting_for_the_lock(sql: str) -> None:
    """Another desk had the book's row, and leaves this behind: see :func:`was_locked`."""
    import re

    from flask import current_app
    from sqlalchemy import event
    from sqlalchemy.dialects import postgresql

    from app.extensions import db

    waiting = current_app.extensions["waiting"] = [sql]

    def intrude(connection: object, clause: object, *_: object) -> None:
        if not waiting or not hasattr(clause, "compile"):
            return
        said = " ".join(str(clause.compile(dialect=postgresql.dialect())).split())
        # Not SKIP LOCKED, not NOWAIT: whoever comes second waits.
        if re.search(r" FROM books\b.* WHERE .* FOR UPDATE( OF \w+)?$", said):
            connection.exec_driver_sql(waiting.pop())

    event.listen(db.engine, "before_execute", intrude)


def was_locked() -> bool:
    from flask import current_app

    was = not current_app.extensions["waiting"]
    current_app.extensions["waiting"].clear()
    return was


def locks_of_reserve(book: int, user: int) -> list[str]:
    """The statements with which ``reserve`` locks rows, as PostgreSQL would hear them."""
    import re

    import world
    from app.services import reservations

    with world.told_to_postgresql() as told:
        reservations.reserve(book, user)
    said = [" ".join(sql.split()) for sql in told]
    return [sql for sql in said if re.search(r" FOR [A-Z ]*(UPDATE|SHARE)( OF [\w, ]+)?$", sql)]


def retitle(book: int, title: str, told: bool) -> None:
    """Another title: by a session, of which the cache hears, or past it."""
    import world
    from app.extensions import db

    books = world.table("books")
    change = books.update().where(books.c.id == book).values(title=title)
    if told:
        db.session.execute(change)
        db.session.commit()
    else:
        with db.engine.begin() as connection:
            connection.execute(change)


def title_later(path: str, headers: dict[str, str], seconds: float) -> object:
    """The title of the first book of a page that is asked for in so many seconds."""
    from flask import current_app

    import world

    with world.own_time() as clock:
        clock.ahead = seconds
        answer = current_app.test_client().get(path, headers=headers)
    items = (answer.get_json(silent=True) or {}).get("items") or [{}]
    return (items[0].get("book") or {}).get("title")


def call_and_roll_back(name: str, copy: int, user: int) -> None:
    """A hook of the service, on its own; what it has not committed is lost."""
    from app.extensions import db
    from app.models import Copy, User
    from app.services import reservations

    arguments = [db.session.get_one(Copy, copy)]
    if name == "claim":
        arguments.append(db.session.get_one(User, user))
    getattr(reservations, name)(*arguments)
    db.session.flush()
    db.session.rollback()


def expire() -> int:
    """What ``expire`` returns; what it has not committed is lost."""
    from app.extensions import db
    from app.services import reservations

    try:
        return reservations.expire()
    finally:
        db.session.rollback()


def hold(book: int, days: float) -> None:
    """How long, from now on, the copies of the book are held."""
    from datetime import UTC, datetime, timedelta

    import world
    from app.extensions import cache, db

    table = world.table("reservations")
    ready = (table.c.book_id == book) & (table.c.status == "ready")
    until = datetime.now(UTC) + timedelta(days=days)
    db.session.execute(table.update().where(ready).values(ready_until=until))
    db.session.commit()
    cache.clear()


def what_is_said() -> dict[str, object]:
    """Of each operation what the document is made from; of the schema what it says."""
    from flask import current_app

    from app.auth.guards import RULE
    from app.openapi.contracts import contract_of
    from app.schemas.about import choices_of, example_of
    from app.schemas.reservation import ReservationSchema

    operations = {}
    for rule in current_app.url_map.iter_rules():
        view = current_app.view_functions[rule.endpoint]
        if rule.endpoint.startswith("reservations."):
            contract = contract_of(view)
            demands = getattr(view, RULE, None)
            operations[rule.endpoint.rpartition(".")[2]] = {
                "demands": sorted(demands) if isinstance(demands, frozenset) else demands,
                "gives": type(contract.gives).__name__,
                "takes": sorted(contract.takes),
                "status": contract.status,
                "paged": contract.paged,
                "headers": sorted(contract.headers),
                "own": sorted([*contract.errors.get(403, []), *contract.errors.get(409, [])]),
            }
    schema = ReservationSchema()
    described = {
        name: [bool(field.metadata.get("description")), "examples" in field.metadata]
        for name, field in schema.fields.items()
    }
    status = schema.fields.get("status")
    incoming = {name: example_of(field) for name, field in schema.load_fields.items()}
    return {
        "operations": operations,
        "described": described,
        "choices": status and choices_of(status),
        "errors": schema.validate(incoming),
        "incoming": sorted(incoming),
    }


def up_and_down(before: str, after: str) -> dict[str, object]:
    """What the migration makes of the database, as the models would, and what is left of it.

    Beside it what the database says to rows, what PostgreSQL would be told of the index and of the
    moments, and what ``flask db check`` has to say.
    """
    import sqlite3

    import sqlalchemy as sa
    from alembic.ddl.base import AddColumn
    from alembic.util.exc import CommandError
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex, CreateTable

    import world
    from app.extensions import db

    def shape() -> dict[str, object]:
        look = sa.inspect(db.engine)
        if "reservations" not in look.get_table_names():
            return {}
        keys = look.get_foreign_keys("reservations")
        indexes = look.get_indexes("reservations")
        return {
            "columns": sorted(
                f"{column['name']} {column['type']}{'' if column['nullable'] else ' NOT NULL'}"
                for column in look.get_columns("reservations")
            ),
            "keys": sorted(
                [key["name"], key["referred_table"], str(key["options"])] for key in keys
            ),
            "checks": sorted(
                [check["name"], check["sqltext"]]
                for check in look.get_check_constraints("reservations")
            ),
            "indexes": sorted(
                [each["name"], each["column_names"], bool(each["unique"])] for each in indexes
            ),
            "primary": look.get_pk_constraint("reservations")["name"],
        }

    def offer() -> dict[str, str]:
        book, user = world.add_book(), world.add_user()
        said = {}
        for what in ("waiting", "ready", "waiting again", "cancelled", "cancelled again", "lost"):
            try:
                world.add_reservation(book, user, what.removesuffix(" again"))
                said[what] = "accepted"
            except sqlite3.IntegrityError:
                said[what] = "refused"
        return said

    told, moments = [], {}

    def remember(connection: object, clause: object, *_: object) -> None:
        if isinstance(clause, CreateIndex) and clause.element.unique:
            told.append(str(clause.compile(dialect=postgresql.dialect())))
        if isinstance(clause, CreateTable | AddColumn):
            is_table = isinstance(clause, CreateTable)
            for column in clause.element.columns if is_table else [clause.column]:
                if column.name in {"created_at", "ready_until"}:
                    kind = column.type.compile(dialect=postgresql.dialect())
                    moments[column.name] = f"{column.name} {kind}"

    models, said = shape(), ""
    with world.migrated(before) as go:
        sa.event.listen(db.engine, "before_execute", remember)
        go(after)
        try:
            go("check")
        except CommandError as error:
            said = str(error)
        made = shape()
        rows = offer() if made else {}
        try:
            go(before)
            left = shape()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the learner's
            left = {"error": str(error)}
        return {
            "models": models,
            "made": made,
            "left": left,
            "rows": rows,
            "said": said,
            "told": max(told, key=len, default=""),
            "moments": sorted(moments.values()),
        }


def told(answer) -> str:
    """The status, and the code of an error: ``409 already_reserved``."""
    body = answer.get_json(silent=True)
    code = body.get("code") if isinstance(body, dict) else None
    return f"{answer.status_code} {code}" if code else str(answer.status_code)


def statuses(rows) -> list[object]:
    return [row["status"] for row in rows]


def is_about(moment, expected) -> bool:
    """Whether a moment, as text, is the expected one, give or take a minute."""
    try:
        found = datetime.fromisoformat(str(moment))
    except ValueError:
        return False
    return found.tzinfo is not None and abs(found - expected) < timedelta(minutes=1)


def ask_for(client, book, user):
    return client.post(RESERVATIONS, json={"book_id": book, "user_id": user})


def test_whoever_reserves_has_a_place_in_the_queue(client, inside):
    book, user = inside(a_book)["book"], inside(a_user)
    answer = ask_for(client, book, user)
    assert told(answer) == "201", f"POST {RESERVATIONS} for a book whose copy is out"

    body = answer.json
    title = client.get(f"{API}/books/{book}").json["title"]
    got = {name: body.get(name) for name in ("book_id", "user_id", "status", "ready_until", "book")}
    expected = {"book_id": book, "user_id": user, "status": "waiting", "ready_until": None}
    assert got == {**expected, "book": {"id": book, "title": title}}, "the new reservation"
    assert is_about(body.get("created_at"), datetime.now(UTC)), "created_at is now, in UTC"
    place = answer.headers.get("Location", "")
    assert client.get(place).json == body, "Location leads to the new reservation, unchanged"
    assert statuses(inside(queue_of, book)) == ["waiting"], "reserve() stores and commits it"


REFUSED = {
    "the card is blocked": "409 user_inactive",
    "they wait for it already": "409 already_reserved",
    "a copy is held for them": "409 already_reserved",
    "a copy is in": "409 book_available",
    "two are in, one is held": "409 book_available",
    "one is in, and held": "201",
    "they had one that was cancelled": "201",
    "they had one that was fulfilled": "201",
    "there is no copy at all": "201",
}


def test_a_refusal_says_why_and_stores_nothing(client, inside):
    for case, expected in REFUSED.items():
        user = inside(a_user, active="blocked" not in case)
        within = 2 if "two are" in case else int("in" in case.split() or "in," in case.split())
        queue = ["ready"] if "held" in case and "them" not in case else []
        book = inside(a_book, out=0 if "no copy" in case else 1, within=within, queue=queue)["book"]
        for word, status in {
            "wait": "waiting",
            "for them": "ready",
            "cancelled": "cancelled",
            "fulfilled": "fulfilled",
        }.items():
            if word in case:
                inside(put_in_queue, book, user, status)
        before = inside(queue_of, book)
        assert told(ask_for(client, book, user)) == expected, f"reserving a book, and {case}"
        added = len(inside(queue_of, book)) - len(before)
        assert added == int(expected == "201"), f"rows that were added, and {case}"

    nobody = random.randrange(900, 999)
    for field, body in {
        "book_id": {"book_id": nobody, "user_id": user},
        "user_id": {"book_id": book, "user_id": nobody},
    }.items():
        answer = client.post(RESERVATIONS, json=body)
        details = (answer.json or {}).get("details") or [{}]
        got = f"{told(answer)} {details[0].get('field')}"
        assert got == f"422 validation_failed {field}", f"{field} names nothing"


def test_the_first_reason_counts(client, inside):
    user = inside(a_user, active=False)
    book = inside(a_book, within=1)["book"]
    inside(put_in_queue, book, user, "waiting")
    assert told(ask_for(client, book, user)) == "409 user_inactive", (
        "the card is blocked, they wait already, and a copy is in: the first of the list counts"
    )
    reader = inside(a_user)
    inside(put_in_queue, book, reader, "waiting")
    assert told(ask_for(client, book, reader)) == "409 already_reserved", (
        "they wait already, and a copy is in: the first of the list counts"
    )


def test_nobody_waits_twice(client, inside):
    book, user = inside(a_book)["book"], inside(a_user)
    inside(same_moment, book, user)
    assert told(ask_for(client, book, user)) == "409 already_reserved", (
        "the same user asked twice at the very same moment: the index of the database knows, and"
        " what it refuses is a Conflict (commit_or_raise)"
    )


def test_a_return_is_for_whoever_waits_longest(client, inside):
    queue = ["cancelled", "waiting", "waiting", "expired", "waiting"]
    shelf, other = inside(a_book, out=2, queue=queue), inside(a_book, queue=["waiting"])
    changed = [1, 2]
    for place, loan in zip(changed, shelf["loans"], strict=True):
        before = inside(queue_of, shelf["book"])
        assert told(client.post(f"{API}/loans/{loan}/return")) == "200", "a copy comes back"
        after = inside(queue_of, shelf["book"])
        expected = statuses(before)
        expected[place] = "ready"
        assert statuses(after) == expected, (
            "a copy came back: the one who has waited longest is next, and nobody else"
        )
        assert is_about(after[place]["ready_until"], datetime.now(UTC) + HOLD_PERIOD), (
            "ready_until is HOLD_PERIOD from now"
        )
    assert statuses(inside(queue_of, other["book"])) == ["waiting"], "the queue of another book"
    idle = inside(a_book, queue=["cancelled"])
    answer = client.post(f"{API}/loans/{idle['loans'][0]}/return")
    assert told(answer) == "200", "a copy comes back for which nobody waits"


def test_what_is_held_is_lent_to_nobody_else(client, inside):
    cases = {
        "the one copy that is in is held for somebody else": (1, ["ready"], None, "copy_reserved"),
        "they wait, and the copy that is in is held for somebody": (
            1,
            ["ready"],
            "waiting",
            "copy_reserved",
        ),
        "both copies that are in are held for others": (2, ["ready"] * 2, None, "copy_reserved"),
        "two copies are in, and one of them is held": (2, ["ready"], None, ""),
        "somebody waits, and nothing is held yet": (1, ["waiting"], None, ""),
        "it is held for them": (1, ["waiting"], "ready", ""),
        "they wait, and a copy is in that is held for nobody": (1, [], "waiting", ""),
    }
    for case, (within, queue, own, code) in cases.items():
        shelf, user = inside(a_book, within=within, queue=queue), inside(a_user)
        if own:
            inside(put_in_queue, shelf["book"], user, own)
        before = inside(queue_of, shelf["book"])
        body = {"copy_id": shelf["copies"][0], "user_id": user}
        expected = f"409 {code}" if code else "201"
        assert told(client.post(f"{API}/loans", json=body)) == expected, f"lending: {case}"
        rows = statuses(before)
        if own and not code:
            rows[-1] = "fulfilled"
        assert statuses(inside(queue_of, shelf["book"])) == rows, f"the queue: {case}"


def test_a_copy_that_is_out_is_out(client, inside):
    shelf, user = inside(a_book, out=2, within=1), inside(a_user)
    inside(put_in_queue, shelf["book"], user, "ready")
    copy = client.get(f"{API}/loans/{shelf['loans'][0]}").json["copy_id"]
    refused = client.post(f"{API}/loans", json={"copy_id": copy, "user_id": user})
    assert told(refused) == "409 copy_on_loan", "the copy is out, whatever is held for them"
    assert statuses(inside(queue_of, shelf["book"])) == ["ready"], (
        "the loan was refused, and what is held for them stays held"
    )


def test_the_transaction_is_that_of_the_loan(inside):
    for name, status in (("copy_came_back", "waiting"), ("claim", "ready")):
        shelf, user = inside(a_book, within=1), inside(a_user)
        inside(put_in_queue, shelf["book"], user, status)
        inside(call_and_roll_back, name, shelf["copies"][0], user)
        assert statuses(inside(queue_of, shelf["book"])) == [status], (
            f"{name} has committed: whoever lends or takes back does, all of it or nothing"
        )


def test_no_renewal_while_somebody_waits(client, inside):
    for queue, expected in {
        ("waiting",): "409 book_reserved",
        ("ready", "cancelled", "fulfilled", "expired"): "200",
        (): "200",
    }.items():
        loan = inside(a_book, queue=list(queue))["loans"][0]
        got = told(client.post(f"{API}/loans/{loan}/renewals"))
        assert got == expected, f"a renewal, where the queue of the book is {list(queue)}"


def test_a_place_is_given_up(client, inside):
    for status in STATUSES:
        shelf = inside(a_book, queue=["waiting", status, "waiting"])
        place = shelf["queue"][1]
        answer = client.post(f"{RESERVATIONS}/{place}/cancel")
        after = statuses(inside(queue_of, shelf["book"]))
        if status not in {"waiting", "ready"}:
            assert told(answer) == "409 reservation_closed", f"giving up one that is {status}"
            assert after == ["waiting", status, "waiting"], "a refusal changes nothing"
            continue
        assert told(answer) == "200", f"giving up one that is {status}"
        assert answer.json.get("status") == "cancelled", "the answer is the reservation as it is"
        first = "ready" if status == "ready" else "waiting"
        assert after == [first, "cancelled", "waiting"], (
            f"one that was {status} is given up: a copy that was held for it goes to the next"
        )
    missing = client.post(f"{RESERVATIONS}/{random.randrange(900, 999)}/cancel")
    assert told(missing) == "404 not_found", "giving up what is not there"


def test_what_nobody_fetches_goes_to_the_next(inside):
    shelves = [
        inside(a_book, queue=["ready", "ready", "waiting", "waiting", "waiting"]),
        inside(a_book, queue=["ready", "waiting"]),
        inside(a_book, queue=["ready"]),
    ]
    for shelf, days in zip(shelves, (-0.01, 0.01, -3), strict=True):
        inside(hold, shelf["book"], days)

    assert inside(expire) == 3, "expire() returns how many expired"
    after = [statuses(inside(queue_of, shelf["book"])) for shelf in shelves]
    assert after[0] == ["expired", "expired", "ready", "ready", "waiting"], (
        "two were held until a moment ago: expired, and each copy goes to the next who waits"
    )
    assert after[1] == ["ready", "waiting"], "what is held for a while yet"
    assert after[2] == ["expired"], "what was held in vain, and nobody else waits"
    until = inside(queue_of, shelves[0]["book"])[2]["ready_until"]
    assert is_about(until, datetime.now(UTC) + HOLD_PERIOD), "the next has HOLD_PERIOD, too"
    assert inside(expire) == 0, "nothing is left to expire"


SET = "UPDATE reservations SET status"
LOCK = (
    "and the row of the book was not locked before: two desks at the same queue have to wait for"
    " each other (with_for_update on the book)"
)


def test_two_desks_are_one_after_the_other(client, inside):
    shelf = inside(a_book, out=1, queue=["waiting", "waiting"])
    held = f"ready_until = '2090-01-01 00:00:00.000000' WHERE id = {shelf['queue'][0]}"
    inside(while_waiting_for_the_lock, f"{SET} = 'ready', {held}")
    client.post(f"{API}/loans/{shelf['loans'][0]}/return")
    assert inside(was_locked), f"a copy came back, {LOCK}"
    assert statuses(inside(queue_of, shelf["book"])) == ["ready", "ready"], (
        "another desk took a copy back while yours waited for the lock: two came back, so two are"
        " ready; read the queue under the lock"
    )

    shelf = inside(a_book, queue=["waiting", "waiting"])
    first = shelf["queue"][0]
    inside(while_waiting_for_the_lock, f"{SET} = 'fulfilled' WHERE id = {first}")
    answer = client.post(f"{RESERVATIONS}/{first}/cancel")
    assert inside(was_locked), f"a reservation was given up, {LOCK}"
    assert told(answer) == "409 reservation_closed", (
        "it was fulfilled while you waited for the lock: look again under the lock, not at what"
        " the session remembers"
    )

    shelf, user = inside(a_book), inside(a_user)
    back = "UPDATE loans SET returned_at = '2090-01-01 00:00:00.000000'"
    inside(while_waiting_for_the_lock, f"{back} WHERE id = {shelf['loans'][0]}")
    answer = ask_for(client, shelf["book"], user)
    assert inside(was_locked), f"somebody reserved, {LOCK}"
    assert told(answer) == "409 book_available", (
        "a copy came back while you waited for the lock: count under the lock"
    )

    shelf, user = inside(a_book), inside(a_user)
    own = inside(put_in_queue, shelf["book"], user, "waiting")
    inside(while_waiting_for_the_lock, f"{SET} = 'cancelled' WHERE id = {own}")
    assert told(ask_for(client, shelf["book"], user)) == "201", (
        "theirs was cancelled while you waited for the lock: look for it under the lock"
    )

    shelf, user = inside(a_book, within=1, queue=["waiting"]), inside(a_user)
    inside(while_waiting_for_the_lock, f"{SET} = 'ready' WHERE id = {shelf['queue'][0]}")
    body = {"copy_id": shelf["copies"][0], "user_id": user}
    answer = client.post(f"{API}/loans", json=body)
    assert inside(was_locked), f"a copy was lent, {LOCK}"
    assert told(answer) == "409 copy_reserved", (
        "the copy was held for somebody while you waited for the lock: read the queue under it"
    )

    shelf = inside(a_book, queue=["ready", "waiting"])
    inside(hold, shelf["book"], -1)
    inside(while_waiting_for_the_lock, f"{SET} = 'fulfilled' WHERE id = {shelf['queue'][0]}")
    expired = inside(expire)
    assert inside(was_locked), f"a reservation expired, {LOCK}"
    assert expired == 0, "it was fulfilled while you waited for the lock: look again under the lock"


def test_the_user_is_locked_before_the_book(inside):
    locks = inside(locks_of_reserve, inside(a_book)["book"], inside(a_user))
    tables = [re.findall(r"\b(?:FROM|JOIN) (users|books)\b", sql) for sql in locks]
    order = [table for found in tables for table in sorted(found, reverse=True)]
    assert list(dict.fromkeys(order)) == ["users", "books"], (
        "reserve() locks the user's row, and the book's after it, as `lend` does: PostgreSQL locks"
        " the user of a new row in any case, and two who lock the same rows in another order wait"
        " for each other for ever"
    )


def test_members_see_and_give_up_their_own(member, librarian, inside):
    ids = inside(member_and_others)
    for method, path in (("GET", ""), ("POST", "/cancel")):
        theirs = member.open(f"{RESERVATIONS}/{ids['theirs']}{path}", method=method)
        missing = member.open(f"{RESERVATIONS}/{ids['theirs'] + 900}{path}", method=method)
        assert told(theirs) == told(missing) == "404 not_found", (
            f"{method} of somebody else's reservation: to a member it is not there"
        )
        words = [str((answer.json or {}).get("message")) for answer in (theirs, missing)]
        same = (
            words[0].replace(str(ids["theirs"]), "…"),
            words[1].replace(str(ids["theirs"] + 900), "…"),
        )
        assert same[0] == same[1], "the words tell a member that somebody else's is there"
    foreign = ask_for(member, ids["free"], ids["other"])
    assert told(foreign) == "403 not_yours", "a member reserves in the name of somebody else"
    assert told(ask_for(member, ids["free"], ids["me"])) == "201", "and for themselves"
    own = member.get(f"{RESERVATIONS}/{ids['mine']}")
    assert (told(own), (own.json or {}).get("user_id")) == ("200", ids["me"]), "one of their own"
    listed = [item.get("id") for item in (member.get(RESERVATIONS).json or {}).get("items", [])]
    assert (ids["mine"] in listed, ids["theirs"] in listed) == (True, False), (
        "the list of a member: their own, and nobody else's"
    )
    listed = [item.get("id") for item in (librarian.get(RESERVATIONS).json or {}).get("items", [])]
    assert {ids["mine"], ids["theirs"]} <= set(listed), "a librarian sees everybody's"
    given_up = told(member.post(f"{RESERVATIONS}/{ids['mine']}/cancel"))
    assert given_up == "200", "a member gives up a place of their own"
    assert told(librarian.post(f"{RESERVATIONS}/{ids['theirs']}/cancel")) == "200", (
        "a librarian gives up anybody's"
    )


OPERATIONS = {
    "list_reservations": ("GET", "", "loans:read"),
    "reserve": ("POST", "", "loans:write"),
    "get_reservation": ("GET", "/1", "loans:read"),
    "cancel": ("POST", "/1/cancel", "loans:write"),
}


def test_scopes_guard_each_operation(anonymous, inside):
    for name, (method, path, scope) in OPERATIONS.items():
        everything = ["books:read", "books:write", "loans:read", "loans:write", "users:read"]
        others = " ".join(one for one in everything if one != scope)
        for headers, expected in (
            ({}, "401 token_missing"),
            (inside(headers_with, others), "403 insufficient_scope"),
        ):
            answer = anonymous.open(RESERVATIONS + path, method=method, headers=headers, json={})
            assert told(answer) == expected, f"{name} without {scope}"
        allowed = inside(headers_with, scope)
        answer = anonymous.open(RESERVATIONS + path, method=method, headers=allowed, json={})
        assert answer.status_code not in {401, 403}, f"{name} with {scope} is {told(answer)}"


def test_a_page_is_three_statements_and_a_hit_none(client, inside):
    inside(many, 12)
    client.get(f"{RESERVATIONS}?per_page=2")  # who asks is known from now on
    counts = {}
    for per_page in (3, 12):
        inside(forget)
        answer = client.get(f"{RESERVATIONS}?per_page={per_page}")
        counts[per_page] = inside(statements_that_read)
        got = [len((answer.json or {}).get("items", [])), (answer.json or {}).get("total")]
        assert got == [per_page, 12], f"a page of {per_page}: its items, and the total"
    assert counts[12] == counts[3], (
        f"statements for a page of 3 and of 12: {counts}; load the books of a page together"
    )
    assert counts[12] <= 3, (
        f"{counts[12]} statements for one page: count, page, and books are three; the authors of a"
        " book are not shown"
    )
    inside(forget)
    again = client.get(f"{RESERVATIONS}?per_page=12")
    assert inside(statements_that_read) == 0, "the same page again: kept, and no SQL"
    first = again.json["items"][0]["id"]
    client.post(f"{RESERVATIONS}/{first}/cancel")
    items = client.get(f"{RESERVATIONS}?per_page=12").json["items"]
    assert items[0]["status"] == "cancelled", "a kept page is over as soon as a queue changes"


def test_a_page_is_kept_for_ten_seconds_at_most(inside):
    book, headers = inside(a_book, queue=["waiting"])["book"], inside(headers_of, "librarian")
    titles = [f"{word} {random.randrange(10**6)}" for word in ("Kept", "Renamed", "Once more")]
    inside(retitle, book, titles[0], told=True)
    inside(title_later, RESERVATIONS, headers, 0)
    inside(retitle, book, titles[1], told=False)
    assert inside(title_later, RESERVATIONS, headers, 10.1) == titles[1], (
        "a book was renamed by a program that tells the cache nothing: a page is kept for 10"
        " seconds at most, and is given after 10.1"
    )
    inside(retitle, book, titles[2], told=True)
    assert inside(title_later, RESERVATIONS, headers, 10.2) == titles[2], (
        "a book was renamed: a kept page is over as soon as books change"
    )


def test_the_list_is_sorted_as_asked(client, inside):
    books = [inside(a_book, queue=["waiting", "ready"])["book"] for _ in range(2)]
    for sort in ("id", "-created_at", "ready_until,-id"):
        answer = client.get(f"{RESERVATIONS}?sort={sort}")
        assert told(answer) == "200", f"the list, sorted by {sort}"
    ids = [item["id"] for item in client.get(f"{RESERVATIONS}?sort=-id").json["items"]]
    assert ids == sorted(ids, reverse=True), "the list, sorted by -id"
    assert len(ids) == 2 * len(books), "the list has all of them"
    refused = told(client.get(f"{RESERVATIONS}?sort=status"))
    assert refused == "422 validation_failed", "sorted by what is not on the list of keys"


def test_links_lead_to_every_get(anonymous, inside):
    inside(member_and_others)
    gets = [
        path
        for path, item in anonymous.get("/openapi.json").json["paths"].items()
        if "get" in item and path.startswith(API)
    ]
    waiting, seen, headers = [f"{API}/"], set(), inside(headers_of, "admin")
    while waiting and len(seen) < 200:
        path = waiting.pop()
        seen.add(path)
        answer = anonymous.get(path, headers=headers)
        found = re.findall(r'"href": ?"([^"]+)"', answer.text if path.startswith(API) else "")
        waiting += {urlsplit(href).path for href in found} - seen - {*waiting}
        assert answer.status_code != 404, f"a link leads to {path}, which answers 404 to an admin"
    missed = [
        get
        for get in gets
        if not any(re.fullmatch(re.sub(r"{\w+}", "[^/]+", get), path) for path in seen)
    ]
    assert missed == [], (
        "where somebody waits, whoever begins at the index and follows links gets to every GET of"
        " the document; these have to be guessed"
    )


EXPECTED = {
    "list_reservations": ([], 200, True, []),
    "reserve": (
        ["json"],
        201,
        False,
        ["already_reserved", "book_available", "not_yours", "user_inactive"],
    ),
    "get_reservation": ([], 200, False, []),
    "cancel": ([], 200, False, ["reservation_closed"]),
}


def test_the_document_says_it_all(client, inside):
    said = inside(what_is_said)
    operations = said["operations"]
    assert sorted(operations) == sorted(EXPECTED), "the operations, by their names"
    for name, (takes, status, paged, codes) in EXPECTED.items():
        got = operations[name]
        body = [place for place in got["takes"] if place != "query"]
        assert (body, got["gives"], got["status"], got["paged"]) == (
            takes,
            "ReservationSchema",
            status,
            paged,
        ), f"{name}: what it takes, what it gives, with which status, and whether in pages"
        assert got["own"] == codes, (
            f"{name}: the codes of 403 and 409 that it alone can answer; say them in"
            " @answers(errors=…)"
        )
        assert got["demands"] == [OPERATIONS[name][2]], f"{name}: the scopes that it demands"
    assert operations["reserve"]["headers"] == ["Location"], "reserve says where the new one is"
    kept = operations["list_reservations"]["headers"]
    assert {"Cache-Control", "ETag", "Link"} <= set(kept), "the list is cached, and in pages"
    document = client.get("/openapi.json").json
    assert f"{RESERVATIONS}/{{reservation_id}}/cancel" in document["paths"], "the document"
    schemas = [each.get("properties", {}) for each in document["components"]["schemas"].values()]
    moments = [each["ready_until"] for each in schemas if "ready_until" in each]
    kinds = [[each.get(key) for key in ("type", "anyOf", "oneOf")] for each in moments]
    assert kinds, "the document does not say what ready_until is"
    assert all("null" in str(kind) for kind in kinds), (
        "ready_until of an answer is null until a copy is held, and the document does not allow it"
    )


def test_the_schema_says_it_all(client, inside):
    said = inside(what_is_said)
    fields = ["book", "book_id", "created_at", "id", "ready_until", "status", "user_id"]
    assert sorted(said["described"]) == fields, "the fields of ReservationSchema"
    for name, (described, has_example) in said["described"].items():
        assert described, f"{name} has no description: about() says it"
        assert has_example or name == "book", f"{name} has no example: about() says it"
    assert said["choices"] == STATUSES, "the document lists what a status can be (OneOf)"
    assert (said["incoming"], said["errors"]) == (["book_id", "user_id"], {}), (
        "what may come in, and what is wrong with the examples"
    )
    book, user = inside(a_book)["book"], inside(a_user)
    good = {"book_id": book, "user_id": user}
    for wrong in (
        {"book_id": str(book)},
        {"user_id": float(user)},
        {"status": "ready"},
        {"id": 7},
        {"book": {"id": book}},
        {"place": 1},
        {"user_id": None},
    ):
        answer = client.post(RESERVATIONS, json={**good, **wrong})
        assert told(answer) == "422 validation_failed", f"a reservation with {wrong}"
    for name in good:
        answer = client.post(RESERVATIONS, json={k: v for k, v in good.items() if k != name})
        assert told(answer) == "422 validation_failed", f"a reservation without {name}"
    assert inside(queue_of, book) == [], "what does not fit is not stored"


REVISIONS = ("0006", "0008")
PARTS = ("columns", "keys", "checks", "indexes", "primary")


def test_the_migration_makes_what_the_model_says(inside, source):
    imports = re.findall(
        r"(?m)^\s*(?:from|import)\s+(app\b\S*)",
        source("migrations/versions/0008_reservations.py").text,
    )
    assert imports == [], (
        "the migration imports nothing of app: the app goes on, and what this revision made stays"
        " what it was"
    )
    found = inside(up_and_down, *REVISIONS)
    for part in PARTS:
        got, expected = found["made"].get(part), found["models"].get(part)
        assert got == expected, f"the {part} of the table that the migration makes"
    assert found["said"] == "", f"flask db check still finds work: {found['said']}"
    assert found["rows"] == {
        "waiting": "accepted",
        "ready": "accepted",
        "waiting again": "refused",
        "cancelled": "accepted",
        "cancelled again": "accepted",
        "lost": "refused",
    }, "what the database says to rows of one user and one book"
    assert "WHERE" in found["told"], (
        f"PostgreSQL would be told {found['told']!r}, and nobody could ever reserve a book twice:"
        " sqlite_where is for SQLite, postgresql_where for PostgreSQL"
    )
    naive = [moment for moment in found["moments"] if "WITH TIME ZONE" not in moment]
    assert naive == [], (
        "so PostgreSQL would be told, and it keeps what its clock shows there, wherever that is:"
        " what comes back is hours off (timezone=True); SQLite knows no difference"
    )
    assert found["left"] == {}, "what is left of it after the downgrade"


def test_where_nobody_reserves_all_is_as_before(client, inside):
    shelf, user = inside(a_book, within=1), inside(a_user)
    body, loan = {"copy_id": shelf["copies"][0], "user_id": user}, shelf["loans"][0]
    for what, path, sent, expected in (
        ("lending", "", body, "201"),
        ("a renewal", f"/{loan}/renewals", None, "200"),
        ("a return", f"/{loan}/return", None, "200"),
    ):
        got = told(client.post(f"{API}/loans{path}", json=sent))
        assert got == expected, f"{what}, where nobody has reserved anything"
