"""A learner's tests on a variant of the app: what is told of them, and what is left behind."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from checker.harness.errors import AuthorError
from checker.harness.explain import explain
from checker.harness.failure import Location
from checker.harness.frames import FrameError
from checker.harness.ground import Ground
from checker.harness.record import Record
from checker.harness.suites import Order, SuiteRun, run_suite
from checker.harness.variants import Change, Exam, Suite, Variant, bug

YEAR = datetime.now().astimezone().year
APP = {"app/__init__.py": "def double(number):\n    return 2 * number  # right\n"}
FILE = "tests/test_it.py"
GOOD = "from app import double\n\n\ndef test_three():\n    assert double(3) == 6\n"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    (tmp_path / "tests").mkdir()
    return Ground(tmp_path, tmp_path / "exercises")


def run(ground: Ground, test: str, **order: object) -> SuiteRun:
    (ground.root / FILE).write_text(test, encoding="utf-8")
    return run_suite(ground, replace(Order(APP, (FILE,), {}), **order))


def test_a_failure_names_the_learners_line(ground: Ground) -> None:
    found = run(ground, GOOD.replace("== 6", "== 7"))

    assert found.passed == 0
    assert [each.text for each in found.told] == [f"{FILE}:5, test_three: assert 6 == 7"]


@pytest.mark.parametrize(
    ("test", "outcome", "says"),
    [
        pytest.param("import nothing_of_the_kind\n", "broken", "nothing_of_the_kind", id="import"),
        pytest.param("def test_it(nobody): pass\n", "broken", "in its setup", id="fixture"),
        pytest.param("def test_it():\n    raise SystemExit\n", "broken", "SystemExit", id="exit"),
        pytest.param("raise SystemExit\n", "broken", "", id="exit-at-import"),
        pytest.param("def test_it(:\n", "broken", "", id="syntax"),
        pytest.param(
            "import pytest\n\ndef test_it():\n    pytest.skip('later')\n", "skipped", "", id="skip"
        ),
        pytest.param(
            "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    assert 0\n",
            "skipped",
            "xfail",
            id="xfail",
        ),
    ],
)
def test_what_does_not_judge_is_no_failure(
    ground: Ground, test: str, outcome: str, says: str
) -> None:
    found = run(ground, test)

    assert found.passed == 0
    assert {each.outcome for each in found.told} == {outcome}
    assert says in found.told[0].message


ASKS = """
import os

def test_it(record_property):
    record_property("seen", sorted(os.environ))
    record_property("folder", os.getcwd())
