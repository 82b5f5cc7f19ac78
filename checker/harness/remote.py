"""The learner's app in another process, asked over a pipe or a socket."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from checker.harness.endings import ending, while_loading
from checker.harness.errors import LoadError, SubjectDied
from checker.harness.failure import Failure
from checker.harness.fields import TEXT, text
from checker.harness.frames import FrameError, read_frame, write_frame
from checker.harness.ground import Ground
from checker.harness.lines import Line, Process, Socket, knock
from checker.harness.messages import Answer, Found, Request
from checker.harness.seeding import Seeds
from checker.harness.shipping import Shipped
from checker.harness.stacks import learner_line
from checker.harness.watch import Watch
from checker.harness.wire import error_from_json

# An answer's body in base 64, and what is told about it.
LIMIT = 24 * 1024 * 1024
GONE = "your code ended the app's process and all that could start it again"
T = TypeVar("T")


class RemoteSubject:
    """Asks a process for everything; begins with another one after it died.

    The process is started here, or is reached at ``address``, the socket of
    ``checker.harness.listen``. Whatever comes from there may be the learner's own making:
    it is looked at field by field, and believed in what it says of the app only.

    ``kept`` is an open line to such a process, as a file's number: the exercise before this
    one has left it in order, and so is this one to do.
    """

    def __init__(
        self,
        ground: Ground,
        watch: Watch,
        seeds: Seeds,
        address: Path | None,
        kept: int | None = None,
    ) -> None:
        self._ground = ground
        self._watch = watch
        self._seeds = seeds
        self._address = address
        self._kept = kept
        self._line: Line | None = None
        self._printed = ""
        self._lock = threading.Lock()
        # Not of the seeded values: an answer to no question of ours is to be told apart.
        self._tickets = random.Random()
        # Grading: who can be blamed is not for the blamed to say.
        self.untrusted = address is not None

    def start(self) -> None:
        if self._line is not None:
            return
        try:
            if not self._goes_on():
                self._line = self._connect()
                self._begin()
        except (SubjectDied, OSError) as error:
            if self.untrusted:
                raise LoadError(Failure(GONE, details=str(error))) from None
            said = f"no process for the app can be started: {error}"
            raise LoadError(Failure(said), environment=True) from None

    def _goes_on(self) -> bool:
        """Whether there is a process that was kept, and it still answers."""
        number, self._kept = self._kept, None
        if number is None:
            return False
        self._line = Socket(socket.socket(fileno=number), kept=True)
        with suppress(SubjectDied):
            self._begin()
            return True
        return False

    def _begin(self) -> None:
        self._ask({"do": "start", "edit": list(self._ground.edit)}, _nothing)

    def build(self) -> None:
        self._printed = ""
        try:
            self._ask({"do": "build", "seed": self._seeds.app}, _nothing)
        except LoadError:
            self._drop()  # half an app is no ground for the next attempt
            raise
        except SubjectDied as error:
            raise LoadError(while_loading(str(error), error.where)) from None

    def request(self, asked: Request) -> Answer:
        return self._ask({"do": "request", "request": asked.to_json()}, Answer.from_json)

    def call(self, function: Shipped, args: list[Any], kwargs: dict[str, Any]) -> Found:
        frame = {
            "do": "inside",
            "function": asdict(function),
            "args": args,
            "kwargs": kwargs,
        }
        return self._ask(frame, Found.from_json)

    def leave(self) -> None:
        if self._line is not None:
            with suppress(SubjectDied):
                self._ask({"do": "leave"}, _nothing)

    def printed(self) -> str:
        return self._printed

    def close(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.leave()

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _connect(self) -> Line:
        if self._address is None:
            return Process(self._ground, self._watch.stack)
        return Socket(knock(self._address, self._ground.edit, self._watch.stack))

    def _ask(self, frame: dict[str, Any], read: Callable[[Any], T]) -> T:
        line = self._line
        if line is None:
            raise SubjectDied("the app's process has ended")
        try:
            with self._lock:
                ticket = self._tickets.getrandbits(64)
                asking = {**frame, "left": self._watch.left(), "ticket": ticket}
                write_frame(line.out, asking)
                reply = read_frame(line.into, LIMIT)
            ended = _ended(reply)
            if ended is not None:
                raise self._died(line, ended)
            if type(reply) is not dict or reply.pop("ticket", None) != ticket:
                raise FrameError("an answer that nobody asked for")
            self._printed = text(reply.pop("printed", None), TEXT)
            if "error" in reply:
                error: Exception = error_from_json(reply)
            elif reply.keys() == {"ok"}:
                return read(reply["ok"])
            else:
                raise FrameError("neither an answer nor an error")
        except FrameError as odd:
            self._drop()
            said = f"the app's process sent what is no answer ({odd})"
            raise SubjectDied(said) from None
        except (EOFError, OSError):
            raise self._died(line, line.code()) from None
        raise error

    def _died(self, line: Line, code: int | None) -> SubjectDied:
        self._drop()
        return SubjectDied(ending(code), learner_line(self._watch.dump(), self._ground))


def _ended(reply: Any) -> int | None:
    """The exit code, where the reply is that of a process which can give no other."""
    code = reply.get("ended") if type(reply) is dict and reply.keys() == {"ended"} else None
    return code if type(code) is int and abs(code) < 2**32 else None


def _nothing(value: Any) -> None:
    if value is not None:
        raise FrameError("expected nothing")
