"""The proof that a page judges as CPython does finds where it does not."""

from __future__ import annotations

from dataclasses import replace

from checker.author.bench import Bench
from checker.author.proofs.in_page import judged_alike, served
from checker.course import Exercise
from checker.engine.verdict import TestResult, Verdict


class Page:
    """Judges as CPython does, with something ``changed``; serves with what it is ``told``."""

    def __init__(self, bench, told=None, **changed):
        self.bench = bench
        self.told = told
        self.changed = changed

    def serve(self, tree, starter) -> dict[str, object]:
        return self.told

    def verdict(self, exercise: Exercise, tree, starter) -> Verdict:
        return replace(self.bench.check(tree, exercise), **self.changed)


def findings(mini, engines, local="", sample=False, **changed):
    bench = Bench(mini.course, engines)
    exercise = replace(mini.course.exercise("1.1"), local=local)
    return list(judged_alike(bench, exercise, Page(bench, **changed), sample))


def test_equal_verdicts_hold_on_starter_solution_and_mistakes(mini, engines):
    found = findings(mini, engines)

    assert {each.state for each in found} == {"holds"}
    assert len(found) == 2 + len(mini.course.exercise("1.1").mistakes)
    assert len(findings(mini, engines, sample=True)) == 3


def test_another_verdict_and_another_outcome_are_found(mini, engines):
    state = findings(mini, engines, state="fault")
    tests = findings(mini, engines, tests=(TestResult("test_other", "failed"),))

    assert {each.state for each in state} == {"broken"}
    assert "the verdict is solved in CPython, fault in the page" in state[0].what
    assert {each.state for each in tests} == {"broken"}


def test_a_mark_that_is_not_needed_is_found(mini, engines):
    (needless,) = findings(mini, engines, local="two threads")
    (needed,) = findings(mini, engines, local="two threads", state="not_yet")

    assert needless.what == "is judged alike in the page"
    assert needed.state == "holds"


def test_a_mark_is_true_where_the_page_believes_a_mistake(mini, engines):
    class Trusting(Page):
        def verdict(self, exercise, tree, starter):
            found = super().verdict(exercise, tree, starter)
            solved = self.bench.check(self.bench.solved(mini.course.step(1)), exercise)
            return found if tree == starter else solved

    bench = Bench(mini.course, engines)
    exercise = replace(mini.course.exercise("1.1"), local="two threads")
    (needed,) = judged_alike(bench, exercise, Trusting(bench), sample=True)
    assert needed.state == "holds"


def test_an_app_that_does_not_start_in_the_page_is_found(mini, engines):
    bench, step = Bench(mini.course, engines), mini.course.step(1)

    def told(**answer):
        return [each.state for each in served(bench, step, Page(bench, answer))]

    assert told(routes=[], said=[]) == ["holds", "holds"]
    assert told(lines=[[["does not load", "bad"]]]) == ["broken", "broken"]
    # Of a starter some of it may be the reader's to write.
    assert told(routes=[], said=["flask seed did not work yet: …"]) == ["holds", "broken"]
