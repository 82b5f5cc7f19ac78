"""Each proof holds on a course that is right, and finds the fault that is put into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from checker.author.commands import author
from checker.author.proofs.matrix import asked
from checker.author.verify import PROOFS, WHEN_NAMED
from checker.course import Course, CourseError, NotFound

GREETING = "solutions/01_first/app/greeting.py"
SUMS = "solutions/01_first/app/sums.py"
STEP_1 = "steps/01_first/step.toml"
STEP_2 = "steps/02_second/step.toml"
TEST_GREETING = "steps/01_first/exercises/test_1_1_greeting.py"
TEST_SUMS = "steps/01_first/exercises/test_1_2_sums.py"
APP_2 = "steps/02_second/app/__init__.py"


def broken(findings):
    return {each.where: each.what for each in findings if each.state == "broken"}


def one_broken(findings):
    """The only broken finding, as one text."""
    (each,) = [each for each in findings if each.state == "broken"]
    assert each.todo, "a finding says what to do"
    return f"{each.where}: {each.what}"


@pytest.mark.parametrize("proof", [name for name in PROOFS if name not in WHEN_NAMED])
def test_a_course_that_is_right_holds(prove, proof):
    findings = prove(proof)

    assert broken(findings) == {}
    assert any(each.state == "holds" for each in findings), "something was looked at"


class TestManifests:
    def test_a_placeholder_is_not_left_behind(self, mini, prove):
        mini.replace(STEP_1, '"Strings have methods."', '"TODO: name the method"')
        assert "still reads" in one_broken(prove("manifests"))

    def test_two_equal_hints_are_one_too_few(self, mini, prove):
        mini.replace(STEP_1, '"Strings have methods."', '"What is a name?"')
        assert "two of them are the same" in one_broken(prove("manifests"))

    def test_words_that_any_message_has_prove_nothing(self, mini, prove):
        mini.replace(STEP_1, 'says = "2 and 3 make 5, not"', 'says = "…"')
        assert "almost any message" in one_broken(prove("manifests"))

    def test_a_solution_of_a_file_that_no_exercise_edits(self, mini, prove):
        mini.write("solutions/01_first/app/extra.py", "")
        assert "solutions/01_first/app/extra.py: no exercise" in one_broken(prove("manifests"))

    def test_an_alternative_of_no_exercise(self, mini, prove):
        mini.write("solutions/01_first/alternatives/1.9/other/app/sums.py", "")
        assert "alternatives/1.9" in one_broken(prove("manifests"))

    def test_a_superseded_test_that_is_of_no_earlier_step(self, mini, prove):
        mini.replace(STEP_2, "[changes]", '[[supersedes]]\ntest = "2.1/a"\nreason = "b"\n[changes]')
        assert "does not name a test of an earlier step" in one_broken(prove("manifests"))

    def test_a_step_is_no_shorter_than_its_exercises(self, mini, prove):
        mini.replace(STEP_1, "minutes = 30", "minutes = 29")
        assert "29 for a step whose exercises take 30" in one_broken(prove("manifests"))


class TestClaims:
    def test_a_claim_that_nobody_practises(self, mini, prove):
        mini.replace(STEP_1, 'covers = ["1.1b"]', 'covers = ["1.1a"]')
        assert (
            one_broken(prove("claims")) == "claim 1.1b: no exercise covers it: Numbers are added."
        )

    def test_an_exercise_for_a_claim_that_is_not_listed(self, mini, prove):
        mini.replace(STEP_1, 'covers = ["1.1b"]', 'covers = ["1.1b", "1.7a"]')
        assert "covers 1.7a, which claims.toml does not list" in one_broken(prove("claims"))

    def test_a_list_of_claims_with_a_wrong_id(self, mini, prove):
        mini.replace("claims.toml", '"1.1a" =', '"2.1a" =')
        with pytest.raises(CourseError, match=r"claims\.toml: section 1\.claims: '2\.1a'"):
            prove("claims")


class TestChanges:
    def test_a_change_that_is_not_declared(self, mini, prove):
        mini.replace(APP_2, "A greeter.", "A calculator.")
        mini.replace(STEP_2, '"app/__init__.py" = "a route for products"\n', "")
        told = one_broken(prove("changes"))
        assert told == "steps/02_second/app/__init__.py: differs, compared with 01_first solved"

    def test_a_file_that_is_new_or_gone(self, mini, prove):
        mini.write("steps/02_second/app/data/names.txt", "Ada")
        mini.path("steps/02_second/tests/test_app.py").unlink()
        told = broken(prove("changes"))
        assert told["steps/02_second/app/data/names.txt"].startswith("is new")
        assert told["steps/02_second/tests/test_app.py"].startswith("is gone")

    def test_a_declared_change_that_is_none(self, mini, prove):
        mini.replace(STEP_2, "[changes]", '[changes]\n"wsgi.py" = "no reason"')
        assert "is the same as in 01_first solved" in one_broken(prove("changes"))


class TestStarters:
    def test_a_starter_that_does_not_build(self, mini, prove):
        mini.replace("steps/01_first/wsgi.py", "create_app(", "create_app(1, ")
        told = broken(prove("starters", "1"))
        assert list(told) == ["steps/01_first", "solutions/01_first"]
        assert told["steps/01_first"].startswith("flask routes: TypeError: create_app()")

    def test_a_suite_that_is_not_green_on_the_solved_step(self, mini, prove):
        mini.replace(GREETING, "Hello", "Hello, hello")
        mini.replace(
            "steps/02_second/tests/test_app.py",
            'get("/")',
            'get("/times/1/1")',
        )
        mini.replace("steps/02_second/tests/test_app.py", ".status_code == 200", '.text == "-1"')
        told = broken(prove("starters", "2"))
        assert "its own tests/ are not green" in told["solutions/02_second"]
        assert "test_the_app_answers" in told["solutions/02_second"]
        assert "steps/02_second" not in told

    def test_a_starter_that_passes(self, mini, prove):
        mini.write("steps/01_first/app/sums.py", mini.read(SUMS))
        assert "the starter passes already" in one_broken(prove("starters", "1.2"))

    def test_a_starter_that_does_not_load(self, mini, prove):
        mini.replace("steps/01_first/app/sums.py", "return -1", "return -")
        assert "does_not_load" in one_broken(prove("starters", "1.2"))

    def test_a_test_that_crashes_on_the_starter(self, mini, prove):
        mini.replace(
            TEST_SUMS, "assert text == str(a + b)", "text[9]\n    assert text == str(a + b)"
        )
        assert "not by a test's own sentence: test_two_numbers_are_added[2-3]: " in one_broken(
            prove("starters", "1.2")
        )

    def test_other_words_than_declared(self, mini, prove):
        mini.replace(STEP_1, 'says = "2 and 3 make 5, not"', 'says = "two and three make five"')
        told = one_broken(prove("starters", "1.2"))
        assert "does not say 'two and three make five' but '2 and 3 make 5, not -1'" in told

    def test_another_test_than_declared(self, mini, prove):
        mini.replace(
            STEP_1, 'test = "test_two_numbers_are_added", says = "2', 'test = "test_b", says = "2'
        )
        assert "there is no test test_b" in one_broken(prove("starters", "1.2"))

    def test_a_guard_that_is_not_declared(self, mini, prove):
        mini.replace(STEP_1, 'guards = ["test_what_is_not_there_is_missing"]\n', "")
        findings = prove("starters", "1.1")
        assert "test_what_is_not_there_is_missing passes on the starter" in one_broken(findings)
        (finding,) = [each for each in findings if each.state == "broken"]
        assert finding.todo == 'declare guards = ["test_what_is_not_there_is_missing"]'

    def test_a_guard_that_fails_on_the_starter(self, mini, prove):
        mini.replace(STEP_1, 'missing"]', 'missing", "test_a_visitor_is_greeted_by_name"]')
        assert "is no test that passes on the starter" in one_broken(prove("starters", "1.1"))

    def test_parameters_that_disagree_are_declared_one_by_one(self, mini, prove):
        mini.replace("steps/01_first/app/sums.py", "return -1", "return 100")
        mini.replace(STEP_1, "2 and 3 make 5, not", "2 and 3 make 5, not 100")
        (finding,) = [each for each in prove("starters", "1.2") if each.state == "broken"]
        assert finding.todo == (
            'declare guards = ["test_two_numbers_are_added[99-1]", "test_a_sum_has_a_limit"]'
        )


class TestSolutions:
    def test_a_solution_that_fails(self, mini, prove):
        mini.replace(SUMS, "return total", "return total + 1")
        told = broken(prove("solutions", "1.2"))
        assert "2 and 3 make 5, not 6" in told["1.2 with the solutions of 1.1 to 1.2"]
        assert told["points of 1.2"].startswith("the solution earns 10, not 20")

    def test_a_solution_that_needs_a_later_one(self, mini, prove):
        mini.replace(GREETING, '"""How', 'from app.sums import LIMIT\n\n"""How')
        mini.replace(SUMS, "def add", "LIMIT = 100\n\n\ndef add")
        told = broken(prove("solutions", "1.1"))
        assert list(told) == ["1.1 with the solutions of 1.1"]
        assert "LIMIT" in told["1.1 with the solutions of 1.1"]

    def test_work_that_earns_without_being_done(self, mini, prove):
        mini.replace(STEP_1, 'guards = ["test_what_is_not_there_is_missing"]\n', "")
        assert "the starter earns 5, not 0" in one_broken(prove("solutions", "1.1"))


class TestStable:
    def test_a_test_that_is_called_differently_each_time(self, mini, prove):
        mini.replace(TEST_SUMS, "import pytest\n", "import secrets\n\nimport pytest\n")
        mini.replace(TEST_SUMS, "(99, 1)]", "(secrets.randbelow(10**9), -200)]")
        mini.replace(SUMS, "    if total > 100:\n        return 100\n", "")
        assert "not the same tests twice" in one_broken(prove("stable", "1.2"))


class TestMatrix:
    def test_an_exercise_that_asks_for_nothing_new(self, mini, prove):
        mini.replace("steps/02_second/exercises/test_2_1_times.py", "/times/", "/add/")
        mini.replace("steps/02_second/exercises/test_2_1_times.py", "a * b", "min(a + b, 100)")
        told = broken(prove("matrix", "2.1"))
        assert told["2.1 on step 1 solved"] == "passes, although step 2 has only begun"

    def test_a_later_step_that_breaks_an_earlier_one(self, mini, prove):
        mini.replace("steps/02_second/app/sums.py", "> 100", "> 1000")
        told = one_broken(prove("matrix"))
        assert told.startswith("1.2 on step 2 solved: no longer passes: test_a_sum_has_a_limit[")

    def test_a_superseded_test_is_left_out(self, mini, prove):
        mini.replace("steps/02_second/app/sums.py", "> 100", "> 1000")
        supersede(mini, "1.2/test_a_sum_has_a_limit")
        assert broken(prove("matrix")) == {}

    def test_only_the_superseded_test_is_left_out(self, mini, prove):
        mini.replace("steps/02_second/app/sums.py", "total = a + b", "total = a - b")
        supersede(mini, "1.2/test_a_sum_has_a_limit")
        assert "test_two_numbers_are_added[2-3]" in one_broken(prove("matrix"))

    def test_a_superseded_test_that_passes(self, mini, prove):
        supersede(mini, "1.2/test_a_sum_has_a_limit")
        assert "the test passes" in one_broken(prove("matrix"))

    def test_a_superseded_test_that_is_not_there(self, mini, prove):
        supersede(mini, "1.2/test_no_such")
        assert "1.2 has no test test_no_such" in one_broken(prove("matrix"))

    def test_of_the_steps_after_its_own_the_last_may_do(self):
        course = Course.load(Path(__file__).resolve().parents[2])
        last = course.steps[-1].number
        exercise = course.exercise("2.1")

        def numbers(*, sample):
            return [step.number for step in asked(course, exercise, sample=sample)]

        assert numbers(sample=False) == list(range(1, last + 1))
        assert numbers(sample=True) == [1, 2, last]


def supersede(mini, test):
    mini.replace(STEP_2, "[changes]", f'[[supersedes]]\ntest = "{test}"\nreason = "x"\n\n[changes]')


class TestMistakes:
    PATCH = "solutions/01_first/mistakes/1.2/subtracts.patch"

    def test_a_mistake_that_passes(self, mini, prove):
        mini.replace(self.PATCH, "+    total = a - b", "+    total = b + a")
        assert one_broken(prove("mistakes", "1.2")) == f"{self.PATCH}: passes"

    def test_a_mistake_in_a_file_that_the_learner_does_not_edit(self, mini, prove):
        other = mini.read("solutions/01_first/mistakes/1.1/forgets_the_name.patch")
        mini.write(self.PATCH, other)
        told = one_broken(prove("mistakes", "1.2"))
        assert told == f"{self.PATCH}: changes app/greeting.py, which the learner does not edit"

    def test_a_patch_that_does_not_apply(self, mini, prove):
        mini.replace(SUMS, "a + b", "b + a")
        told = broken(prove("mistakes", "1.2"))
        assert told[self.PATCH].startswith("does not apply: error: patch failed: app/sums.py")

    def test_a_patch_with_words_before_it(self, mini, prove):
        mini.write(self.PATCH, "What goes wrong.\n" + mini.read(self.PATCH))
        assert "does not begin with the diff" in one_broken(prove("mistakes", "1.2"))

    def test_other_words_than_declared(self, mini, prove):
        mini.replace(STEP_1, "2 and 3 make 5, not -1", "2 and 3 make 5, not minus one")
        assert "not minus one' but '2 and 3 make 5, not -1'" in one_broken(prove("mistakes", "1.2"))

    def test_another_test_than_declared(self, mini, prove):
        mini.replace(
            STEP_1,
            'subtracts = {test = "test_two_numbers_are_added"',
            'subtracts = {test = "test_b"',
        )
        assert "there is no test test_b" in one_broken(prove("mistakes", "1.2"))

    def test_a_declared_test_that_passes(self, mini, prove):
        mini.replace(
            STEP_1,
            'no_limit = {test = "test_a_sum_has_a_limit"',
            'no_limit = {test = "test_two_numbers_are_added"',
        )
        assert "test_two_numbers_are_added passed" in one_broken(prove("mistakes", "1.2"))

    def test_a_mistake_that_makes_the_test_crash(self, mini, prove):
        mini.replace(
            TEST_SUMS, "    assert text == str(a", "    int(text)\n    assert text == str(a"
        )
        mini.replace(self.PATCH, "+    total = a - b", '+    return "none"')
        told = broken(prove("mistakes", "1.2"))
        assert "makes the test itself crash" in told[self.PATCH]

    def test_a_mistake_that_does_not_load(self, mini, prove):
        mini.replace(self.PATCH, "a - b", "a -")
        assert "does not even load" in one_broken(prove("mistakes", "1.2"))

    def test_too_few_of_them(self, mini, prove):
        mini.path(self.PATCH).unlink()
        lines = mini.read(STEP_1).splitlines(keepends=True)
        mini.write(STEP_1, "".join(line for line in lines if not line.startswith("subtracts")))
        assert "2 of at least 3 mistakes" in one_broken(prove("mistakes", "1.2"))


class TestAlternatives:
    FILE = "solutions/01_first/alternatives/1.2/with_min/app/sums.py"

    def test_an_alternative_that_fails(self, mini, prove):
        mini.replace(self.FILE, "min(100", "min(101")
        assert "does not pass: not_yet: test_a_sum_has_a_limit" in one_broken(prove("alternatives"))

    def test_an_alternative_that_is_the_solution(self, mini, prove):
        mini.write(self.FILE, mini.read(SUMS))
        assert "is the solution itself" in one_broken(prove("alternatives"))

    def test_an_alternative_of_another_file(self, mini, prove):
        mini.write("solutions/01_first/alternatives/1.2/with_min/app/greeting.py", "")
        assert "holds app/greeting.py" in one_broken(prove("alternatives"))

    def test_too_few_for_the_exercises_weight(self, mini, prove):
        mini.path(self.FILE).unlink()
        assert "1 of at least 2 alternatives" in one_broken(prove("alternatives"))

    def test_a_light_exercise_needs_none(self, mini, prove):
        mini.replace(STEP_1, "points = 20", "points = 10")
        mini.path(self.FILE).unlink()
        assert broken(prove("alternatives")) == {}


class TestBothSubjects:
    def test_a_test_that_sees_where_it_runs(self, mini, prove):
        mini.replace(
            TEST_GREETING,
            "def test_what_is_not_there_is_missing(client):\n",
            "def test_what_is_not_there_is_missing(client, request):\n"
            '    assert request.config.getoption("--subject") == "direct", "it runs elsewhere"\n',
        )
        told = broken(prove("both-subjects", "1.1"))
        assert "is solved in process, not_yet across" in told["1.1 on the solution"]


class TestMutants:
    def test_a_survivor_is_listed_with_its_line_and_difference(self, mini, prove):
        mini.replace(TEST_SUMS, "[(100, 1), (99, 2), (500, 500)]", "[(500, 500)]")
        survivors = [each for each in prove("mutants", "1.2") if "survives" in each.what]
        assert {each.where for each in survivors} == {f"{SUMS}:7"}
        assert "survives: constant\n- if total > 100:\n+ if total > 101:" in {
            each.what for each in survivors
        }

    def test_too_many_survivors_break_the_proof(self, mini, prove):
        mini.replace(TEST_SUMS, "[(100, 1), (99, 2), (500, 500)]", "[(0, 100)]")
        told = broken(prove("mutants", "1.2"))
        assert (
            "killed, 6" in told["mutants of 01_first"] or "killed, 5" in told["mutants of 01_first"]
        )

    def test_a_sample_is_spread_and_says_so(self, prove):
        def told(**sample: int) -> tuple[int, str]:
            found = prove("mutants", "1.2", **sample)
            return sum(each.state == "holds" for each in found), found[-1].what

        every, whole = told()
        tried, part = told(mutants=4)
        assert "sample" not in whole
        assert tried < every, "as many as without a limit"
        assert part.endswith(f"killed, a sample of {every}")

    def test_a_declared_mutant_that_a_test_kills(self, mini, prove):
        mini.replace("solutions/01_first/mutants.toml", "(total >= 100)", "total > 101")
        told = broken(prove("mutants", "1.2"))
        assert "matches no survivor" in told["solutions/01_first/mutants.toml, equivalent 1"]

    @pytest.mark.parametrize("reason", [" ", "x", "no matter"])
    def test_a_declared_mutant_without_a_reason(self, mini, prove, reason):
        mini.replace("solutions/01_first/mutants.toml", "a total of 100 is 100 either way", reason)
        with pytest.raises(CourseError, match=r"mutants\.toml: equivalent 1\.reason"):
            prove("mutants", "1.2")

    def test_an_exercise_that_kills_what_another_one_solved(self, mini, prove):
        weak = 'def test_it_is_there(client):\n    assert client.get("/add/1/1").text != "-1"\n'
        mini.write(TEST_SUMS, weak)
        told = broken(prove("mutants", "1.2"))
        assert told, "the exercise's own tests kill next to nothing"
        mini.write(TEST_GREETING, mini.read(TEST_GREETING) + STRICT)
        assert broken(prove("mutants", "1.2")) == {}

    def test_an_earlier_exercise_that_asked_for_the_file(self, mini, prove):
        again = SUMS.replace("01_first", "02_second")
        mini.replace(
            "steps/02_second/step.toml", '"app/times.py"]', '"app/times.py", "app/sums.py"]'
        )
        mini.write(again, mini.read(SUMS))

        def alive() -> int:
            found = prove("mutants", "2.1")
            return sum(each.where.startswith(again) and "survives" in each.what for each in found)

        every = alive()
        mini.replace(TEST_SUMS, "[(100, 1), (99, 2), (500, 500)]", "[(500, 500)]")
        assert every < alive(), "what only a case of 1.2 notices is as alive with it as without"

    def test_a_solution_that_fails_kills_nothing(self, mini, prove):
        mini.replace(SUMS, "return total", "return total + 1")
        assert "the solution does not pass 1.2" in one_broken(prove("mutants", "1"))


STRICT = """

