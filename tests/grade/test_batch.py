"""What is graded, what is looked up, and what becomes of work that fails on our side."""

from __future__ import annotations

import random
import time
from collections import Counter
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime

import archives
import pytest

from checker.engine.verdict import Failure, TestResult, Verdict
from checker.errors import UserError
from checker.grade import batch, workers
from checker.grade.batch import Plan, Request, carry_out, chosen, with_students
from checker.grade.hidden import read_hidden
from checker.grade.intake import take_in
from checker.grade.isolation import Tier
from checker.grade.journal import Journal
from checker.grade.late import Policy
from checker.grade.model import Flag
from checker.grade.roster import read_roster
from checker.grade.worker import starter_files, until_stuck

TESTS = {
    "1.1": ("test_a_visitor_is_greeted_by_name", "test_what_is_not_there_is_missing"),
    "1.2": ("test_two_numbers_are_added[2-3]", "test_a_sum_has_a_limit[99-2]"),
    "2.1": ("test_two_numbers_are_multiplied",),
}
GUARD = "test_what_is_not_there_is_missing"
FILES = {"1.1": "app/greeting.py", "1.2": "app/sums.py", "2.1": "app/times.py"}
TIER = Tier("bwrap", ("network", "seccomp"))


class Threads:
    """Workers that run where we are, and nothing but ``answer``."""

    def __init__(self, executor: Executor, jobs: int = 2) -> None:
        self.executor = executor
        self.jobs = jobs
        self.renewed = 0

    def submit(self, terms, task):
        return self.executor.submit(workers.run, terms, task)

    def width(self):
        return self.jobs

    def renew(self):
        self.renewed += 1

    def close(self, *, at_once):
        self.executor.shutdown(wait=True)


class Silent:
    def begin(self, students, known, parts):
        self.counted = (students, known, parts)

    def ended(self, part, error):
        pass


@pytest.fixture
def examined(monkeypatch, course):
    """What the workers were asked; they find an exercise solved when its file is the solution."""
    asked = []

    def answer(terms, task):
        asked.append(task)
        time.sleep(random.random() / 500)
        step = course.step(task.step)
        verdicts = []
        for exercise in () if task.hidden_only else step.exercises:
            right = (step.solutions / FILES[exercise.id]).read_bytes()
            solved = task.files.get(FILES[exercise.id]) == right
            tests = [
                {
                    "name": name,
                    "outcome": "passed" if solved or name == GUARD else "failed",
                    "seconds": 0.0,
                    "failure": None,
                }
                for name in TESTS[exercise.id]
            ]
            verdicts.append(verdict(exercise.id, "solved" if solved else "not_yet", tests))
        for test in terms.hidden:
            tests = [
                {"name": "test_easy", "outcome": "passed", "seconds": 0.0, "failure": None},
                {
                    "name": "test_hard",
                    "outcome": "failed" if task.hidden_only else "passed",
                    "seconds": 0.0,
                    "failure": None,
                },
            ]
            verdicts.append(verdict(test.id, "not_yet", tests))
        return {
            "verdicts": verdicts,
            "flags": [],
            "exercises": {each["exercise"]: 0.1 for each in verdicts},
            "began": "2026-11-22T10:00:00+00:00",
            "seconds": 0.5,
        }

    monkeypatch.setattr(workers, "run", answer)
    answer.asked = asked
    return answer


def verdict(exercise, state, tests, problem=None):
    return {
        "exercise": exercise,
        "state": state,
        "tests": tests,
        "seconds": 0.0,
        "problem": problem,
        "warnings": [],
    }


@pytest.fixture
def handed_in(tmp_path, starter, half, solved):
    """A class: everything, half, nothing, an empty folder, and a page of prose."""
    folder = tmp_path / "in"
    for name, files in (("ann", solved), ("ben", half), ("cid", starter)):
        for path, content in files.items():
            archives.put(folder / name / path, content)
    (folder / "dan").mkdir()
    archives.put(folder / "eve.zip", archives.zipped({"essay.txt": b"I tried."}))
    return folder


