"""What crosses between the test's side and the app's: requests, answers, footprints."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass, field
from typing import Any

from checker.harness import fields
from checker.harness.errors import Blame
from checker.harness.failure import Location
from checker.harness.frames import FrameError, crowded


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
    def from_json(cls, value: Any) -> Crash:
        told = fields.table(value, "type", "message", "where", "blame", "details")
        return cls(
            type=fields.text(told["type"], fields.NAME),
            message=fields.text(told["message"], fields.LINE),
            where=fields.location(told["where"]),
            blame=fields.blame(told["blame"]),
            details=fields.text(told["details"], fields.TEXT),
        )


@dataclass(frozen=True)
class Footprints:
    """The functions in the files to edit that returned last, each by its first line.

    ``answering`` is the last one before the answer was on its way, or the function that was
    run inside had its result; ``last`` the very last (clean-up when the context ends, say).
    """

    answering: Location | None = None
    last: Location | None = None

    @classmethod
    def from_json(cls, value: Any) -> Footprints:
        told = fields.table(value, "answering", "last")
        return cls(fields.location(told["answering"]), fields.location(told["last"]))


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
    def from_json(cls, value: Any) -> Answer:
        """An answer as the app's process sent it; :class:`FrameError` where it is none."""
        told = fields.table(value, "status", "headers", "body", "crash", "footprints")
        try:
            body = base64.b64decode(told["body"], validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise FrameError("expected a body in base 64") from None
        if crowded(body):
            raise FrameError("an answer of more lists and tables than anybody reads")
        return cls(
            status=fields.status(told["status"]),
            headers=fields.headers(told["headers"]),
            body=body,
            crash=None if told["crash"] is None else Crash.from_json(told["crash"]),
            footprints=Footprints.from_json(told["footprints"]),
        )


@dataclass(frozen=True)
class Found:
    """What an ``inside`` function returned, as plain data."""

    value: Any
    footprints: Footprints = field(default_factory=Footprints)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Found:
        """What the app's process found; :class:`FrameError` where it is no such thing."""
        told = fields.table(value, "value", "footprints")
        return cls(told["value"], Footprints.from_json(told["footprints"]))
