"""What a proof found: each thing it looked at, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from checker.author.bench import Bench
from checker.course import Exercise, Step

State = Literal["holds", "noted", "broken"]


@dataclass(frozen=True)
class Finding:
    """One thing examined. ``what`` went wrong, and what ``todo`` about it, unless it holds.

    ``noted`` is for the author to know and breaks nothing, such as a surviving mutant.
    """

    where: str
    state: State
    what: str = ""
    todo: str = ""


def holds(where: str) -> Finding:
    return Finding(where, "holds")


def noted(where: str, what: str, todo: str = "") -> Finding:
    return Finding(where, "noted", what, todo)


def broken(where: str, what: str, todo: str) -> Finding:
    return Finding(where, "broken", what, todo)


def judged(where: str, problem: tuple[str, str] | None) -> Finding:
    """``problem`` is what is wrong and what to do, or ``None`` where all is well."""
    return holds(where) if problem is None else broken(where, *problem)


@dataclass(frozen=True)
class Scope:
    """What to prove: these exercises, and these steps as a whole.

    ``mutants`` is how many of a step's are tried, all of them where it is ``None``. With
    ``sample``, a proof that takes very long looks at a part of it.
    """

    exercises: tuple[Exercise, ...]
    steps: tuple[Step, ...]
    mutants: int | None = None
    sample: bool = False


class Proof(Protocol):
    def __call__(self, bench: Bench, scope: Scope) -> Iterator[Finding]: ...
