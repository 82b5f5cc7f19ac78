"""Exercise 4.4: one operation, one effect."""

import random
import secrets
from datetime import datetime, timedelta

import pytest

LOANS = "/api/v1/loans"
LOAN_PERIOD = timedelta(days=21)


def lend(**days: float) -> int:
    import world

    return world.add_loan(**days)


def lend_to_two() -> dict[str, int]:
    import world

    return {
        "mine": world.add_loan(user_id=world.person("member")),
        "theirs": world.add_loan(),
        "mine_too": world.add_loan(user_id=world.person("member")),
    }


def lend_as(kinds: list[str]) -> int:
    """A loan to which all of these apply."""
    import world
    from app.extensions import db

    days = {"borrowed": 60.0, "due": -0.001}  # due in a minute or so
    if "overdue" in kinds:
        days["due"] = 0.001
    if "returned" in kinds:
        days["returned"] = 0.0005
    loan = world.add_loan(user_id=world.add_user(active="blocked" not in kinds), **days)
    renewals = {"renewed": 2, "renewed more": 3}
    for kind in renewals.keys() & set(kinds):
        loans = world.table("loans")
        change = loans.update().where(loans.c.id == loan).values(renewals=renewals[kind])
        db.session.execute(change)
        db.session.commit()
    return loan


def loans() -> list[dict[str, object]]:
    import world

    return world.rows("loans")


def renew_and_roll_back(loan: int) -> None:
    """Ask the service itself; what it has not committed is lost."""
    from app.extensions import db
    from app.services import renewals

    try:
        renewals.renew(loan)
    finally:
        db.session.rollback()


def tell_why(loan: int) -> list[str]:
    from app.errors import ApiError
    from app.services import renewals

    try:
        renewals.renew(loan)
    except ApiError as error:
        return [type(error).__name__, error.code]
    return ["nothing", ""]


def another_desk_is_faster(loan: int) -> None:
    """It renews the loan, for the last time, right before the first lock or write of the app.

    Where there is a lock, that is the last moment: PostgreSQL makes the others wait then. SQLite
    has none, so the statements are read as PostgreSQL would get them.
    """
    from flask import current_app
    from sqlalchemy import event
    from sqlalchemy.dialects import postgresql

    from app.extensions import db

    engine, waiting = db.engine, [True]
    heard = current_app.extensions["heard"] = []

    def intrude(connection: object, clause: object, *_: object) -> None:
        said = str(clause.compile(dialect=postgresql.dialect())) if waiting else ""
        heard.append(said)
        if " FOR UPDATE" in said or said.startswith("UPDATE "):
            waiting.clear()
            sql = "UPDATE loans SET renewals = 2, due_at = '2090-01-01 00:00:00.000000'"
            connection.exec_driver_sql(f"{sql} WHERE id = {loan}")

    event.listen(engine, "before_execute", intrude)


def does_not_wait() -> list[str]:
    """With which words the app has asked for a lock that it does not wait for."""
    from flask import current_app

    heard = current_app.extensions["heard"]
    return [words for words in ("NOWAIT", "SKIP LOCKED") if any(words in said for said in heard)]


def lend_much() -> list[int]:
    """Six loans of one user: in time all of them, but for the last."""
    import world

    user = world.add_user()
    in_time = [world.add_loan(user_id=user) for _ in range(5)]
    return [*in_time, world.add_loan(user_id=user, borrowed=30, due=1)]


def headers_of_a_reader() -> dict[str, str]:
    import world

    return world.bearer(f"client:{world.house()}", "loans:read books:read books:write")


def headers_of_nobody() -> dict[str, str]:
    import world

    return world.bearer(f"client:{world.house()}", "books:read books:write")


def refusals_of_lending() -> dict[str, list[str]]:
    from flask import current_app

    from app.openapi.contracts import contract_of

    names = ("lend", "give_back")
    views = {name: current_app.view_functions[f"loans.{name}"] for name in names}
    return {name: sorted(contract_of(view).errors[409]) for name, view in views.items()}


