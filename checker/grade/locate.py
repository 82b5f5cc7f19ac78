"""Finds the steps in what was handed in, whatever it is wrapped in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checker.course import Course, Step
from checker.files import tree
from checker.grade.model import Flag
from checker.grade.unpack import Files, Refused, expand, is_archive

# How many archives may lie within each other.
_NESTED = 2
_CALLED_STEP = re.compile(r"(?:step|week|part|exercise|assignment|lab)?0*([1-9])")


@dataclass(frozen=True)
class Located:
    """The work of each step, by the step's name, and what the instructor should know of it."""

    work: Mapping[str, Files]
    flags: tuple[Flag, ...] = ()


def locate(files: Files, course: Course) -> Located:
    """The steps in ``files``; :class:`Refused` where there is none, or one of them twice.

    A step is a folder with ``app/`` or ``wsgi.py`` in it. Which one, its name or that of a folder
    around it tells, or else the step whose starter it is most like. The learner's ``work/`` comes
    before any other place.
    """
    for _ in range(_NESTED + 1):
        found = _located(files, course)
        if found.work:
            return found
        if not any(is_archive(name) for name in files):
            break
        files = expand(files)
    if not files:
        raise Refused("it is empty")
    example = course.steps[0].name
    raise Refused(
        f"no step is in it: it needs a folder with app/ and wsgi.py, best called {example};"
        f" it holds {_listed(files)}"
    )


def digest(files: Mapping[str, bytes]) -> str:
    """The same for the same files, and for no others."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{len(name.encode())} {name} {len(files[name])} ".encode())
        total.update(files[name])
    return total.hexdigest()


def _located(files: Files, course: Course) -> Located:
    places: dict[str, list[str]] = {}
    for place in _places(files, course):
        step = _named(place, course) or _fitting(_below(files, place), course, place)
        places.setdefault(step.name, []).append(place)
    work: dict[str, Files] = {}
    flags: list[Flag] = []
    for step in course.steps:
        if step.name not in places:
            continue
        place = _best(files, places[step.name], step)
        content = _below(files, place)
        if _is_handed_out(place):
            if _is_starter(content, step):
                continue
            flags.append(
                Flag("work_in_steps", "edited in steps/, where the course's own files are", place)
            )
        work[step.name] = content
    return Located(work, tuple(flags))


def _places(files: Iterable[str], course: Course) -> list[str]:
    """Folders that hold an app, ``""`` for the top; none of them within another's app."""
    found = set()
    for name in files:
        parts = name.split("/")
        if parts[-1] == "wsgi.py":
            found.add("/".join(parts[:-1]))
        found |= {"/".join(parts[:at]) for at, part in enumerate(parts[:-1]) if part == "app"}
    named = {place for place in found if _named(place, course) is not None}
    kept: list[str] = []
    for place in sorted(found, key=lambda place: (place.count("/") + bool(place), place)):
        if any(_is_below(place, other) for other in kept):
            continue
        if place not in named and any(_is_below(other, place) for other in named):
            continue
        if "solutions" not in place.split("/"):
            kept.append(place)
    return kept


def _named(place: str, course: Course) -> Step | None:
    """The step that the folder is called after, or the nearest one around it that is."""
    for part in reversed(place.split("/")):
        for step in course.steps:
            if _plain(part) == _plain(step.name):
                return step
        called = _CALLED_STEP.fullmatch(_plain(part))
        if called is not None:
            for step in course.steps:
                if step.number == int(called[1]):
                    return step
    return None


def _fitting(content: Files, course: Course, place: str) -> Step:
    """The step whose starter is most like ``content``: in its files' names, and their bytes."""
    scores = [_likeness(content, _starter(step.path)) for step in course.steps]
    pairs = zip(course.steps, scores, strict=True)
    likely = [step for step, score in pairs if score == max(scores)]
    if len(likely) > 1:
        names = " and ".join(step.name for step in likely)
        raise Refused(f"{place or 'the folder'!r} may be {names}: call it by the step's name")
    return likely[0]


def _likeness(content: Files, starter: Mapping[str, bytes]) -> float:
    common = content.keys() & starter.keys()
    same = sum(content[name] == starter[name] for name in common)
    return len(common) / len(content.keys() | starter.keys()) + same / len(starter)


@cache
def _starter(folder: Path) -> Mapping[str, bytes]:
    return {name: path.read_bytes() for name, path in tree(folder).items()}


def _best(files: Files, places: list[str], step: Step) -> str:
    """The place that counts; :class:`Refused` where two of them would."""
    ranked = sorted(places, key=_rank)
    equal = [place for place in ranked if _rank(place)[:2] == _rank(ranked[0])[:2]]
    if len({digest(_below(files, place)) for place in equal}) > 1:
        names = ", ".join(repr(place or ".") for place in equal)
        raise Refused(f"{step.name} is in it more than once, in {names}: which one counts?")
    return ranked[0]


def _rank(place: str) -> tuple[int, int, str]:
    parts = place.split("/")
    sort = 0 if "work" in parts else 2 if _is_handed_out(place) else 1
    return sort, len(parts), place


def _is_handed_out(place: str) -> bool:
    """Whether it is the course's own copy, in a clone or a fork of the course."""
    return "steps" in place.split("/")[:-1]


def _is_starter(content: Files, step: Step) -> bool:
    starter = _starter(step.path)
    edited = {name for exercise in step.exercises for name in exercise.edit}
    return all(content.get(name) == starter.get(name) for name in edited)


def _below(files: Files, place: str) -> Files:
    if not place:
        return files
    prefix = f"{place}/"
    return {name[len(prefix) :]: files[name] for name in files if name.startswith(prefix)}


def _is_below(place: str, other: str) -> bool:
    return place != other and (other == "" or place.startswith(f"{other}/"))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _listed(files: Iterable[str]) -> str:
    names = sorted({name.split("/")[0] for name in files})
    shown = ", ".join(repr(name) for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
