"""The test's side of an exercise whose answer is a test: planted bugs, and who finds them.

A suite is run blind on one variant of the app after another: on bugs, and among them on the
right code, several times, also written in other ways, in an order that nobody can foretell. Only
whoever is green on everything that is right and red on a bug has found that bug.
"""

from __future__ import annotations

import ast
import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checker.harness.errors import AuthorError
from checker.harness.suites import TESTS, Order, SuiteRun

_TOGETHER = 3
"""So many bugs are run with one right variant among them, before any of them is judged."""

_PROBE = f"{TESTS}/test_of_the_course.py"
_APP = {"app", "deploy", "migrations"}
_TEXT = {".conf", ".css", ".html", ".ini", ".js", ".mako", ".py", ".toml"}


@dataclass(frozen=True)
class Change:
    """``old`` stands in ``file`` exactly once, and becomes ``new``."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Variant:
    """The app with some changes. Of a bug, ``says`` is the effect: "a loan can be …"."""

    name: str
    says: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Exam:
    """What a suite is examined with: its files, bugs, and other ways to write what is right.

    ``years``: how many years from now it must still be right.
    """

    tests: tuple[str, ...]
    bugs: tuple[Variant, ...] = ()
    ways: tuple[Variant, ...] = ()
    years: int = 0

    @property
    def names(self) -> list[str]:
        return [bug.name for bug in self.bugs]


def bug(name: str, effect: str, file: str, old: str, new: str) -> Variant:
    """A bug of one change."""
    return Variant(name, effect, (Change(file, old, new),))


RIGHT = Variant("as_it_is", "the right code")

Run = Callable[[Order], SuiteRun]


class Suite:
    """The learner's tests: the fixture ``suite``. One sitting for each exam of a run."""

    def __init__(
        self,
        step: Path,
        warm: Run,
        run: Run,
        sittings: dict[Exam, Sitting],
        probes: dict[str, SuiteRun],
    ) -> None:
        self._step = step
        self._warm = warm
        self._run = run
        self._sittings = sittings
        self._probes = probes

    def missed(self, exam: Exam, name: str) -> str:
        """Why the bug called ``name`` was not found, in words for the learner; empty if it was.

        It was, where a test fails with it, and none has failed without.
        """
        sitting = self._sitting(exam)
        place = exam.names.index(name)
        self._run_to(sitting, place // _TOGETHER)
        wrong = sitting.wrong(self._run)
        if wrong:
            return f"{wrong}: what is red without a bug finds none"
        found, effect = sitting.found[name], exam.bugs[place].says
        broken = found.of("broken") or found.of("skipped")
        if found.of("failed"):
            return ""
        if broken is None:
            return f"a bug survived your tests: {effect}"
        return (
            f"with a bug planted ({effect}) no test of yours fails, they break off: {broken.text}"
        )

    def wrong(self, exam: Exam) -> str:
        """What is wrong on the right code, in words; empty if every test passes, in any order."""
        sitting = self._sitting(exam)
        self._run_to(sitting, len(sitting.blocks) - 1)
        return sitting.wrong(self._run)

    def probe(self, text: str) -> tuple[Mapping[str, Any], str]:
        """What a test file of the course's own has noted, run among the learner's tests.

        It notes with ``record_property``, and does not judge: what is right stays out here. The
        second part says why it could not do so, in words; empty if it could.
        """
        if text not in self._probes:
            app = app_of(self._step)
            self._warm(Order(app, (), {}))
            order = Order(app, (_PROBE,), {_PROBE: text}, secrets.randbits(32), whole=True)
            self._probes[text] = self._run(order)
        run = self._probes[text]
        if not run.told:
            return run.noted, ""
        said = run.told[0]
        return run.noted, said.message if said.where.startswith(_PROBE) else said.text

    def _sitting(self, exam: Exam) -> Sitting:
        if exam not in self._sittings:
            app = app_of(self._step)
            self._warm(Order(app, (), {}))
            self._sittings[exam] = Sitting(exam, app)
        return self._sittings[exam]

    def _run_to(self, sitting: Sitting, last: int) -> None:
        while sitting.done <= last:
            sitting.run_next(self._run)


@dataclass(frozen=True)
class _Turn:
    variant: Variant
    order: Order
    is_bug: bool


class Sitting:
    """One exam of one suite: blocks of variants, shuffled, and what came of those that were run."""

    def __init__(self, exam: Exam, app: Mapping[str, str]) -> None:
        self.exam = exam
        self.done = 0
        self.found: dict[str, SuiteRun] = {}
        self.right: list[tuple[_Turn, SuiteRun]] = []
        # What was run once more, in another order or year, after it was red; and was green then.
        self._again: list[Order] = []
        self._green: list[Order] = []
        touched = {change.file for each in (*exam.bugs, *exam.ways) for change in each.changes}
        self._app, self._touched = app, touched
        starts = range(0, max(len(exam.bugs), 1), _TOGETHER)
        self.blocks = [
            [self._turn(each, True) for each in exam.bugs[start : start + _TOGETHER]]
            for start in starts
        ]
        for place, turn in enumerate(self._right_turns()):
            self.blocks[place % len(self.blocks)].append(turn)
        for block in self.blocks:
            random.shuffle(block)

    def run_next(self, run: Run) -> None:
        for turn in self.blocks[self.done]:
            result = run(turn.order)
            if turn.is_bug:
                self.found[turn.variant.name] = result
            else:
                self.right.append((turn, result))
        self.done += 1

    def wrong(self, run: Run) -> str:
        """What is wrong with the suite on the right code, so far; empty where nothing is."""
        other = "written differently"
        # What fails on the code as it is says most; what fails on another way says the rest.
        for turn, result in sorted(self.right, key=lambda each: each[0].variant is not RIGHT):
            told = result.of("failed")
            broken, skipped = result.of("broken"), result.of("skipped")
            order = turn.order
            if told is not None and self._passes(run, replace(order, seed=None, backwards=False)):
                return f"passes as the files stand, and in another order no more: {told.text}"
            if told is not None and order.years and self._passes(run, replace(order, years=0)):
                return f"passes today, and not in {order.years} years: {told.text}"
            if told is not None and turn.variant is not RIGHT:
                return f"fails on code that does the same and is only {other}: {told.text}"
            if told is not None:
                return f"fails on the right code: {told.text}"
            if broken is not None and turn.variant is not RIGHT:
                return f"your tests break off on code that is only {other}: {broken.text}"
            if broken is not None:
                return f"your tests break off on the right code: {broken.text}"
            if skipped is not None:
                return f"a test that does not run says nothing: {skipped.text}"
            if not result.passed:
                return f"no test was found in {' and '.join(self.exam.tests)}: write one"
        return ""

    def _passes(self, run: Run, order: Order) -> bool:
        """Whether all is green on a turn that was red, in this order of tests or this year."""
        if order not in self._again:
            again = run(order)
            self._again.append(order)
            if not again.told and again.passed > 0:
                self._green.append(order)
        return order in self._green

    def _right_turns(self) -> list[_Turn]:
        """The right code twice, in one order and back: of two tests, each comes first once.

        Where the exam says so, it is years later on the way back.
        """
        there = self._turn(RIGHT, False)
        order, years = there.order, self.exam.years
        back = replace(order, backwards=True, years=years)
        ways = [self._turn(way, False) for way in self.exam.ways]
        turns = [there, *ways, _Turn(RIGHT, back, False)]
        return random.sample(turns, len(turns))

    def _turn(self, variant: Variant, is_bug: bool) -> _Turn:
        changed = dict(self._app)
        for change in variant.changes:
            changed[change.file] = _changed(changed.get(change.file, ""), change, variant.name)
        for name in self._touched:
            # In one spelling, comments and all left out: nothing tells a change but what it does.
            changed[name] = ast.unparse(ast.parse(changed[name]))
        order = Order(changed, self.exam.tests, {}, secrets.randbits(32))
        return _Turn(variant, order, is_bug)


def app_of(step: Path) -> dict[str, str]:
    """The app as the course has it, by path: what a suite is examined with."""
    found = {}
    for folder in sorted(_APP):
        for path in sorted((step / folder).rglob("*")):
            if path.suffix in _TEXT and path.is_file():
                found[path.relative_to(step).as_posix()] = path.read_text(encoding="utf-8")
    return found


def _changed(text: str, change: Change, name: str) -> str:
    count = text.count(change.old)
    if count != 1:
        raise AuthorError(f"{name}: {change.file} has {count} times, not once: {change.old!r}")
    return text.replace(change.old, change.new)