@pytest.fixture
def grading(tmp_path, course, handed_in):
    """``grading(...)`` plans and carries out: what came of it, and what there was to do."""

    def run(jobs=2, tier=TIER, make=None, out="out", **changes):
        request = Request(course, take_in(handed_in), "class", **changes)
        return do(request, jobs, tier, make, out)

    def do(request, jobs=2, tier=TIER, make=None, out="out"):
        journal = Journal(tmp_path / out / "journal.jsonl")
        try:
            plan = Plan(request, tier, journal)
            todo = [part.student for part in plan.todo]
            pool = make or (lambda: Threads(ThreadPoolExecutor(jobs), jobs))
            return carry_out(plan, pool, Silent()), todo
        finally:
            journal.close()

    run.do = do
    return run


def grades(found):
    return {grade.student: grade for grade in found.report.grades}


def scores(found):
    return {name: grade.score for name, grade in grades(found).items()}


def test_everyone_gets_what_they_earned(examined, grading):
    found, todo = grading()
    assert todo == ["ann", "ben", "cid"]
    assert scores(found) == {"ann": 30.0, "ben": 20.0, "cid": 0.0, "dan": 0.0, "eve": 0.0}
    by_name = grades(found)
    assert {name: grade.standing for name, grade in by_name.items()} == {
        "ann": "graded",
        "ben": "graded",
        "cid": "graded",
        "dan": "unreadable",
        "eve": "unreadable",
    }
    assert by_name["dan"].reason == "it is empty"
    assert "needs a folder" in by_name["eve"].reason
    assert found.report.steps == ("01_first",), "the steps that somebody handed in"
    assert {grade.possible for grade in by_name.values()} == {30.0}
    guards = {test.name for test in by_name["ann"].exercises[0].tests if test.guard}
    assert guards == {GUARD}


def test_a_step_that_is_asked_for_and_not_there_is_absent(examined, grading, course):
    found, _ = grading(steps=course.steps)
    ann = grades(found)["ann"]
    assert ann.score == 30.0
    assert ann.possible > 30.0
    assert [each.state for each in ann.exercises if each.step == "02_second"] == ["absent"]


def test_who_handed_in_another_step_only_has_no_score(examined, grading, course):
    found, todo = grading(steps=course.steps[1:])
    assert todo == []
    ann = grades(found)["ann"]
    assert (ann.standing, ann.score, ann.adjusted) == ("missing", None, None)
    assert ann.reason == "nothing of 02_second was handed in, only 01_first"


def test_one_learners_extra_step_is_asked_of_nobody_else(examined, grading, handed_in, course):
    both = {f"{s.name}/{n}": data for s in course.steps for n, data in starter_files(s).items()}
    archives.put(handed_in / "fay.zip", archives.zipped(both))
    found, todo = grading()

    assert todo == ["ann", "ben", "cid", "fay"]
    assert {grade.possible for grade in found.report.grades} == {30.0}
    assert [problem.message for problem in found.report.problems] == [
        "02_second is not graded: 1 of 4 (fay) handed it in; say what was asked for with --step"
    ]
    found, _ = grading(steps=course.steps)
    assert {grade.possible for grade in found.report.grades} == {40.0}
    assert found.report.problems == ()


def test_what_most_have_counts_for_all_and_who_lacks_it_is_named(
    examined, grading, handed_in, course
):
    second = starter_files(course.steps[1])
    for name in ("fay", "gus", "hal", "ida", "jon"):
        archives.put(handed_in / f"{name}.zip", archives.zipped({**second, "who": name}))
    found, _ = grading()

    assert found.report.steps == ("02_second",)
    hint = "say what was asked for with --step"
    assert [problem.message for problem in found.report.problems] == [
        f"01_first is not graded: 3 of 8 (ann, ben, cid) handed it in; {hint}",
        f"02_second counts for all: 3 of 8 (ann, ben, cid) lack it; {hint}",
    ]