def what_is_said_of_renewing() -> dict[str, object]:
    """What the document is made from: the contract of the view, and its endpoint."""
    from flask import current_app

    from app.openapi.contracts import contract_of
    from app.openapi.refusals import refusals_of

    for rule in current_app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/loans/<") and rule.rule.endswith(">/renewals"):
            view = current_app.view_functions[rule.endpoint]
            contract = contract_of(view)
            return {
                "name": rule.endpoint.rpartition(".")[2],
                "codes": refusals_of(rule, view).get(409, []),
                "gives": type(contract.gives).__name__,
                "status": contract.status,
                "takes": sorted(contract.takes),
            }
    return {}


def fields_that_may_come_in() -> list[list[str]]:
    """The endpoint, and every field of what it takes."""
    from flask import current_app

    from app.openapi.contracts import contract_of

    return [
        [endpoint, name]
        for endpoint, view in current_app.view_functions.items()
        for schema in contract_of(view).takes.values()
        for name in schema.load_fields
    ]


def renew(client, loan):
    return client.post(f"{LOANS}/{loan}/renewals")


def told(answer) -> str:
    """The status, and the code of an error: ``409 loan_overdue``."""
    body = answer.get_json(silent=True)
    code = body.get("code") if isinstance(body, dict) else None
    return f"{answer.status_code} {code}" if code else str(answer.status_code)


def read(client, loan) -> dict[str, object]:
    return client.get(f"{LOANS}/{loan}").json


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_a_renewal_counts_from_the_day_it_was_due(client, inside):
    days = random.randrange(2, 20)
    other, loan = inside(lend), inside(lend, borrowed=1, due=-days)
    untouched = read(client, other)

    for times in (1, 2):
        before = read(client, loan)
        answer = renew(client, loan)
        assert answer.status_code == 200, (
            f"POST {LOANS}/{loan}/renewals, for a loan due in {days} days, was answered with"
            f" {answer.status_code}, not 200"
        )
        after = read(client, loan)
        due, was_due = (datetime.fromisoformat(each["due_at"]) for each in (after, before))
        assert due - was_due == LOAN_PERIOD, (
            "a renewal adds LOAN_PERIOD to the day the loan was due: whoever comes early loses"
            " nothing by it"
        )
        assert after["renewals"] == times, "renewals counts how often due_at was put off"
        changed = sorted(key for key in after if after[key] != before.get(key))
        assert changed == ["due_at", "renewals"], "a renewal changes due_at and renewals"
        assert answer.json == after, "the answer is the loan, as GET gives it from now on"
    assert read(client, other) == untouched, "the loan of somebody else was changed"


