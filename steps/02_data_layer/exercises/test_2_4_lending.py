"""Exercise 2.4: the rules of lending hold, also for eight people at once."""

import secrets

import pytest

LOANS = "/api/v1/loans"


def desk(**loans: int) -> dict[str, int]:
    """A copy on the shelf and a user, with so many loans of each kind."""
    import world

    user, copy = world.add_user(), world.add_copy()
    kinds = {
        "open": {},
        "overdue": {"borrowed": 30, "due": 0.01},
        "due_soon": {"borrowed": 20, "due": -0.01},
        "returned": {"borrowed": 30, "due": 9, "returned": 10},
        "returned_late": {"borrowed": 90, "due": 69, "returned": 2},
    }
    for kind, count in loans.items():
        for _ in range(count):
            world.add_loan(user_id=user, **kinds[kind])
    return {"user_id": user, "copy_id": copy}


def block(user_id: int) -> None:
    import world
    from app.extensions import db

    db.session.execute(world.table("users").update().values(active=False).filter_by(id=user_id))
    db.session.commit()


def add_loan(**values: float) -> int:
    import world

    return world.add_loan(**values)


def loans() -> list[dict[str, object]]:
    import world

    return world.rows("loans")


def another_is_faster(copy_id: int) -> None:
    import world

    moments = "'2030-01-01 00:00:00.000000', '2030-01-22 00:00:00.000000'"
    values = f"({copy_id}, {world.add_user()}, {moments}, 0)"
    columns = "(copy_id, user_id, borrowed_at, due_at, renewals)"
    world.slip_in("INSERT INTO loans", f"INSERT INTO loans {columns} VALUES {values}")  # noqa: S608


def the_disk_fails() -> None:
    import world

    world.slip_in("INSERT INTO loans", "SELECT * FROM a_disk_that_failed")


def told_to_postgresql(step: str, body: dict[str, int]) -> list[str]:
    """What the service says to the database, as PostgreSQL would hear it."""
    import world
    from app.services import loans

    loan = world.add_loan(user_id=body["user_id"]) if step == "give_back" else None
    with world.told_to_postgresql() as said:
        if step == "give_back":
            loans.give_back(loan)
        else:
            loans.lend(**body)
    return said


def taken_back_meanwhile() -> dict[str, object]:
    """Another desk closes the loan while give_back waits for the row, if it does wait."""
    from sqlalchemy import event

    import world
    from app.errors import Conflict
    from app.extensions import db
    from app.services import loans

    loan, code, waited = world.add_loan(), None, False

    def close_it(connection: object, *_: object) -> None:
        nonlocal waited
        if not waited and said and "FOR UPDATE" in said[-1]:
            waited = True
            moment = "2030-01-01 00:00:00.000000"
            connection.exec_driver_sql("UPDATE loans SET returned_at = ?", (moment,))

    with world.told_to_postgresql() as said:
        event.listen(db.engine, "before_execute", close_it)
        try:
            loans.give_back(loan)
        except Conflict as conflict:
            code = conflict.code
    return {"waited": waited, "code": code}