"""


def test_a_suite_cannot_know_what_it_is_run_on(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLS_TOO_MUCH", "right")
    modules, path, folder = set(sys.modules), list(sys.path), Path.cwd()
    found = run(ground, ASKS)

    assert not [name for name in found.noted["seen"] if "TELLS" in name]
    assert str(ground.root) not in found.noted["folder"]
    assert not {"app", "test_it"} & (set(sys.modules) - modules)
    assert (sys.path, Path.cwd(), os.environ["TELLS_TOO_MUCH"]) == (path, folder, "right")


def suite_of(ground: Ground, exam: Exam, test: str) -> tuple[Suite, Exam]:
    (ground.root / FILE).write_text(test, encoding="utf-8")
    step = ground.root / "step"
    for name, text in APP.items():
        (step / name).parent.mkdir(parents=True, exist_ok=True)
        (step / name).write_text(text, encoding="utf-8")
    run = lambda order: run_suite(ground, order)  # noqa: E731 - as the fixture has it
    return Suite(step, run, run, {}, {}), exam


EXAM = Exam(
    tests=(FILE,),
    bugs=(
        bug("odd", "odd numbers grow by one", "app/__init__.py", "2 * n", "number % 2 + 2 * n"),
        bug("zero", "zero becomes one", "app/__init__.py", "2 * number", "2 * number or 1"),
    ),
    ways=(Variant("sum", "a sum", (Change("app/__init__.py", "2 * n", "number + n"),)),),
    years=4,
)


def test_a_bug_that_survives_is_named_by_its_effect(ground: Ground) -> None:
    suite, exam = suite_of(ground, EXAM, GOOD)

    assert suite.missed(exam, "odd") == ""
    assert suite.missed(exam, "zero") == "a bug survived your tests: zero becomes one"
    assert suite.wrong(exam) == ""


@pytest.mark.parametrize(
    ("says", "place"),
    [
        ("a bug survived your tests: zero becomes one", Location(FILE)),
        ("test_three fails on the right code", Location(FILE, 4, "test_three")),
    ],
)
def test_what_a_suite_missed_no_function_of_it_did(
    ground: Ground, says: str, place: Location
) -> None:
    (ground.root / FILE).write_text(GOOD, encoding="utf-8")
    ground.turn_to(("tests/factories.py", FILE))
    found = explain(AssertionError(says), "test_suite", Record(suite=True), ground)

    assert (found.failure.message, found.failure.where) == (says, place)


@pytest.mark.parametrize(
    ("test", "says"),
    [
        pytest.param("def test_it():\n    assert 0\n", "fails on the right code", id="wrong"),
        pytest.param("", f"no test was found in {FILE}", id="empty"),
        pytest.param(
            "import app, inspect\n\ndef test_it():\n    assert '2 *' in inspect.getsource(app)\n",
            "the files of the app are not here",
            id="reads-the-source",
        ),
        pytest.param(
            "from pathlib import Path\n\ndef test_it():\n"
            "    assert '2 *' in Path('app/__init__.py').read_text()\n",
            "the files of the app are not here",
            id="reads-the-file",
        ),
        pytest.param(
            f"import datetime\n\ndef test_it():\n    assert datetime.date.today().year == {YEAR}\n",
            "passes today, and not in 4 years",
            id="knows-the-year",
        ),
        pytest.param(
            "done = []\n\ndef test_a():\n    done.append(1)\n\ndef test_b():\n    assert done\n",
            "passes as the files stand, and in another order no more",
            id="needs-an-order",
        ),
    ],
)
def test_what_is_wrong_on_the_right_code_is_told(ground: Ground, test: str, says: str) -> None:
    suite, exam = suite_of(ground, EXAM, test)

    assert says in suite.wrong(exam)
    assert suite.missed(exam, "odd").endswith("what is red without a bug finds none")


CLOCKS = """
import datetime, time
from datetime import UTC, date

def test_it(record_property):
    days = [date.today(), datetime.datetime.today(), datetime.datetime.now(UTC)]
    years = [day.year for day in days] + [time.gmtime().tm_year, time.localtime().tm_year]
    record_property("years", [*years, time.gmtime(time.time()).tm_year])
    stored = datetime.datetime.fromtimestamp(0, UTC)
    assert isinstance(stored, datetime.datetime) and stored < datetime.datetime.now(UTC)
    assert time.gmtime(0).tm_year == 1970
"""


def test_every_clock_is_years_ahead(ground: Ground) -> None:
    found = run(ground, CLOCKS, years=40)

    assert found.told == ()
    assert {year - YEAR for year in found.noted["years"]} <= {39, 40, 41}
    assert len(set(found.noted["years"])) == 1
    assert datetime.now().astimezone().year == YEAR


def test_a_bug_that_cannot_be_planted_is_the_authors_fault(ground: Ground) -> None:
    lost = Exam((FILE,), (bug("lost", "nothing", "app/__init__.py", "not there", ""),))
    suite, exam = suite_of(ground, lost, GOOD)

    with pytest.raises(AuthorError, match="has 0 times, not once"):
        suite.missed(exam, "lost")


@pytest.mark.parametrize(
    "forged", [[], {"passed": True}, {"passed": 1, "told": [["a", "won", "", ""]], "noted": {}}]
)
def test_a_forged_report_is_no_report(forged: object) -> None:
    with pytest.raises(FrameError):
        SuiteRun.from_json(forged)