REASONS = {
    "returned": "already_returned",
    "blocked": "user_inactive",
    "overdue": "loan_overdue",
    "renewed": "renewal_limit_reached",
}
MEANINGS = {
    "returned": "it is closed",
    "blocked": "the user's card is blocked",
    "overdue": "it was due before now",
    "renewed": "it was renewed twice",
}


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_a_refusal_says_why_and_stores_nothing(client, inside):
    for kind, code in REASONS.items():
        loan = inside(lend_as, [kind])
        before = inside(loans)

        got = told(renew(client, loan))
        assert got == f"409 {code}", f"a loan must not be renewed if {MEANINGS[kind]}"
        assert inside(loans) == before, "the renewal was refused, and changed something"
    got = told(renew(client, inside(lend_as, ["renewed more"])))
    assert got == "409 renewal_limit_reached", (
        "a loan that was renewed three times, when that was allowed: MAX_RENEWALS times, or more"
    )


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_other_loans_do_not_count(client, inside):
    loan, *_, late = inside(lend_much)

    assert told(renew(client, loan)) == "200", (
        "a loan that is in time is renewed, whatever else its user has out: six loans, of which one"
        " is overdue; what forbids to lend does not forbid to renew"
    )
    assert told(renew(client, late)) == "409 loan_overdue", "of six loans, the one that is overdue"


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_the_first_reason_counts(client, inside):
    kinds = list(REASONS)
    for place, first in enumerate(kinds[:-1]):
        for apply in (kinds[place:], [first, random.choice(kinds[place + 1 :])]):
            got = told(renew(client, inside(lend_as, apply)))
            what = " and ".join(MEANINGS[kind] for kind in apply)
            assert got == f"409 {REASONS[first]}", f"{what}: the first reason of the list counts"


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_the_service_commits_and_refuses(client, inside):
    loan, late, missing = inside(lend), inside(lend_as, ["overdue"]), random.randrange(900, 999)
    inside(renew_and_roll_back, loan)

    assert read(client, loan)["renewals"] == 1, "renew() commits: whoever calls it need not"
    assert inside(tell_why, late) == ["Conflict", "loan_overdue"], (
        "renew() itself raises the Conflict, also for a caller who is no view"
    )
    assert inside(tell_why, missing) == ["NotFound", "not_found"], (
        "renew() raises NotFound for a loan that is not there"
    )


@pytest.mark.about("app/services/renewals.py", "def renew(")
def test_of_two_at_once_one_is_the_third(client, inside):
    loan = inside(lend)
    inside(another_desk_is_faster, loan)

    assert told(renew(client, loan)) == "409 renewal_limit_reached", (
        "another desk renewed this loan for the last time while you were about to: lock the row"
        " before you count (with_for_update), and count what you read under the lock, not what the"
        " session remembers"
    )
    words = inside(does_not_wait)
    assert words == [], (
        f"{' and '.join(words)}: the second of two at once is told that there is no such loan, or"
        " that the server has failed; let it wait for the first, and tell it why"
    )


@pytest.mark.about("app/blueprints/loans.py")
def test_members_renew_their_own(member, librarian, inside):
    ids = inside(lend_to_two)
    own, theirs = renew(member, ids["mine"]), renew(member, ids["theirs"])

    assert told(own) == "200", "a member renews a loan of their own"
    assert told(theirs) == told(renew(member, random.randrange(900, 999))) == "404 not_found", (
        "a member renewed the loan of somebody else, or was told that it exists: to them it is not"
        " there"
    )
    counted = {loan["id"]: loan["renewals"] for loan in inside(loans)}
    assert counted[ids["theirs"]] == 0, "somebody else's loan was renewed by a member"
    for name in ("theirs", "mine_too"):
        assert told(renew(librarian, ids[name])) == "200", "a librarian renews for everybody"


@pytest.mark.about("app/blueprints/loans.py")
def test_whoever_may_not_write_does_not_renew(anonymous, inside):
    loan = inside(lend)
    reader = inside(headers_of_a_reader)

    answer = anonymous.post(f"{LOANS}/{loan}/renewals", headers=reader)
    assert told(answer) == "403 insufficient_scope", "a token without loans:write renewed a loan"
    assert renew(anonymous, loan).status_code == 401, "a stranger renewed a loan"
    assert [row["renewals"] for row in inside(loans)] == [0], "a renewal was refused, and counted"


@pytest.mark.about("app/blueprints/loans.py")
def test_nothing_asks_what_to_do(client, inside):
    loan, copy = inside(lend), inside(lend, returned=0.5)
    before = inside(loans)

    for action in ("return", "renew", "exchange", secrets.token_hex(3)):
        body = {"action": action, "copy_id": copy}
        answer = client.post(f"{LOANS}/{loan}", json=body)
        assert answer.status_code == 405, (
            f"POST {LOANS}/{loan} with the action {action} was answered with {answer.status_code}:"
            " one address for three effects cannot be described, and is not there any more"
        )
    assert inside(loans) == before, "POST /loans/{loan_id} was refused, and changed something"
    asking = [endpoint for endpoint, name in inside(fields_that_may_come_in) if name == "action"]
    assert asking == [], "an operation whose body says what it does is several operations"


