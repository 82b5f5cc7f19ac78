"""The course as its manifests describe it: steps, exercises, claims.

This module reads and validates; it runs nothing and imports nothing heavy, so that
``checker list`` stays as quick as a fresh interpreter.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

STEP_NAME = re.compile(r"\d\d_[a-z0-9_]+")
EXERCISE_ID = re.compile(r"(?P<step>\d)\.(?P<place>\d+)")
CLAIM_ID = re.compile(r"\d\.\d+[a-z]?")

STEP_KEYS = {"title", "summary", "minutes", "exercise", "changes", "supersedes"}
EXERCISE_KEYS = {
    "id",
    "title",
    "minutes",
    "edit",
    "test",
    "points",
    "covers",
    "hints",
    "guards",
    "starter",
    "mistakes",
    "local",
    "mutants",
}


class CourseError(Exception):
    """A manifest that cannot be used: says the file, the key and the reason."""

    def __init__(self, file: Path, key: str, reason: str) -> None:
        self.file = file
        self.key = key
        self.reason = reason
        super().__init__(f"{file}: {key}: {reason}")


class NotFound(LookupError):
    """No such step or exercise; the message says which ones there are."""


@dataclass(frozen=True)
class Expected:
    """A failure that is known in advance: which test fails, and with which words.

    ``says`` is a part of the message; ``…`` in it stands for any text, because the
    tests use random values.
    """

    test: str
    says: str

    def matches(self, message: str) -> bool:
        parts = [re.escape(part) for part in self.says.split("…")]
        return re.search(".*?".join(parts), message, re.DOTALL) is not None


@dataclass(frozen=True)
class Exercise:
    """One exercise, as its table in ``step.toml`` declares it.

    ``edit`` holds the files the learner changes, relative to the step. ``guards`` are
    tests that pass on the starter too: they earn nothing, and cost everything when they
    fail. ``mistakes`` maps the name of a patch in ``solutions/<step>/mistakes/<id>/`` to
    the failure that it must earn. ``local`` gives the reason why an exercise cannot run in
    a browser, and is empty where it can. ``mutants`` gives the reason why the files are not
    mutated, and is empty where they are: tests that a learner writes are tried with bugs.
    """

    id: str
    title: str
    minutes: int
    edit: tuple[str, ...]
    test: str
    points: int
    covers: tuple[str, ...]
    hints: tuple[str, str, str]
    guards: tuple[str, ...]
    starter: Expected
    mistakes: Mapping[str, Expected]
    local: str
    mutants: str
    step_name: str

    @property
    def slug(self) -> str:
        """The id and title as one word, for file names and anchors: ``1-4-lifecycle-hooks``."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.id} {self.title}".lower()).strip("-")

    def is_guard(self, test: str) -> bool:
        """Whether ``test``, a test's name with its parameters, is a guard."""
        return test in self.guards or test.partition("[")[0] in self.guards


@dataclass(frozen=True)
class Superseded:
    """A test of an earlier step that no longer holds from this step on, and why."""

    test: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One numbered step: a runnable starter, its exercises and their solutions."""

    path: Path
    solutions: Path
    title: str
    summary: str
    minutes: int
    exercises: tuple[Exercise, ...]
    changes: Mapping[str, str]
    supersedes: tuple[Superseded, ...]

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def number(self) -> int:
        return int(self.name[:2])

    @property
    def tests(self) -> Path:
        """The folder that grades: ``world.py`` and the exercises' tests."""
        return self.path / "exercises"


