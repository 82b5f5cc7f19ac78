"""Grades a class: what is known already is looked up, the rest is sent to the workers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from checker.course import Course, Step
from checker.errors import UserError
from checker.files import explain
from checker.grade import cache as hashes
from checker.grade.compose import Attempt, Composer
from checker.grade.hidden import HiddenTest, contents
from checker.grade.intake import Intake, Submission
from checker.grade.isolation import Tier
from checker.grade.journal import Journal
from checker.grade.late import Policy
from checker.grade.locate import Located, digest, locate
from checker.grade.model import ClassReport, Flag, Timing
from checker.grade.reading import from_json
from checker.grade.unpack import Refused, read
from checker.grade.worker import Task, Terms, describe, starter_files
from checker.grade.workers import Done, Workers, run_all

# For one test, and for all tests of an exercise that end their process, in seconds.
LIMIT = 10.0
BUDGET = 20.0
# How many learners a sentence names.
_NAMED = 8


@dataclass(frozen=True)
class Request:
    """What was asked for. ``again`` are the learners to grade anew, whatever is known of them.

    With ``only`` nobody else is graded: the others keep what is known of them. Without a ``seed``
    the random values of the tests come from a secret, which the run finds for itself.
    """

    course: Course
    intake: Intake
    title: str
    steps: tuple[Step, ...] = ()
    again: frozenset[str] = frozenset()
    only: bool = False
    repeat: int = 1
    seed: int | None = None
    unsafe: bool = False
    wanted: str | None = None
    due: datetime | None = None
    policy: Policy = field(default_factory=Policy)
    hidden: tuple[HiddenTest, ...] = ()


class Part(NamedTuple):
    """One step of one submission, examined once: the unit of work, and its key."""

    student: str
    step: str
    round: int
    key: str


class Watcher(Protocol):
    """Is told how the work goes."""

    def begin(self, students: int, known: int, parts: int) -> None: ...

    def ended(self, part: Part, error: str | None) -> None: ...


@dataclass(frozen=True)
class Batch:
    """What came of it. ``left_out`` were not asked for, and nothing is known of them."""

    report: ClassReport
    timings: tuple[Timing, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Look:
    """What is in a submission: the digest of each step's work, or why there is none."""

    steps: Mapping[str, str]
    flags: tuple[Flag, ...] = ()
    refused: str | None = None
    error: str | None = None