def test_thirds_are_rounded_when_they_are_summed(monkeypatch, examined, grading):
    def thirds(terms, task):
        found = examined(terms, task)
        for each, passed in zip(found["verdicts"], (1, 2), strict=True):
            each["tests"] = [
                {"name": f"test_{n}", "outcome": outcome, "seconds": 0.0, "failure": None}
                for n, outcome in enumerate(["passed"] * passed + ["failed"] * (3 - passed))
            ]
        return found

    monkeypatch.setattr(workers, "run", thirds)
    found, _ = grading()
    assert scores(found)["ann"] == 16.666667, "not 3.333333 and 13.333333"


def test_what_is_known_is_not_graded_again(examined, grading):
    first, _ = grading()
    again, todo = grading()
    assert todo == []
    assert again.report == first.report
    assert again.timings == first.timings


def test_one_edited_file_regrades_one_submission(examined, grading, handed_in):
    grading()
    (handed_in / "cid" / "app" / "sums.py").write_bytes(b"def add(a, b): ...\n")
    _, todo = grading()
    assert todo == ["cid"]


def test_a_file_that_changed_back_is_known(examined, grading, handed_in):
    grading()
    file = handed_in / "cid" / "app" / "sums.py"
    before = file.read_bytes()
    file.write_bytes(b"")
    grading()
    file.write_bytes(before)
    assert grading()[1] == []


def test_two_learners_with_the_same_files_are_graded_each(examined, grading, handed_in, solved):
    for path, content in solved.items():
        archives.put(handed_in / "ann2" / path, content)
    found, _ = grading()
    assert scores(found)["ann2"] == 30.0


@pytest.mark.parametrize(
    "other",
    [
        {"tier": Tier("none")},
        {"tier": Tier("bwrap", ("network",))},
        {"seed": 7},
    ],
)
def test_another_sandbox_or_seed_is_another_result(examined, grading, other):
    grading()
    assert len(grading(**other)[1]) == 3


def test_another_version_of_the_checker_or_its_packages_grades_again(
    examined, grading, monkeypatch
):
    grading()
    with monkeypatch.context() as patch:
        patch.setattr(batch.hashes, "checker_digest", lambda: "other")
        assert len(grading()[1]) == 3
    with monkeypatch.context() as patch:
        patch.setattr(batch.hashes, "environment_digest", lambda: "other")
        assert len(grading()[1]) == 3
    assert grading()[1] == []


def test_the_same_bytes_come_of_any_order_and_number_of_jobs(examined, grading):
    found = [grading(jobs=jobs, out=f"out{jobs}")[0].report for jobs in (1, 2, 5)]
    assert found[0] == found[1] == found[2]


def test_the_same_files_always_meet_the_same_values(examined, grading, handed_in):
    grading(out="one")
    first = {task.files["app/sums.py"]: task.seed for task in examined.asked}
    grading(out="two")
    assert {task.files["app/sums.py"]: task.seed for task in examined.asked[3:]} == first
    seeds = {task.seed for task in examined.asked}
    assert len(seeds) == 3, "and others meet others"


def test_one_learner_alone_is_graded_anew(examined, grading, course, handed_in):
    grading()
    request = with_students(Request(course, take_in(handed_in), "class"), ["ben"])
    found, todo = grading.do(request)
    assert todo == ["ben"]
    assert found.left_out == ()
    assert scores(found)["ann"] == 30.0


def test_who_was_not_asked_for_and_is_not_known_is_left_out(examined, grading, course, handed_in):
    request = with_students(Request(course, take_in(handed_in), "class"), ["ben"])
    found, todo = grading.do(request)
    assert todo == ["ben"]
    assert found.left_out == ("ann", "cid")
    with pytest.raises(UserError, match="no submission of 'bem'; do you mean ben"):
        with_students(request, ["bem"])