@dataclass(frozen=True)
class Course:
    """Every step that is there, in order."""

    root: Path
    steps: tuple[Step, ...]

    @classmethod
    def load(cls, root: Path) -> Course:
        """Read every manifest below ``root``.

        Raises :class:`CourseError` for the first manifest that cannot be used.
        """
        parent = root / "steps"
        if not parent.is_dir():
            raise CourseError(parent, "steps", "there is no folder of this name")
        folders = sorted(p for p in parent.iterdir() if STEP_NAME.fullmatch(p.name))
        steps = tuple(load_step(folder, root / "solutions" / folder.name) for folder in folders)
        if not steps:
            raise CourseError(parent, "steps", "no step folder such as 01_architecture")
        return cls(root, steps)

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(exercise for step in self.steps for exercise in step.exercises)

    def step(self, name: str | int) -> Step:
        """The step called ``1``, ``01`` or ``01_architecture``; :class:`NotFound` otherwise."""
        wanted = str(name).strip().rstrip("/")
        for step in self.steps:
            if wanted == step.name or (wanted.isdigit() and int(wanted) == step.number):
                return step
        known = ", ".join(f"{step.number} ({step.name})" for step in self.steps)
        raise NotFound(f"there is no step {wanted!r}; the steps are {known}")

    def exercise(self, name: str) -> Exercise:
        """The exercise with this id, such as ``1.4``; :class:`NotFound` otherwise."""
        for exercise in self.exercises:
            if exercise.id == name.strip():
                return exercise
        known = ", ".join(exercise.id for exercise in self.exercises)
        raise NotFound(f"there is no exercise {name!r}; the exercises are {known}")

    def step_of(self, exercise: Exercise) -> Step:
        return self.step(exercise.step_name)


def find_course(start: Path) -> Path | None:
    """The course around ``start``: the nearest folder above with ``steps/`` and ``checker/``."""
    for folder in (start, *start.parents):
        if (folder / "steps").is_dir() and (folder / "checker" / "course.py").is_file():
            return folder
    return None