@pytest.mark.about("app/blueprints/loans.py")
def test_the_contract_says_it_all(inside):
    said = inside(what_is_said_of_renewing)
    assert said, "there is no route /api/v1/loans/<…>/renewals"

    assert said["name"] == "renew", "programs call it by its operationId, renew: the view's name"
    assert said["codes"] == sorted(REASONS.values()), (
        "the document names each code that a program can meet: say them in @answers(errors=…)"
    )
    assert (said["gives"], said["status"]) == ("LoanSchema", 200), "the answer is a loan, with 200"
    assert said["takes"] == [], "a renewal takes no body: everything is in the address"


@pytest.mark.about("app/blueprints/loans.py")
def test_lending_and_taking_back_stay(client, member, inside):
    loan, ids = inside(lend), inside(lend_to_two)
    owner, copy = (read(client, loan)[key] for key in ("user_id", "copy_id"))

    returned = client.post(f"{LOANS}/{loan}/return")
    assert told(returned) == "200", f"POST {LOANS}/{loan}/return takes a copy back, as before"
    again = client.post(LOANS, json={"copy_id": copy, "user_id": owner})
    assert told(again) == "201", f"POST {LOANS} lends, as before"
    place = again.headers.get("Location", "")
    assert client.get(place).json == again.json, "Location leads to the new loan, as before"
    assert told(client.post(f"{LOANS}/{loan}/return")) == "409 already_returned", "once"
    theirs = member.post(f"{LOANS}/{ids['theirs']}/return")
    assert told(theirs) == "404 not_found", "a member returned the loan of somebody else"
    foreign = member.post(LOANS, json={"copy_id": copy, "user_id": owner})
    assert told(foreign) == "403 not_yours", "a member borrowed in the name of somebody else"


@pytest.mark.about("app/blueprints/loans.py")
def test_reading_stays(client, member, librarian, anonymous, inside):
    ids = inside(lend_to_two)
    mine, everything = [ids["mine"], ids["mine_too"]], [*ids.values()]

    seen = [(member, mine, ["due_at"]), (librarian, everything, ["id"])]
    seen += [(client, everything, ["borrowed_at", "returned_at"])]
    for who, expected, sorts in seen:
        for sort in sorts:
            body = who.get(f"{LOANS}?sort={sort}").json
            found = sorted(loan["id"] for loan in body.get("items", []))
            assert found == sorted(expected), f"who sees which loans, sorted by {sort}"
    history = librarian.get(f"{LOANS}/history?per_page=1")
    assert told(history) == "200", f"GET {LOANS}/history reads all loans, as before"
    first = history.json
    assert [len(first["items"]), bool(first["next"])] == [1, True], "a stretch of the history"
    rest = librarian.get(f"{LOANS}/history?after={first['next']}").json
    assert [len(rest["items"]), rest["next"]] == [2, None], "the rest of the history"
    assert told(member.get(f"{LOANS}/history")) == "403 insufficient_scope", "not for members"
    for path in ("", f"/{ids['mine']}", "/history"):
        reader = inside(headers_of_nobody)
        answer = anonymous.get(LOANS + path, headers=reader)
        assert told(answer) == "403 insufficient_scope", f"GET {LOANS}{path} without a scope"
    assert told(member.get(f"{LOANS}/{ids['theirs']}")) == "404 not_found", "not a member's loan"


def test_the_conflicts_of_lending_stay(client, inside):
    said = inside(refusals_of_lending)
    assert said == {
        "lend": ["copy_on_loan", "loan_limit_reached", "loan_overdue", "user_inactive"],
        "give_back": ["already_returned"],
    }, "the conflicts that lending and taking back name"