def test_who_did_not_get_everything_is_chosen(examined, grading):
    found, _ = grading()
    assert chosen(found.report) == {"ben", "cid", "dan", "eve"}
    assert grading(again=chosen(found.report))[1] == ["ben", "cid"]


def test_a_fault_of_ours_is_no_score_and_is_tried_again(monkeypatch, examined, grading):
    def broken(terms, task):
        found = examined(terms, task)
        if b"total" not in task.files["app/sums.py"]:
            found["verdicts"][0] = verdict("1.1", "fault", [], {"message": "the test crashed"})
        return found

    monkeypatch.setattr(workers, "run", broken)
    found, _ = grading()
    cid = grades(found)["cid"]
    assert (cid.standing, cid.score) == ("ungraded", None)
    assert cid.reason == "01_first: 1.1: the test crashed"
    assert scores(found)["ann"] == 30.0
    monkeypatch.setattr(workers, "run", examined)
    found, todo = grading()
    assert todo == ["cid"]
    assert scores(found)["cid"] == 0.0


def test_an_error_in_a_worker_is_told_and_stops_nobody_else(monkeypatch, examined, grading):
    def broken(terms, task):
        if b"total" not in task.files["app/sums.py"]:
            raise OSError(28, "No space left on device")
        return examined(terms, task)

    monkeypatch.setattr(workers, "run", broken)
    found, _ = grading()
    assert grades(found)["cid"].standing == "ungraded"
    assert "No space left" in grades(found)["cid"].reason
    assert scores(found)["ben"] == 20.0


class Fragile(ThreadPoolExecutor):
    """Dies, with all that runs in it, when it is given a deadly task; as a process pool does."""

    deaths = 0

    def __init__(self):
        super().__init__(4)
        self.dead = False

    def submit(self, function, terms, task):
        if self.dead:
            raise BrokenExecutor
        if b"total" in task.files["app/sums.py"]:
            return super().submit(function, terms, task)
        self.dead = True
        Fragile.deaths += 1
        future = Future()
        future.set_exception(BrokenExecutor("a process died"))
        return future


def test_who_kills_the_workers_is_given_up_and_the_others_are_graded(examined, grading):
    class Mortal(Threads):
        def renew(self):
            super().renew()
            self.executor = Fragile()

    Fragile.deaths = 0
    pool = Mortal(Fragile(), 4)
    found, _ = grading(make=lambda: pool)
    cid = grades(found)["cid"]
    assert (cid.standing, cid.score) == ("ungraded", None)
    assert "died each time" in cid.reason
    assert {name: scores(found)[name] for name in ("ann", "ben")} == {"ann": 30.0, "ben": 20.0}
    assert Fragile.deaths == pool.renewed == 3
    assert grading()[1] == ["cid"]


def test_a_submission_that_changes_meanwhile_is_graded_next_time(examined, grading, handed_in):
    class Slow(Threads):
        def width(self):
            (handed_in / "cid" / "app" / "sums.py").write_bytes(b"# in between\n")
            return 1

    found, _ = grading(make=lambda: Slow(ThreadPoolExecutor(1)))
    assert grades(found)["cid"].standing == "ungraded"
    assert "changed while" in grades(found)["cid"].reason
    found, todo = grading()
    assert todo == ["cid"]
    assert grades(found)["cid"].standing == "graded"


def test_a_test_that_flips_is_unstable_and_the_first_run_counts(monkeypatch, examined, grading):
    def moody(terms, task):
        found = examined(terms, task)
        if task.shuffled and task.files["app/sums.py"].count(b"total"):
            found["verdicts"][1]["tests"][0]["outcome"] = "failed"
        return found

    monkeypatch.setattr(workers, "run", moody)
    once, _ = grading()
    found, todo = grading(repeat=3)
    assert Counter(todo) == {"ann": 2, "ben": 2, "cid": 2}, "the first run is known"
    ann = grades(found)["ann"]
    assert ann.score == grades(once)["ann"].score == 30.0
    assert [each.unstable for each in ann.exercises] == [(), ("test_two_numbers_are_added[2-3]",)]
    assert [flag.code for flag in ann.flags] == ["unstable"]
    assert grades(found)["cid"].flags == ()