def load_step(folder: Path, solutions: Path) -> Step:
    """Read one step's manifest; :class:`CourseError` names the file, the key and the reason."""
    file = folder / "step.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(file, "step.toml", "the step has no manifest") from None
    except OSError as error:
        raise CourseError(file, "step.toml", f"cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(file, "syntax", str(error)) from None
    return _Reader(file, folder, solutions).step(table)


@dataclass(frozen=True)
class _Reader:
    """Checks one manifest, key by key."""

    file: Path
    folder: Path
    solutions: Path

    def step(self, table: dict[str, Any]) -> Step:
        self.refuse_unknown(table, STEP_KEYS, "")
        exercises = tuple(self.exercises(self.get(table, "exercise", list, "")))
        return Step(
            path=self.folder,
            solutions=self.solutions,
            title=self.get(table, "title", str, ""),
            summary=self.get(table, "summary", str, ""),
            minutes=self.get(table, "minutes", int, ""),
            exercises=exercises,
            changes=self.words(table.get("changes", {}), "changes"),
            supersedes=tuple(self.superseded(table.get("supersedes", []))),
        )

    def exercises(self, tables: list[Any]) -> Iterator[Exercise]:
        seen: set[str] = set()
        edited: dict[str, str] = {}
        for place, table in enumerate(tables, 1):
            where = f"exercise {place}"
            if not isinstance(table, dict):
                raise self.error(where, "must be a table: [[exercise]]")
            exercise = self.exercise(table, where)
            if exercise.id in seen:
                raise self.error(f"{where}.id", f"{exercise.id!r} is used twice")
            seen.add(exercise.id)
            for name in exercise.edit:
                if name in edited:
                    raise self.error(
                        f"exercise {exercise.id}.edit",
                        f"{name} belongs to exercise {edited[name]} already",
                    )
                edited[name] = exercise.id
            yield exercise

    def exercise(self, table: dict[str, Any], where: str) -> Exercise:
        identity = self.get(table, "id", str, where)
        match = EXERCISE_ID.fullmatch(identity)
        if match is None or int(match["step"]) != int(self.folder.name[:2]):
            raise self.error(f"{where}.id", f"{identity!r} is not an id of this step, such as 1.4")
        where = f"exercise {identity}"
        self.refuse_unknown(table, EXERCISE_KEYS, where)
        hints = self.strings(table, "hints", where)
        if len(hints) != 3:
            raise self.error(f"{where}.hints", f"exactly three, rising; there are {len(hints)}")
        covers = self.strings(table, "covers", where)
        for claim in covers:
            if CLAIM_ID.fullmatch(claim) is None:
                raise self.error(f"{where}.covers", f"{claim!r} is not a claim such as 1.4a")
        edit = self.strings(table, "edit", where)
        for name in edit:
            self.must_exist(self.folder, name, f"{where}.edit")
            self.must_exist(self.solutions, name, f"{where}.edit")
        test = self.get(table, "test", str, where)
        self.must_exist(self.folder / "exercises", test, f"{where}.test")
        mistakes = self.mistakes(self.get(table, "mistakes", dict, where), identity)
        for name, size in (("edit", len(edit)), ("covers", len(covers))):
            if not size:
                raise self.error(f"{where}.{name}", "must not be empty")
        return Exercise(
            id=identity,
            title=self.get(table, "title", str, where),
            minutes=self.positive(table, "minutes", where),
            edit=edit,
            test=test,
            points=self.positive(table, "points", where),
            covers=covers,
            hints=(hints[0], hints[1], hints[2]),
            guards=self.strings(table, "guards", where) if "guards" in table else (),
            starter=self.expected(self.get(table, "starter", dict, where), f"{where}.starter"),
            mistakes=mistakes,
            local=self.get(table, "local", str, where) if "local" in table else "",
            mutants=self.mutants(table, edit, where),
            step_name=self.folder.name,
        )

    def mutants(self, table: dict[str, Any], edit: tuple[str, ...], where: str) -> str:
        tests = all(name.startswith("tests/") for name in edit if name.endswith(".py"))
        if "mutants" not in table:
            return ""
        if not tests:
            raise self.error(f"{where}.mutants", "is for exercises that edit no code but tests/")
        return str(self.get(table, "mutants", str, where))

    def mistakes(self, table: dict[str, Any], identity: str) -> Mapping[str, Expected]:
        where = f"exercise {identity}.mistakes"
        mistakes: dict[str, Expected] = {}
        for name, value in table.items():
            self.must_exist(self.solutions, f"mistakes/{identity}/{name}.patch", f"{where}.{name}")
            mistakes[name] = self.expected(value, f"{where}.{name}")
        folder = self.solutions / "mistakes" / identity
        undeclared = {patch.stem for patch in folder.glob("*.patch")} - set(mistakes)
        if undeclared:
            raise self.error(where, f"{folder} holds undeclared patches: {sorted(undeclared)}")
        return mistakes

    def expected(self, table: Any, where: str) -> Expected:
        if not isinstance(table, dict):
            raise self.error(where, 'must be a table: {test = "test_…", says = "…"}')
        self.refuse_unknown(table, {"test", "says"}, where)
        return Expected(self.get(table, "test", str, where), self.get(table, "says", str, where))

    def superseded(self, tables: Any) -> Iterator[Superseded]:
        if not isinstance(tables, list):
            raise self.error("supersedes", "must be an array of tables: [[supersedes]]")
        for place, table in enumerate(tables, 1):
            where = f"supersedes {place}"
            if not isinstance(table, dict):
                raise self.error(where, "must be a table: [[supersedes]]")
            self.refuse_unknown(table, {"test", "reason"}, where)
            yield Superseded(
                self.get(table, "test", str, where),
                self.get(table, "reason", str, where),
            )

    def words(self, table: Any, where: str) -> Mapping[str, str]:
        if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            raise self.error(where, 'must be a table of texts: "app/models.py" = "why it changed"')
        return table

    def strings(self, table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
        values = self.get(table, key, list, where)
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise self.error(f"{where}.{key}", "must hold texts only, none of them empty")
        return tuple(values)

    def positive(self, table: dict[str, Any], key: str, where: str) -> int:
        value: int = self.get(table, key, int, where)
        if value < 1:
            raise self.error(f"{where}.{key}", f"must be at least 1, not {value}")
        return value

    def get(self, table: dict[str, Any], key: str, kind: type, where: str) -> Any:
        name = f"{where}.{key}" if where else key
        if key not in table:
            raise self.error(name, "is missing")
        value = table[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.error(name, f"must be {_spoken(kind)}, not {value!r}")
        if value == "":
            raise self.error(name, "must not be empty")
        return value

    def must_exist(self, folder: Path, name: str, where: str) -> None:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            raise self.error(
                where, f"{name!r} must be a path inside the step, with forward slashes"
            )
        if not (folder / path).is_file():
            raise self.error(where, f"there is no file {folder / path}")

    def refuse_unknown(self, table: dict[str, Any], known: set[str], where: str) -> None:
        for key in table:
            if key not in known:
                name = f"{where}.{key}" if where else key
                raise self.error(name, f"is not a key; the keys are {', '.join(sorted(known))}")

    def error(self, key: str, reason: str) -> CourseError:
        return CourseError(self.file, key, reason)


def _spoken(kind: type) -> str:
    return {str: "a text", int: "a whole number", list: "an array", dict: "a table"}[kind]
