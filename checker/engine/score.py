"""What a verdict is worth."""

from __future__ import annotations

from checker.course import Exercise
from checker.engine.verdict import Verdict


def points(exercise: Exercise, verdict: Verdict) -> float:
    """The points that a verdict earns, from 0 to ``exercise.points``.

    The tests that fail on the starter are scored; the guards, which pass on it, earn
    nothing, and one that fails costs everything. Nothing that ran is worth 0.
    """
    guards = [test for test in verdict.tests if exercise.is_guard(test.name)]
    scored = [test for test in verdict.tests if not exercise.is_guard(test.name)]
    if not scored or any(test.outcome != "passed" for test in guards):
        return 0.0
    return exercise.points * sum(test.outcome == "passed" for test in scored) / len(scored)
