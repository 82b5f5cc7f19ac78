"""Exercise 2.6: a migration that loses nothing, and tests that leave nothing behind."""

import ast
import random
import secrets
from pathlib import Path

import pytest

MIGRATION = "migrations/versions/0002_loan_rules.py"
CONFTEST = "tests/conftest.py"
PARTS = ("indexes", "checks", "keys", "columns")

# What a test of suite.py says, and what is not so, whatever has been stored before.
LIES = {
    "test_a_request": ("status == 201", "status == 418"),
    "test_a_conflict": ("status == 409", "status == 418"),
    "test_an_author": ("status == 201", "status == 418"),
    "test_what_was_there": ("DESK in emails(client)", "DESK not in emails(client)"),
    "test_the_tables": ("'alembic_version' in tables", "'alembic_version' not in tables"),
}


class BlindSuite:
    """suite.py with a lie beside some of its tests, all under names that say nothing.

    The run is in the same hands as the fixtures. Whoever makes every test green there makes the
    lies green, too: which those are, ``means`` knows, and stays here.
    """

    def __init__(self) -> None:
        tree = ast.parse(Path(__file__).with_name("suite.py").read_text(encoding="utf-8"))
        tests = {
            node.name: node
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        }
        self.means: dict[str, tuple[str, bool]] = {}
        told = [node for node in tree.body if node not in tests.values()]
        texts = [ast.unparse(node) for node in told]
        for name, node in tests.items():
            for lies in (False, True) if name in LIES else (False,):
                text = ast.unparse(node)
                true, untrue = LIES[name] if lies else ("", "")
                blind = f"test_{secrets.token_hex(4)}"
                self.means[blind] = (name, lies)
                assert true in text, f"{name} in suite.py says {true} no more"
                text = text.replace(name, blind, 1)
                texts.append(text.replace(true, untrue, 1) if lies else text)
        self.text = "\n\n\n".join(texts)
        self.order = self._in_an_order()

    def _in_an_order(self) -> list[str]:
        same_row = ["test_a_request", "test_a_service", "test_the_session"]
        first, second, third = random.sample(same_row, k=3)
        undone = ["test_a_conflict", "test_a_rollback", second, "test_an_author", "test_no_author"]
        order = [first, *undone, third, "test_what_was_there", "test_the_tables"]
        blind = {meant: name for name, meant in self.means.items()}
        names = [blind[name, False] for name in order]
        for name, (_, lies) in self.means.items():
            if lies:
                names.insert(random.randrange(1, len(names)), name)
        return names


BLIND = BlindSuite()


def flask_db_upgrade(plan: list[list[bool]], way: list[str]) -> list[dict[str, object]]:
    """A database at 0001 with loans, open or not, for each copy of the plan; then along the way.

    For each stop the schema, the loans, what the database says to new ones, and how PostgreSQL
    would have been told of the index. Who goes the same way later begins where this one ends.
    """
    from functools import partial

    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateIndex

    import world
    from app.extensions import db

    found = []
    told = []

    def remember(connection: object, clause: object, *_: object) -> None:
        if isinstance(clause, CreateIndex) and clause.element.name == "uq_loans_open_copy_id":
            told.append(str(clause.compile(dialect=postgresql.dialect())))
        elif isinstance(clause, sa.TextClause) and "uq_loans_open_copy_id" in clause.text:
            told.append(clause.text)  # a batch after it would copy what SQLite made of it

    def names(things: list[dict[str, object]]) -> list[str]:
        return sorted(str(thing["name"]) for thing in things)

    with world.migrated("0001") as go:
        sa.event.listen(db.engine, "before_execute", remember)
        user = world.add_user()
        for loans in plan:
            copy = world.add_copy()
            for number, is_open in enumerate(loans):
                ago = 60 - number
                world.add_loan(copy, user, borrowed=ago, returned=None if is_open else ago - 0.5)
        for number, target in enumerate(way, start=1):
            told.clear()
            world.restore(str([plan, way[:number]]), partial(go, target))
            look = sa.inspect(db.engine)
            schema = {
                "indexes": names(look.get_indexes("loans")),
                "checks": names(look.get_check_constraints("loans")),
                "keys": names(look.get_foreign_keys("loans")),
                "columns": names(look.get_columns("loans")),
            }
            stop = {**schema, "told": max(told, key=len, default=""), "loans": world.rows("loans")}
            found.append({**stop, "rules": world.offer_loans()})
    return found