def test_the_raw_score_stays_beside_the_adjusted_one(
    examined, grading, tmp_path, course, handed_in
):
    file = tmp_path / "roster.csv"
    file.write_text(
        "id,submitted_at\nann,2026-11-22T00:00Z\nben,2026-11-19T00:00Z\ncid,\nzoe,\n", "utf-8"
    )
    intake = take_in(handed_in, read_roster(file))
    due = datetime(2026, 11, 20, tzinfo=UTC)
    policy = Policy(deduction_per_day=0.25)
    request = Request(course, intake, "class", due=due, policy=policy)
    found, _ = grading.do(request)
    by_name = grades(found)
    ann, ben, cid, zoe = (by_name[name] for name in ("ann", "ben", "cid", "zoe"))
    assert (ann.score, ann.adjusted) == (30.0, 15.0)
    assert (ann.lateness.seconds, ann.lateness.factor) == (172_800, 0.5)
    assert (ben.score, ben.adjusted, ben.lateness) == (20.0, 20.0, None)
    assert [flag.code for flag in cid.flags] == ["time_unknown"], "its mtime is not believed"
    assert (zoe.standing, zoe.score, zoe.adjusted) == ("missing", None, None)
    assert Counter(problem.code for problem in found.report.problems) == {
        "missing_submission": 1,
        "unknown_student": 2,
    }


def test_what_canvas_marks_late_without_a_time_is_for_a_human(
    examined, grading, handed_in, course, solved
):
    archives.put(handed_in / "hopper_LATE_7_8_a.zip", archives.zipped(solved))
    due = datetime(2026, 11, 20, tzinfo=UTC)
    request = Request(course, take_in(handed_in), "class", due=due)
    found, _ = grading.do(request)
    hopper = grades(found)["7"]
    assert (hopper.score, hopper.adjusted) == (30.0, 30.0)
    assert [flag.code for flag in hopper.flags] == ["late_by_unknown"]


def test_a_duplicate_has_no_score_and_its_reason(examined, grading, handed_in, solved):
    archives.put(handed_in / "ann.zip", archives.zipped(solved))
    found, _ = grading()
    ann = grades(found)["ann"]
    assert (ann.standing, ann.score) == ("ungraded", None)
    assert ann.reason == "handed in more than once: 'ann', 'ann.zip'; leave the one that counts"


def test_nothing_of_a_submission_is_changed(examined, grading, handed_in):
    def everything():
        return {
            path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in handed_in.rglob("*")
        }

    before = everything()
    grading()
    assert everything() == before


def test_provenance_names_what_decided(examined, grading):
    found, _ = grading()
    ann, ben = grades(found)["ann"].provenance, grades(found)["ben"].provenance
    assert (ann.tier, ann.layers) == ("bwrap", ("network", "seccomp"))
    assert ann.submission != ben.submission
    assert (ann.tests, ann.checker, ann.environment) == (ben.tests, ben.checker, ben.environment)
    assert {
        len(value) for name, value in asdict(ann).items() if name not in ("tier", "layers")
    } == {64}


def test_an_app_that_never_loads_takes_its_time_once(course):
    taken = []

    def examined(exercises):
        for exercise in exercises:
            taken.append(exercise.id)
            test = TestResult("test_it", "timed_out" if exercise.id == "1.2" else "failed")
            state = "does_not_load" if exercise.id == "1.2" else "not_yet"
            yield Verdict(exercise.id, state, (test,), problem=Failure("a loop"))

    first, second = course.steps[0].exercises
    third = replace(second, id="1.3")
    found = list(until_stuck(examined([first, second, third]), [first, second, third]))
    assert taken == ["1.1", "1.2"]
    assert [each.exercise for each in found] == ["1.1", "1.2", "1.3"]
    assert (found[2].state, found[2].tests) == ("does_not_load", ())
    assert found[2].problem == found[1].problem


