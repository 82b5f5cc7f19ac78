"""The learner's app in another process, asked over a pipe."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import IO, Any, cast

from checker.harness.endings import ending, while_loading
from checker.harness.errors import LoadError, SubjectDied
from checker.harness.failure import Failure
from checker.harness.frames import FrameError, read_frame, write_frame
from checker.harness.ground import Ground
from checker.harness.messages import Answer, Found, Request
from checker.harness.shipping import Shipped
from checker.harness.stacks import learner_line
from checker.harness.watch import Watch
from checker.harness.wire import error_from_json

_GRACE = 2.0


class RemoteSubject:
    """Starts ``checker.harness.serve`` when it is needed, and again after it died."""

    def __init__(self, ground: Ground, watch: Watch) -> None:
        self._ground = ground
        self._watch = watch
        self._process: subprocess.Popen[bytes] | None = None
        self._printed = ""
        self._lock = threading.Lock()

    def start(self) -> None:
        if self._process is None:
            self._process = self._start()
            try:
                self._ask({"do": "start"})
            except SubjectDied as error:
                said = f"no process for the app can be started: {error}"
                raise LoadError(Failure(said), environment=True) from None

    def build(self) -> None:
        self._printed = ""
        try:
            self._ask({"do": "build"})
        except SubjectDied as error:
            raise LoadError(while_loading(str(error), error.where)) from None

    def request(self, asked: Request) -> Answer:
        return Answer.from_json(self._ask({"do": "request", "request": asked.to_json()}))

    def call(self, function: Shipped, args: list[Any], kwargs: dict[str, Any]) -> Found:
        frame = {
            "do": "inside",
            "function": asdict(function),
            "args": args,
            "kwargs": kwargs,
        }
        return Found.from_json(self._ask(frame))

    def leave(self) -> None:
        if self._process is not None:
            with suppress(SubjectDied):
                self._ask({"do": "leave"})

    def printed(self) -> str:
        return self._printed

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _pipe(process.stdin).close()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _pipe(process.stdout).close()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P keeps the learner's folder from shadowing the modules that we need ourselves.
        command = [sys.executable, "-P", "-m", "checker.harness.serve"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        hello = {
            "root": str(self._ground.root),
            "exercises": str(self._ground.exercises),
            "edit": list(self._ground.edit),
            "stack": str(self._watch.stack) if self._watch.stack else None,
        }
        write_frame(_pipe(process.stdin), hello)
        return process

    def _ask(self, frame: dict[str, Any]) -> Any:
        process = self._process
        if process is None:
            raise SubjectDied("the app's process has ended")
        try:
            with self._lock:
                write_frame(_pipe(process.stdin), {**frame, "left": self._watch.left()})
                reply = read_frame(_pipe(process.stdout))
        except (EOFError, FrameError, OSError):
            raise self._died(process) from None
        self._printed = reply.pop("printed")
        if "error" in reply:
            raise error_from_json(reply)
        return reply["ok"]

    def _died(self, process: subprocess.Popen[bytes]) -> SubjectDied:
        try:
            code: int | None = process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            code = None
        self.close()
        return SubjectDied(ending(code), learner_line(self._watch.dump(), self._ground))


def _pipe(stream: IO[bytes] | None) -> Any:
    return cast(Any, stream)
