"""The learner's app in a process of its own: ``python -P -m checker.harness.serve``.

Answers one frame with one frame. Ends as soon as the pipe it reads from is closed.
"""

from __future__ import annotations

import faulthandler
import sys
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

from checker.harness import seeding
from checker.harness.errors import Unreadable
from checker.harness.frames import write_frame
from checker.harness.fresh import import_from_source
from checker.harness.ground import Ground
from checker.harness.host import Host
from checker.harness.messages import Request
from checker.harness.seal import Seal
from checker.harness.shipping import Shipped
from checker.harness.stdio import Inbox, Tail, take_over
from checker.harness.wire import error_to_json

CHANGED = "your code changed what it is tested with:"


class Server:
    """Does what a frame says with the one app it holds.

    ``stack`` is where ``faulthandler`` writes, if anywhere. One that is ``wary`` answers for
    itself only as long as nobody has changed its functions.
    """

    def __init__(self, ground: Ground, stack: TextIO | None, wary: bool = False) -> None:
        import_from_source(ground)
        self._ground = ground
        self._host = Host(ground)
        self._stack = stack
        if stack is not None:
            faulthandler.enable(stack)
        self._settled = ExitStack()
        self._wary = wary
        self._seal: Seal | None = None

    def answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        """What came of one frame; never raises for what the learner's code does."""
        # Between two tests nothing of the learner's runs, and each watch is a thread to be made.
        stack = None if frame["do"] in {"start", "leave"} else self._stack
        if stack is not None and frame["left"] is not None:
            faulthandler.dump_traceback_later(max(frame["left"], 0.01), file=stack)
        try:
            done = self._do(frame)
            changed = self._seal.broken() if self._seal is not None else None
            if changed is not None:
                raise Unreadable(f"{CHANGED} {changed}")
            return {"ok": done}
        except Exception as error:  # noqa: BLE001 - the other side is to hear of everything
            return error_to_json(error)
        finally:
            if stack is not None:
                faulthandler.cancel_dump_traceback_later()

    def _do(self, frame: dict[str, Any]) -> Any:
        match frame["do"]:
            case "start":
                import_module("flask")  # our time, not that of the learner's app
                self._ground.turn_to(tuple(frame["edit"]))
                return None
            case "build":
                if frame["seed"] is not None:
                    seeding.begin(frame["seed"])
                self._settled.enter_context(self._host.settled())
                if self._wary and self._seal is None:
                    with suppress(Exception):  # what is wrong with it, the host says better
                        import_module("world")
                    self._seal = Seal()
                self._host.build()
                return None
            case "leave":
                self._settled.close()
                return None
            case "request":
                return self._host.request(Request.from_json(frame["request"])).to_json()
            case "inside":
                function = Shipped(**frame["function"])
                return self._host.call(function, frame["args"], frame["kwargs"]).to_json()
            case "suite":
                from checker.harness.suites import Order

                if frame["seed"] is not None:
                    seeding.begin(frame["seed"])
                return self._host.suite(Order.from_json(frame["order"])).to_json()
        raise ValueError(f"no such frame: {frame['do']!r}")


def serve(server: Server, inbox: Inbox, frames_out: BinaryIO) -> NoReturn:
    """Answer each frame with one of the same ``ticket``, until the pipe closes."""
    while True:
        frame = inbox.get()
        if frame["do"] in {"build", "suite"} and isinstance(sys.stdout, Tail):
            sys.stdout.start()
        reply = server.answer(frame)
        printed = sys.stdout.tail if isinstance(sys.stdout, Tail) else ""
        write_frame(frames_out, {**reply, "printed": printed, "ticket": frame["ticket"]})


def main() -> NoReturn:
    """Serve the process that started this one."""
    sys.dont_write_bytecode = True
    frames_in, frames_out = take_over()
    inbox = Inbox(frames_in)
    hello = inbox.get()
    ground = Ground(Path(hello["root"]), Path(hello["exercises"]), tuple(hello["edit"]))
    stack = open(hello["stack"], "a", encoding="utf-8") if hello["stack"] else None  # noqa: PTH123, SIM115 - to the end
    serve(Server(ground, stack), inbox, frames_out)


if __name__ == "__main__":
    main()
