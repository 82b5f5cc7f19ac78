"""What crosses between the test's side and the app's: requests, answers, footprints."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field
from typing import Any

from checker.harness.errors import Blame
from checker.harness.failure import Location


@dataclass(frozen=True)
class Request:
    """A request as WSGI has it: the environment's texts, and the whole body."""

    environ: dict[str, str]
    body: bytes = b""

    def to_json(self) -> dict[str, Any]:
        return {
            "environ": self.environ,
            "body": base64.b64encode(self.body).decode("ascii"),
        }

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Request:
        return cls(dict(table["environ"]), base64.b64decode(table["body"]))


@dataclass(frozen=True)
class Crash:
    """An exception that a request ended in."""

    type: str
    message: str
    where: Location | None = None
    blame: Blame = "course"
    details: str = ""

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Crash:
        return cls(**{**table, "where": location(table["where"])})


@dataclass(frozen=True)
class Footprints:
    """The functions in the files to edit that returned last, each by its first line.

    ``answering`` is the last one before the answer was on its way, or the function that was
    run inside had its result; ``last`` the very last (clean-up when the context ends, say).
    """

    answering: Location | None = None
    last: Location | None = None

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Footprints:
        return cls(location(table["answering"]), location(table["last"]))


@dataclass(frozen=True)
class Answer:
    """A response, and what was seen of the code that made it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    crash: Crash | None = None
    footprints: Footprints = field(default_factory=Footprints)

    @property
    def code(self) -> int:
        return int(self.status.split(" ", 1)[0])

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"body": base64.b64encode(self.body).decode("ascii")}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Answer:
        return cls(
            status=table["status"],
            headers=[(name, value) for name, value in table["headers"]],
            body=base64.b64decode(table["body"]),
            crash=Crash.from_json(table["crash"]) if table["crash"] else None,
            footprints=Footprints.from_json(table["footprints"]),
        )


@dataclass(frozen=True)
class Found:
    """What an ``inside`` function returned, as plain data."""

    value: Any
    footprints: Footprints = field(default_factory=Footprints)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Found:
        return cls(table["value"], Footprints.from_json(table["footprints"]))


def location(table: dict[str, Any] | None) -> Location | None:
    return None if table is None else Location(**table)