class Plan:
    """What there is to do, once everything that is known was looked up."""

    def __init__(self, request: Request, tier: Tier, journal: Journal) -> None:
        self.request = request
        self.tier = tier
        self.journal = journal
        self.checker = hashes.checker_digest()
        self.environment = hashes.environment_digest()
        self.used: set[str] = set()
        self._course = digest(
            {f"{s.name}/{n}": data for s in request.course.steps for n, data in _starter(s).items()}
        )
        self.looks = {each.student: self._look(each) for each in request.intake.submissions}
        self.steps, extra = (request.steps, ()) if request.steps else self._steps_handed_in()
        self.problems = (*request.intake.problems, *extra)
        self.tests = {
            step.name: hashes.tests_digest(step, contents(request.hidden, step.name))
            for step in self.steps
        }
        self.baselines = [
            Part("", step.name, 0, self._key(step.name, self._starter_digest(step), 0, hidden=True))
            for step in self.steps
            if contents(request.hidden, step.name)
        ]
        parts = [part for each in request.intake.submissions for part in self._parts(each)]
        self.left_out = tuple(
            sorted({part.student for part in parts if self._is_left_out(part)} - set(request.again))
        )
        self.parts = [part for part in parts if part.student not in self.left_out]
        self.todo = [part for part in self.baselines if part.key not in journal]
        self.todo += [part for part in self.parts if self._is_due(part)]
        self.used |= {part.key for part in (*self.baselines, *self.parts)}

    @property
    def fingerprint(self) -> str:
        """The same for two plans that must make the same report."""
        request = self.request
        return hashes.key(
            "plan",
            parts=[*self.baselines, *self.parts],
            intake=repr(request.intake),
            looks=repr(sorted(self.looks.items())),
            steps=[step.name for step in self.steps],
            title=request.title,
            due=str(request.due),
            policy=repr(request.policy),
            tier=describe(self.tier),
        )

    def terms(self) -> Terms:
        request = self.request
        return Terms(
            course=str(request.course.root.resolve()),
            unsafe=request.unsafe,
            wanted=request.wanted,
            tier=describe(self.tier),
            limit=LIMIT,
            budget=BUDGET,
            checker=self.checker,
            environment=self.environment,
            tests=tuple(sorted(self.tests.items())),
            hidden=request.hidden,
        )

    def _look(self, submission: Submission) -> _Look:
        """What a submission holds; read anew only if the disk says that it changed."""
        if not submission.sources:
            return _Look({}, error=self.request.intake.contested.get(submission.student))
        try:
            signature = hashes.signature(submission.sources)
            made_of = {"source": signature, "course": self._course, "checker": self.checker}
            known = hashes.key("look", **made_of) if signature else None
            table = self.journal.get(known) if known else None
            if table is None:
                table = self._look_anew(submission)
                if known:
                    self.journal.put(known, table, sync=False)
        except OSError as error:
            return _Look({}, error=str(explain(error)))
        if known:
            self.used.add(known)
        return from_json(_Look, table)

    def _look_anew(self, submission: Submission) -> dict[str, Any]:
        try:
            located = self.located(submission)
        except Refused as error:
            return {"steps": {}, "refused": str(error)}
        return {
            "steps": {name: digest(files) for name, files in located.work.items()},
            "flags": [vars(flag) for flag in located.flags],
        }

    def _steps_handed_in(self) -> tuple[tuple[Step, ...], tuple[Flag, ...]]:
        """The steps that most of the class handed in, and who did otherwise.

        One learner's extra step is no reason to ask it of everybody. Where no step was handed in
        by more than half of them, all count that somebody handed in.
        """
        everybody = {name for name, look in self.looks.items() if look.steps}
        having = [
            (step, {name for name in everybody if step.name in self.looks[name].steps})
            for step in self.request.course.steps
        ]
        usual = [step for step, names in having if 2 * len(names) > len(everybody)]
        counted = tuple(usual or [step for step, names in having if names])
        problems = []
        for step, names in having:
            if step in counted and names != everybody:
                words = f"counts for all: {_several(everybody - names, everybody)} lack it"
            elif names and step not in counted:
                words = f"is not graded: {_several(names, everybody)} handed it in"
            else:
                continue
            message = f"{step.name} {words}; say what was asked for with --step"
            problems.append(Flag("uneven_steps", message, step.name))
        return counted, tuple(problems)

    def located(self, submission: Submission) -> Located:
        """Read a submission, and find the steps in it. :class:`Refused` where that fails."""
        if len(submission.sources) == 1:
            return locate(read(submission.sources[0]), self.request.course)
        files = {
            f"{at}/{name}": content
            for at, source in enumerate(submission.sources)
            for name, content in read(source).items()
        }
        return locate(files, self.request.course)

    def _parts(self, submission: Submission) -> Iterator[Part]:
        look = self.looks[submission.student]
        for step in self.steps:
            if step.name in look.steps:
                for turn in range(self.request.repeat):
                    key = self._key(step.name, look.steps[step.name], turn)
                    yield Part(submission.student, step.name, turn, key)

    def _key(self, step: str, files: str, turn: int, *, hidden: bool = False) -> str:
        return hashes.key(
            "step",
            step=step,
            files=files,
            tests=self.tests[step],
            checker=self.checker,
            environment=self.environment,
            tier=describe(self.tier),
            limits=[LIMIT, BUDGET],
            seed=self.request.seed,
            turn=turn,
            hidden=hidden,
        )

    def _starter_digest(self, step: Step) -> str:
        return digest(_starter(step))

    def _is_left_out(self, part: Part) -> bool:
        asked = not self.request.only or part.student in self.request.again
        return not asked and part.key not in self.journal

    def _is_due(self, part: Part) -> bool:
        return part.student in self.request.again or part.key not in self.journal


def carry_out(plan: Plan, workers: Callable[[], Workers] | None, watcher: Watcher) -> Batch:
    """Do what the plan says is to be done, and put everything together.

    ``workers`` makes them when there is anything to do.
    """
    errors: dict[Part, str] = {}
    students = {part.student for part in plan.todo if part.student}
    watcher.begin(len(plan.looks), len(plan.looks) - len(students), len(plan.todo))
    if plan.todo and workers is not None:
        # Closed at once, whatever happens in between: no worker goes on after Ctrl-C.
        with closing(_worked(plan, workers())) as work:
            for ended in work:
                done = ended if ended.result is None else _kept(plan, ended)
                if done.error is not None:
                    errors[done.label] = done.error
                watcher.ended(done.label, done.error)
    batch = _composed(plan, errors)
    plan.journal.tidy(plan.used)
    return batch


def _worked(plan: Plan, workers: Workers) -> Generator[Done[Part], None, None]:
    submissions = {each.student: each for each in plan.request.intake.submissions}
    files_of = _Reader(plan)
    tasks = [
        (part, _maker(plan, part, submissions.get(part.student), files_of)) for part in plan.todo
    ]
    at_once = True
    try:
        yield from run_all(workers, plan.terms(), tasks)
        at_once = False
    finally:
        workers.close(at_once=at_once)