class TestExtraTests:
    @pytest.fixture
    def hidden(self, tmp_path, course):
        file = tmp_path / "extra" / "01_first" / "test_more.py"
        archives.put(file, b'"""More than was asked."""\nPOINTS = 4\ndef test_easy(): ...\n')
        return read_hidden(tmp_path / "extra", course)

    def test_they_earn_points_only_where_the_starter_fails(self, examined, grading, hidden):
        found, todo = grading(hidden=hidden)
        assert todo[0] == "", "the starter is examined, too"
        more = grades(found)["ann"].exercises[-1]
        assert (more.id, more.title, more.points, more.earned) == (
            "1.more",
            "More than was asked",
            4,
            4.0,
        )
        assert [(test.name, test.guard, test.hidden) for test in more.tests] == [
            ("test_easy", True, True),
            ("test_hard", False, True),
        ]
        assert grades(found)["dan"].possible == 34.0
        assert grading(hidden=hidden)[1] == []

    def test_another_text_is_another_result(self, examined, grading, hidden):
        grading(hidden=hidden)
        other = tuple(replace(test, content=test.content + b"\n") for test in hidden)
        assert len(grading(hidden=other)[1]) == 4

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("test_mine.py", b"", "belongs to no step"),
            ("09_none/test_mine.py", b"", "there is no step"),
            ("01_first/test_mine.py", b"def", "does not load"),
            ("01_first/test_mine.py", b"POINTS = -1", "at least 1, not -1"),
            ("01_first/mine.py", b"", "holds no tests"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, tmp_path, course, name, content, reason):
        archives.put(tmp_path / "extra" / name, content)
        with pytest.raises(UserError, match=reason):
            read_hidden(tmp_path / "extra", course)
        with pytest.raises(UserError, match="is no folder"):
            read_hidden(tmp_path / "nowhere", course)


@contextmanager
def changed(path, content):
    before = path.read_bytes()
    path.write_bytes(content)
    yield
    path.write_bytes(before)


def test_another_test_of_the_course_grades_its_step_again(examined, grading, course):
    grading()
    file = course.steps[0].tests / "test_1_1_greeting.py"
    with changed(file, file.read_bytes() + b"\n"):
        assert len(grading()[1]) == 3
    assert grading()[1] == []


def test_flags_of_the_examiner_are_kept(monkeypatch, examined, grading):
    flag = {"code": "own_conftest", "message": "a conftest.py of its own", "where": "conftest.py"}
    monkeypatch.setattr(workers, "run", lambda *a: {**examined(*a), "flags": [flag]})
    found, _ = grading()
    assert grades(found)["ann"].flags == (Flag(**flag),)
    assert grades(found)["ann"].score == 30.0, "it had no effect, and costs nothing"


def test_who_meddles_gets_nothing_and_the_reason(monkeypatch, examined, grading):
    def flagged(terms, task):
        flag = {
            "code": "writes_at_exit",
            "message": "writes a file at its end",
            "where": "app/x.py",
        }
        right = b"total" in task.files["app/sums.py"]
        return {**examined(terms, task), "flags": [flag] * right}

    monkeypatch.setattr(workers, "run", flagged)
    found, _ = grading()
    ann = grades(found)["ann"]
    assert (ann.standing, ann.score, ann.adjusted) == ("tampered", 0.0, 0.0)
    assert ann.reason == "writes a file at its end (app/x.py)"
    assert {(each.state, each.earned) for each in ann.exercises} == {("tampered", 0.0)}
    assert grades(found)["cid"].standing == "graded"
