"""JUnit XML: a suite for each learner, the points as properties. The learner's view."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from checker.grade.formats import Source
from checker.grade.model import Grade, GradedExercise, GradedTest, Timing
from checker.grade.points import shown
from checker.grade.text import one_line, visible
from checker.grade.view import for_learner
from checker.grade.words import OURS, STANDINGS, STATES, details, told
from checker.harness.failure import Failure

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
COUNTED = ("failure", "error", "skipped")


def write(source: Source) -> list[Path]:
    root = ET.Element("testsuites", name=_clean(source.report.title))
    for grade in source.report.grades:
        root.append(_suite(for_learner(grade), source.timings.get(grade.student)))
    for name, value in _counts(root).items():
        root.set(name, value)
    root.set("time", f"{sum(each.seconds for each in source.timings.values()):.3f}")
    ET.indent(root)
    return [source.put("junit.xml", ET.tostring(root, encoding="utf-8", xml_declaration=True))]


def _suite(grade: Grade, timing: Timing | None) -> ET.Element:
    suite = ET.Element("testsuite", name=_clean(grade.student))
    suite.append(_properties(grade))
    if grade.standing != "graded":
        suite.append(_of_submission(grade))
    for exercise in grade.exercises:
        seconds = timing.exercises.get(exercise.id, 0.0) if timing else 0.0
        suite.extend(_cases(exercise, seconds))
    for name, value in _counts(suite).items():
        suite.set(name, value)
    suite.set("time", f"{timing.seconds if timing else 0.0:.3f}")
    if timing:
        suite.set("timestamp", timing.began)
    return suite


def _properties(grade: Grade) -> ET.Element:
    rows = {
        "standing": grade.standing,
        "points": shown(grade.adjusted),
        "points.raw": shown(grade.score),
        "points.possible": shown(grade.possible),
        "sandbox": grade.provenance.tier if grade.provenance else "",
    }
    for exercise in grade.exercises:
        rows[f"points.{exercise.id}"] = shown(exercise.earned)
        rows[f"points.{exercise.id}.possible"] = shown(exercise.points)
    properties = ET.Element("properties")
    for name, value in rows.items():
        # What is not there is left out: a missing score is no 0, and no empty text either.
        if value:
            ET.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    return properties


def _of_submission(grade: Grade) -> ET.Element:
    """A case of its own for what kept the tests from running, or from counting."""
    case = ET.Element("testcase", classname="submission", name="submission", time="0.000")
    kinds = {"missing": "skipped", "ungraded": "error", "unreadable": "error"}
    kind = kinds.get(grade.standing, "failure")
    said = _clean(one_line(grade.reason or STANDINGS[grade.standing]))
    ET.SubElement(case, kind, {"message": said, "type": grade.standing})
    return case


def _cases(exercise: GradedExercise, seconds: float) -> Iterator[ET.Element]:
    """The tests; where there are none, one case that says why."""
    share = seconds / max(len(exercise.tests), 1)
    for test in exercise.tests:
        case = _case(exercise, test.name, share)
        if test.outcome != "passed":
            case.append(_result(test))
        yield case
    if exercise.problem is None and (exercise.tests or exercise.state == "solved"):
        return
    case = _case(exercise, "the exercise as a whole", 0.0 if exercise.tests else share)
    kind = "skipped" if exercise.state == "absent" else "error"
    ours = "ours" if exercise.state in OURS else "submission"
    failure = exercise.problem or Failure(STATES[exercise.state])
    case.append(_element(kind, failure, f"{exercise.state} ({ours})"))
    yield case


def _case(exercise: GradedExercise, name: str, seconds: float) -> ET.Element:
    return ET.Element(
        "testcase",
        classname=_clean(f"{exercise.id} {exercise.title}"),
        name=_clean(name),
        time=f"{seconds:.3f}",
    )


def _result(test: GradedTest) -> ET.Element:
    kinds = {"failed": "failure", "timed_out": "error", "not_run": "skipped"}
    failure = test.failure or Failure(test.outcome.replace("_", " "))
    return _element(kinds[test.outcome], failure, test.outcome)


def _element(kind: str, failure: Failure, type_: str) -> ET.Element:
    element = ET.Element(kind, {"message": _clean(one_line(failure.message)), "type": type_})
    if details(failure):
        element.text = _clean(told(failure))
    return element


def _counts(parent: ET.Element) -> dict[str, str]:
    cases = list(parent.iter("testcase"))
    counts = {"tests": str(len(cases))}
    for kind, name in zip(COUNTED, ("failures", "errors", "skipped"), strict=True):
        counts[name] = str(sum(case.find(kind) is not None for case in cases))
    return counts


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("", visible(text))