class _Reader:
    """Reads submissions, one after the other, each once though it has several steps."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._last: tuple[str, Located] | None = None

    def __call__(self, submission: Submission, step: str) -> dict[str, bytes]:
        if self._last is None or self._last[0] != submission.student:
            self._last = submission.student, self._plan.located(submission)
        return dict(self._last[1].work[step])


def _maker(
    plan: Plan, part: Part, submission: Submission | None, files_of: _Reader
) -> Callable[[], Task]:
    def make() -> Task:
        if submission is None:
            files = _starter(plan.request.course.step(part.step))
            seed = _seed(plan, part, digest(files))
            return Task(part.step, files, seed, hidden_only=True)
        files = files_of(submission, part.step)
        found = digest(files)
        if found != plan.looks[part.student].steps[part.step]:
            raise UserError("its files changed while the class was graded")
        return Task(part.step, files, _seed(plan, part, found), shuffled=part.round > 0)

    return make


def _seed(plan: Plan, part: Part, files: str) -> str:
    """What the random values of the tests come from.

    It depends on the learner's files, so that the same files always meet the same values, and
    nobody can write an answer for the values that it will meet; and on what the files cannot
    know, so that they cannot reckon them either while they run.
    """
    text = f"{plan.request.seed} {part.step} {part.round} {files}"
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(plan: Plan, done: Done[Part]) -> Done[Part]:
    """Keep a result, unless it says that our machine failed: that is to be tried again."""
    assert done.result is not None  # noqa: S101 - for the type checker
    for verdict in done.result["verdicts"]:
        if verdict["state"] in ("fault", "environment"):
            problem = verdict["problem"] or {"message": "a test of the course failed to run"}
            return Done(done.label, None, f"{verdict['exercise']}: {problem['message']}")
    plan.journal.put(done.label.key, done.result)
    return done


def _composed(plan: Plan, errors: Mapping[Part, str]) -> Batch:
    request = plan.request
    composer = Composer(
        course=request.course,
        steps=plan.steps,
        hidden=_with_guards(plan, errors),
        tier=plan.tier,
        hashes=(plan.checker, plan.environment, plan.tests),
        due=request.due,
        policy=request.policy,
    )
    by_student: dict[str, list[Part]] = {}
    for part in plan.parts:
        by_student.setdefault(part.student, []).append(part)
    grades = []
    timings = []
    for submission in request.intake.submissions:
        if submission.student in plan.left_out:
            continue
        look = plan.looks[submission.student]
        attempts = [
            Attempt(
                part.step,
                part.round,
                None if part in errors else plan.journal.get(part.key),
                errors.get(part),
            )
            for part in by_student.get(submission.student, ())
        ]
        if look.error is not None:
            grades.append(composer.ungraded(submission, look.error))
        elif look.refused is not None:
            grades.append(composer.unreadable(submission, look.refused))
        else:
            grade, timing = composer.graded(submission, look.steps, look.flags, attempts)
            grades.append(grade)
            timings += [timing] if timing else []
    grades += [composer.missing(submission) for submission in request.intake.missing]
    report = ClassReport(
        request.title,
        tuple(step.name for step in plan.steps),
        tuple(sorted(grades, key=lambda grade: grade.student)),
        plan.problems,
    )
    timings.sort(key=lambda timing: timing.student)
    return Batch(report, tuple(timings), plan.left_out)


def _with_guards(plan: Plan, errors: Mapping[Part, str]) -> Mapping[HiddenTest, tuple[str, ...]]:
    """The instructor's tests, each with what in it passes on the starter: that earns nothing."""
    passed: dict[str, tuple[str, ...]] = {}
    for part in plan.baselines:
        if part in errors:
            raise UserError(f"the extra tests of {part.step} cannot run: {errors[part]}")
        result = plan.journal.get(part.key)
        for verdict in result["verdicts"]:
            passed[verdict["exercise"]] = tuple(
                test["name"] for test in verdict["tests"] if test["outcome"] == "passed"
            )
    return {
        test: passed[test.id]
        for test in plan.request.hidden
        if test.step in {step.name for step in plan.steps}
    }


def _several(names: Set[str], of: Set[str]) -> str:
    """``3 of 30 (ann, ben, cid)``"""
    told = sorted(names)[:_NAMED]
    more = ["…"] if len(names) > len(told) else []
    return f"{len(names)} of {len(of)} ({', '.join([*told, *more])})"


def _starter(step: Step) -> dict[str, bytes]:
    return starter_files(step)


def chosen(report: ClassReport) -> frozenset[str]:
    """Who did not get everything last time, or got no score at all."""
    return frozenset(
        grade.student
        for grade in report.grades
        if grade.standing != "missing" and (grade.score is None or grade.score < grade.possible)
    )


def with_students(request: Request, names: Sequence[str]) -> Request:
    """The request, for these learners only; :class:`UserError` for one who is not there."""
    import difflib

    known = [each.student for each in request.intake.submissions]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3)
            hint = f"; do you mean {' or '.join(close)}?" if close else ""
            raise UserError(f"there is no submission of {name!r}{hint}")
    return replace(request, again=frozenset(names), only=True)