def eight_at_once() -> dict[str, object]:
    """Eight users ask for one copy, each in a thread, on a database in a file."""
    import time
    from threading import Barrier, Thread

    import world
    from app.extensions import db

    answers = []
    with world.app_on_file() as app:
        with app.app_context():
            copy = world.add_copy()
            users = [world.add_user() for _ in range(8)]
            # From step 3 on, a desk says who it is.
            headers = world.identity("client") if hasattr(world, "identity") else {}
        barrier = Barrier(8)

        def ask(place: int, user: int) -> None:
            barrier.wait()
            # SQLite looks for a lock that it did not get after 1, 2, 5, 10, 15 … milliseconds. Who
            # looks at the same moments as all others looks on while nobody has it.
            time.sleep(place * 0.002)
            answer = app.test_client().post(
                "/api/v1/loans", json={"copy_id": copy, "user_id": user}, headers=headers
            )
            body = answer.get_json(silent=True) or {}
            answers.append(f"{answer.status_code} {body.get('code', '')}".strip())

        threads = [Thread(target=ask, args=each) for each in enumerate(users)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with app.app_context():
            stored = len(world.rows("loans"))
            db.engine.dispose()
    return {"answers": sorted(answers), "stored": stored}


def ask(client, body: dict[str, int]) -> str:
    answer = client.post(LOANS, json=body)
    read = answer.get_json(silent=True)
    code = read.get("code") if isinstance(read, dict) else None
    return f"{answer.status_code} {code}" if code else str(answer.status_code)


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_a_copy_is_lent_for_three_weeks(client, inside):
    from datetime import UTC, datetime, timedelta

    answer = client.post(LOANS, json=inside(desk))

    assert answer.status_code == 201, f"a first loan answered {answer.status_code}, not 201"
    read = client.get(answer.headers.get("Location", ""))
    assert read.status_code == 200, "the new loan is not at its Location: was it committed?"
    loan = read.get_json()
    borrowed, due = (datetime.fromisoformat(loan[key]) for key in ("borrowed_at", "due_at"))
    assert due - borrowed == timedelta(days=21), "a loan is due after LOAN_PERIOD"
    assert (loan["returned_at"], loan["overdue"]) == (None, False), "a new loan is open"
    now = datetime.now(UTC)
    assert now - timedelta(minutes=5) < borrowed <= now, "a copy is lent from now on"


@pytest.mark.about("app/services/loans.py", "def lend(")
@pytest.mark.parametrize("field", ["copy_id", "user_id"])
def test_what_nobody_knows_is_named(client, inside, field):
    body = {**inside(desk), field: 10_000 + secrets.randbelow(10_000)}
    answer = client.post(LOANS, json=body)

    assert answer.status_code == 422, f"an unknown {field} answered {answer.status_code}"
    named = [entry.get("field") for entry in answer.get_json().get("details", [])]
    assert named == [field], f"the details must name {field}"


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_a_blocked_card_borrows_nothing(client, inside):
    body = inside(desk)
    inside(block, body["user_id"])

    assert ask(client, body) == "409 user_inactive", "the card of this user is blocked"
    assert inside(loans) == [], "the loan was refused, and stored all the same"


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_nobody_borrows_while_a_loan_is_overdue(client, inside):
    body = inside(desk, overdue=1, open=1)
    before = inside(loans)

    assert ask(client, body) == "409 loan_overdue", "this user has an open loan that was due"
    assert inside(loans) == before, "the loan was refused, and stored all the same"


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_only_what_is_still_out_counts_as_overdue(client, inside):
    body = inside(desk, due_soon=1, returned_late=2)
    inside(add_loan, borrowed=90, due=69)

    assert ask(client, body) == "201", (
        "this user brought two books back late, and has one that is due in a quarter of an hour;"
        " somebody else has one overdue: none of that forbids a loan"
    )


@pytest.mark.about("app/services/loans.py", "def is_overdue(")
def test_overdue_is_what_is_out_too_long(client, inside):
    inside(desk, overdue=1, due_soon=1, returned_late=1)
    late = inside(loans)[0]["id"]

    shown = {loan["id"]: loan["overdue"] for loan in client.get(LOANS).get_json()["items"]}
    assert len(shown) == 3, f"GET {LOANS} shows {len(shown)} of 3 loans"
    for loan, overdue in shown.items():
        assert overdue == (loan == late), (
            "overdue is the loan that is still out though it was due: not one that is due in a"
            " quarter of an hour, nor one that came back, however late"
        )


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_five_are_enough(client, inside):
    body = inside(desk, open=4, returned=3)

    assert ask(client, body) == "201", "four open loans: a fifth one is fine, returned ones aside"
    other = inside(desk)["copy_id"]
    before = inside(loans)
    assert ask(client, {**body, "copy_id": other}) == "409 loan_limit_reached", (
        "five open loans: the sixth must be refused"
    )
    assert inside(loans) == before, "the loan was refused, and stored all the same"
    assert ask(client, inside(desk, open=6)) == "409 loan_limit_reached", (
        "somebody has six open loans, from the time before the rule: or more, says the contract"
    )


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_a_copy_that_is_out_is_refused(client, inside):
    body = inside(desk)
    ask(client, {**body, "user_id": inside(desk)["user_id"]})

    assert ask(client, body) == "409 copy_on_loan", "somebody has the copy"
    assert len(inside(loans)) == 1, "the loan was refused, and stored all the same"


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_a_copy_that_came_back_is_lent_again(client, inside):
    body = inside(desk)
    first = client.post(LOANS, json=body).get_json()
    back = client.post(f"{LOANS}/{first['id']}/return").status_code
    assert back == 200, f"the return answered {back}"

    assert ask(client, body) == "201", "the copy is back on the shelf"


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_the_first_reason_is_given(client, inside):
    cases = {
        "user_inactive": inside(desk, overdue=1, open=4),
        "loan_overdue": inside(desk, overdue=1, open=4),
        "loan_limit_reached": inside(desk, open=5),
    }
    inside(block, cases["user_inactive"]["user_id"])
    for code, body in cases.items():
        inside(add_loan, copy_id=body["copy_id"])
        assert ask(client, body) == f"409 {code}", (
            "several reasons apply, and the copy is out as well: the first one of the list counts"
        )


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_the_database_decides_who_was_first(client, inside):
    body = inside(desk)
    inside(another_is_faster, body["copy_id"])

    assert ask(client, body) == "409 copy_on_loan", (
        "another desk lent the copy between your question and your INSERT: the unique index raises"
        " IntegrityError, and the client must read 409 copy_on_loan"
    )


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_what_else_goes_wrong_is_no_refusal(client, inside):
    body = inside(desk)
    inside(the_disk_fails)

    said = ask(client, body)
    assert said == "503 database_unavailable", (
        "the database failed at your INSERT, which says nothing of the copy: only IntegrityError"
        " means that somebody has it"
    )


def test_two_desks_take_turns(inside):
    told = inside(told_to_postgresql, "lend", inside(desk, open=2))
    locks = [place for place, said in enumerate(told) if is_lock(said, "users")]
    counts = [place for place, said in enumerate(told) if "loans.user_id" in said]
    in_time = bool(locks) and (not counts or locks[0] <= counts[0])
    assert in_time, (
        "the loans of a user are counted before the user's row is locked: meanwhile another desk"
        " lends to the same user, and both find room for one more (with_for_update)"
    )

    told = inside(told_to_postgresql, "give_back", inside(desk))
    is_safe = any(is_lock(said, "loans") or closes_an_open_one(said) for said in told)
    assert is_safe, (
        "give_back looks at a loan without locking its row: two desks both find it open, and the"
        " second one moves the moment of the first (with_for_update)"
    )
    found = inside(taken_back_meanwhile)
    assert not found["waited"] or found["code"] == "already_returned", (
        "give_back waits for the row, and does not look again: the desk that it waited for has"
        " closed the loan, and this one moves the moment (look once you hold the lock)"
    )


def is_lock(said: str, table: str) -> bool:
    """Whether this statement keeps others from the row until the commit."""
    selects = "FOR UPDATE" in said and f"FROM {table}" in said
    return selects or (said.startswith("UPDATE users") and table == "users")


def closes_an_open_one(said: str) -> bool:
    """Whether this statement itself asks whether the loan is still open."""
    return said.startswith("UPDATE loans") and "returned_at IS NULL" in said


@pytest.mark.about("app/services/loans.py", "def lend(")
def test_eight_want_one_copy(inside):
    found = inside(eight_at_once)

    assert found["answers"] == ["201"] + ["409 copy_on_loan"] * 7, (
        "eight people asked for one copy at the same moment: one gets it, seven are told"
    )
    assert found["stored"] == 1, "one copy can be lent once"


@pytest.mark.about("app/services/loans.py", "def give_back(")
def test_a_loan_is_closed_once(client, inside):
    body = inside(desk)
    loan = client.post(LOANS, json=body).get_json()
    path = f"{LOANS}/{loan['id']}"
    first = client.post(f"{path}/return")
    assert first.status_code == 200, f"the return answered {first.status_code}"
    moment = first.get_json().get("returned_at")
    assert moment, "a loan that was returned says when"

    again = client.post(f"{path}/return")
    code = (again.get_json(silent=True) or {}).get("code")
    assert (again.status_code, code) == (409, "already_returned"), "the loan was closed before"
    assert client.get(path).get_json()["returned_at"] == moment, (
        "the second return moved the moment of the first"
    )