def test_the_sums_are_right_too(client):
    for a, b, total in ((2, 3, 5), (50, 50, 100), (100, 1, 100), (90, 9, 99)):
        text = client.get(f"/add/{a}/{b}").text
        assert text == str(total), f"{a} and {b} make {total}, not {text}"
"""


class TestCommand:
    @pytest.fixture
    def run(self, mini, monkeypatch):
        def run(*arguments):
            monkeypatch.chdir(mini.root / "steps")
            return CliRunner().invoke(author, ["verify", "--jobs", "1", *arguments])

        return run

    def test_what_holds_exits_with_0(self, run):
        result = run("--only", "claims,changes")
        assert result.exit_code == 0
        assert result.output.split() == ["claims", "3", "hold", "changes", "1", "hold"]

    def test_what_is_broken_exits_with_1_and_says_what_to_do(self, run, mini):
        mini.replace(STEP_1, 'covers = ["1.1b"]', 'covers = ["1.1a"]')
        result = run("--only", "claims")
        assert result.exit_code == 1
        assert "2 hold, 1 BROKEN" in result.output
        assert "claim 1.1b" in result.output
        assert "do practise it" in result.output

    def test_json_says_the_same(self, run, mini):
        mini.replace(STEP_1, 'covers = ["1.1b"]', 'covers = ["1.1a"]')
        result = run("--only", "claims", "--json")
        told = json.loads(result.output)
        assert result.exit_code == 1
        assert told["holds"] is False
        assert told["proofs"]["claims"]["holds"] == 2
        assert told["proofs"]["claims"]["broken"][0]["where"] == "claim 1.1b"

    def test_an_unknown_proof_is_a_usage_error(self, run):
        result = run("--only", "miracles")
        assert result.exit_code == 2
        assert "they are manifests, claims" in result.output

    def test_an_unknown_exercise_is_a_usage_error(self, run):
        result = run("7.7")
        assert result.exit_code == 2
        assert "the exercises are 1.1, 1.2, 2.1" in result.output

    def test_a_manifest_that_cannot_be_read_exits_with_1(self, run, mini):
        mini.replace(STEP_1, "points = 20", "points = 0")
        result = run()
        assert result.exit_code == 1
        assert "exercise 1.2.points: must be at least 1" in result.output


def test_a_scope_is_named_by_step_or_exercise(mini):
    from checker.author.verify import scope_of

    course = mini.course
    assert [e.id for e in scope_of(course, []).exercises] == ["1.1", "1.2", "2.1"]
    assert [e.id for e in scope_of(course, ["1", "2.1"]).exercises] == ["1.1", "1.2", "2.1"]
    assert [s.name for s in scope_of(course, ["1", "2.1"]).steps] == ["01_first"]
    with pytest.raises(NotFound):
        scope_of(course, ["9"])