def flask_db_check() -> dict[str, object]:
    """What ``flask db check`` says after ``flask db upgrade``; empty where all is well.

    Beside it the names of each table's checks: as the models make them, and as the migrations do.
    """
    import sqlalchemy as sa
    from alembic.util.exc import CommandError

    import world
    from app.extensions import db

    def checks() -> dict[str, list[str]]:
        look = sa.inspect(db.engine)
        return {
            table: sorted(str(check["name"]) for check in found)
            for table in sorted(db.metadata.tables)
            if (found := look.get_check_constraints(table))
        }

    models, said = checks(), ""
    with world.migrated("head") as go:
        try:
            go("check")
        except CommandError as error:
            said = str(error)
        return {"said": said, "models": models, "migrations": checks()}


def your_fixtures_at_work(suite: str, tests: list[str]) -> dict[str, object]:
    """One run serves all tests around it: starting pytest is the dearest part of it."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import world

    if suite not in world.SUITE:
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            file = Path(folder, "suite.py")
            file.write_text(suite, encoding="utf-8")
            world.SUITE[suite] = world.run_tests(file, tests)
    return world.SUITE[suite]


def a_plan() -> list[list[bool]]:
    """Copies with closed loans, one open loan, and several."""
    closed = [[False] * random.randrange(3) for _ in range(2)]
    single = [[False] * random.randrange(3) + [True], [True, False]]
    several = [[True] * random.randrange(2, 5), [True, False, True], [False, True, True, False]]
    return random.sample(closed + single + several, k=7)


PLAN = a_plan()


def test_the_database_holds_both_rules(inside, source):
    expected = {
        "a first open loan": "accepted",
        "a returned loan of the same copy": "accepted",
        "a second open loan": "refused",
        "a loan that was due before it was borrowed": "refused",
        "a loan that was due the moment it was borrowed": "refused",
    }
    (after,) = inside(flask_db_upgrade, [], ["0002"])

    for what, said in after["rules"].items():
        assert said == expected[what], f"after flask db upgrade, {what} is {said} by the database"
    told = after["told"]
    at_once = told and "dialect" not in source(MIGRATION).text  # else each database has its branch
    assert not at_once or "WHERE" in told.upper(), (
        f"PostgreSQL would be told {told!r}, which forbids a second loan of a copy for ever:"
        " sqlite_where is for SQLite, postgresql_where for PostgreSQL"
    )


def test_the_newest_loan_stays_open(inside):
    before, after = inside(flask_db_upgrade, PLAN, ["0001", "0002"])
    assert len(after["loans"]) == len(before["loans"]), "the migration lost or added loans"

    newest = {loan["copy_id"]: loan for loan in before["loans"] if loan["returned_at"] is None}
    for loan, got in zip(before["loans"], after["loans"], strict=True):
        last = newest.get(loan["copy_id"], loan)
        closed = loan["returned_at"] is None and loan["id"] != last["id"]
        expected = {**loan, "returned_at": last["borrowed_at"]} if closed else loan
        what = "one of several open loans of a copy" if closed else "a loan that needed no change"
        moments = (got["returned_at"], expected["returned_at"])
        assert moments[0] == moments[1], (
            f"{what} is not as the contract says after the migration: its returned_at"
        )
        assert got == expected, f"{what} is not as the contract says after the migration"


def test_models_and_migrations_agree(inside):
    found = inside(flask_db_check)

    said = found["said"]
    assert said == "", f"flask db check still finds work after the upgrade: {said}"
    assert found["migrations"] == found["models"], (
        "the checks that the migrations make are not those of the models: flask db check does not"
        " look at them, and the naming convention adds to a name that is not marked with op.f()"
    )


def test_the_way_there_and_back(inside):
    start, up, down = inside(flask_db_upgrade, PLAN, ["0001", "0002", "0001"])
    added = {"indexes": ["uq_loans_open_copy_id"], "checks": ["ck_loans_due_after_borrowed"]}
    for part in PARTS:
        expected = sorted([*start[part], *added.get(part, [])])
        assert up[part] == expected, (
            f"the {part} of the table loans after flask db upgrade; mind that the naming convention"
            " adds to a name that is not marked as complete with op.f()"
        )
    for part in PARTS:
        assert down[part] == start[part], f"after flask db downgrade the {part} are not as before"
    assert down["loans"] == up["loans"], "the downgrade changed loans: the rows stay as they are"
    said = down["rules"]
    assert set(said.values()) == {"accepted"}, "after the downgrade a rule is still there"


def test_the_migration_stands_for_itself(source):
    for node in ast.walk(source(MIGRATION).tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] != "app", (
                f"{MIGRATION}:{node.lineno} imports {name}: when somebody runs this migration next"
                " year, the models will have moved on"
            )


def assert_passed(inside, tests: list[str], why: str) -> None:
    """Tests that each have an app of their own pass too: they cost more with every table."""
    found = inside(your_fixtures_at_work, BLIND.text, BLIND.order)
    said = [(*BLIND.means.get(name, (name, False)), words) for name, words in found["failed"]]
    failed = [f"{name}: {words}" for name, lies, words in said if name in tests and not lies]
    first = f"{said[0][0]}: {said[0][2]}" if said else "no test ran"
    assert found["apps"], f"no test got as far as an app of your tests/conftest.py ({first})"
    assert found["apps"] == 1, (
        f"the tests of one run met {found['apps']} apps: the app is built once for all of them"
    )
    assert failed == [], f"{why} ({failed[0]})"
    refused = {name for name, lies, _ in said if lies}
    believed = sorted(set(LIES) & set(tests) - refused)
    assert believed == [], (
        f"a test that says the opposite of {', '.join(believed)} passes with your fixtures, too:"
        " they may decide what a test finds, never what it says of it"
    )


@pytest.mark.about(CONFTEST, "def app")
def test_the_migrations_make_the_tables(inside):
    assert_passed(
        inside,
        ["test_the_tables"],
        "the tests must run on the tables that the migrations make: flask_migrate.upgrade()",
    )


@pytest.mark.about(CONFTEST, "rollback")
def test_two_tests_store_the_same_row(inside):
    assert_passed(
        inside,
        ["test_a_request", "test_a_service", "test_the_session"],
        "several tests store the same row, and must not see each other in whichever order they run:"
        " what one test has stored is gone when it ends",
    )


@pytest.mark.about(CONFTEST, "rollback")
def test_a_test_may_commit_and_roll_back(inside):
    assert_passed(
        inside,
        ["test_a_conflict", "test_a_rollback"],
        "within a test, a commit keeps and a rollback undoes what came since; then all is gone",
    )


@pytest.mark.about(CONFTEST, "def author_id")
def test_an_author_writes_the_books_of_a_test(inside):
    assert_passed(
        inside,
        ["test_an_author", "test_no_author"],
        "author_id is the id of an author who is there while the test runs, and only then",
    )


@pytest.mark.about(CONFTEST, "rollback")
def test_what_was_there_before_a_test_stays(inside):
    assert_passed(
        inside,
        ["test_what_was_there"],
        "only what the test itself has stored is undone: a row from before it is gone",
    )
