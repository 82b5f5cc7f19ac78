"""The watch screen's one loop: takes events from a queue, changes the moment, draws it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TextIO

from checker.course import Exercise
from checker.engine.engine import Engine
from checker.engine.errors import EngineError
from checker.engine.verdict import Failure, State, Verdict
from checker.errors import UserError
from checker.files import explain
from checker.learn import changes, hints, pages
from checker.learn.guard import fault_message
from checker.learn.listing import list_lines
from checker.learn.session import Session
from checker.learn.text import Console, Line
from checker.learn.watch.events import (
    Event,
    Failed,
    Finished,
    Key,
    Quit,
    Resized,
    Saved,
    Stopped,
    Told,
)
from checker.learn.watch.files import Ground, Watcher
from checker.learn.watch.screen import Moment, drawn, frame, help_panel, window
from checker.learn.watch.terminal import Terminal, create_terminal, paused
from checker.learn.watch.worker import Run, Worker

CANCEL_AGAIN = 0.03
# Windows cannot be woken from a wait by Ctrl-C
WINDOWS_WAIT = 0.1
INTERRUPTED = 130
HUNG_UP = 129


def editor_command(setting: str, *, windows: bool) -> list[str]:
    """The words of ``EDITOR``. On Windows a backslash belongs to a path, and code is code.cmd.

    Raises :class:`ValueError` where a quote has no end.
    """
    words = shlex.split(setting, posix=not windows)
    if windows:
        words = [word.strip('"') for word in words]
        words[:1] = [shutil.which(word) or word for word in words[:1]]
    return words


@dataclass
class Pending:
    """Something that the same key, pressed again, does."""

    key: str
    action: Callable[[], None]


class Watch:
    """One watch screen on one terminal."""

    def __init__(self, session: Session, create_engine: Callable[[], Engine], out: TextIO) -> None:
        self.session = session
        self.out = out
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.worker = Worker(session, create_engine, self.events)
        self.terminal: Terminal = create_terminal(out)
        self.is_lent = False
        self.pending: Pending | None = None
        self.server = ""
        self.number = 0
        self.running: Run | None = None
        self.again: tuple[Exercise, ...] = ()
        self.cancelling = False
        self.judged = ""
        self.moment = self._moment(session.current())
        self.watcher = self._watcher()

    # The loop

    def run(self) -> int:
        """Watch until the learner quits; the exit code."""
        self.session.workspace.refresh(self.moment.step)
        # So that a command typed in another window means the exercise that is shown here
        self.session.choose(self.moment.exercise)
        self._make_room()
        with self._signals(), self._threads():
            self.moment.notice = self._first_notice()
            self._check((self.moment.exercise,))
            while True:
                self._draw()
                event = self._next_event()
                if isinstance(event, Quit):
                    return event.code
                if event is not None:
                    self._handle(event)

    def _next_event(self) -> Event | None:
        wait = CANCEL_AGAIN if self.cancelling else None
        if wait is None and sys.platform == "win32":
            wait = WINDOWS_WAIT
        try:
            return self.events.get(timeout=wait)
        except Empty:
            if self.cancelling and self.running is not None:
                self.worker.cancel(self.running.number)
            return None

    def _handle(self, event: Event) -> None:
        if isinstance(event, Key):
            self._on_key(event.name)
        elif isinstance(event, Saved):
            self._on_save(event.fingerprint)
        elif isinstance(event, Finished):
            self._on_verdict(event)
        elif isinstance(event, Stopped):
            self._on_end(event.run)
        elif isinstance(event, Failed):
            self._on_failure(event)
        elif isinstance(event, Told):
            self.moment.notice = event.text

    # Checking: the last content always gets the last verdict

    def _on_save(self, fingerprint: str) -> None:
        if self.running is None and fingerprint == self.judged:
            return
        self.moment.notice = ""
        if self.moment.panel_replaces:
            self._close_panel()
        self._check((self.moment.exercise,))

    def _check(self, exercises: tuple[Exercise, ...]) -> None:
        """Check now; what is being checked is cancelled first, and its verdict never shown."""
        self.moment.busy = "checking"
        self._draw()
        if self.running is not None:
            self.again = exercises
            self.cancelling = True
            self.worker.cancel(self.running.number)
            return
        self.number += 1
        self.judged = ""
        self.running = Run(self.number, exercises)
        self.worker.submit(self.running)

    def _on_verdict(self, event: Finished) -> None:
        if self.running is None or event.run != self.running.number:
            return
        if not self.cancelling:
            if event.is_stale:
                self.again = self.again or (self.moment.exercise,)
            else:
                self._accept(event)
        if event.is_last:
            self._on_end(event.run)

    def _accept(self, event: Finished) -> None:
        self.session.record(event.verdict)
        if event.verdict.exercise == self.moment.exercise.id:
            self.judged = event.fingerprint
            self.moment.verdict = event.verdict
        if self.running is not None and len(self.running.exercises) > 1:
            done = [e.id for e in self.running.exercises].index(event.verdict.exercise) + 1
            self.moment.notice = f"checked {done} of {len(self.running.exercises)}"
            self._open_list()
        self._recount()

    def _on_end(self, run: int) -> None:
        if self.running is None or run != self.running.number:
            return
        self.running, self.cancelling, self.moment.busy = None, False, ""
        if self.again:
            exercises, self.again = self.again, ()
            self._check(exercises)

    def _on_failure(self, event: Failed) -> None:
        if self.running is None or event.run != self.running.number:
            return
        error = event.error
        if isinstance(error, OSError):
            error = explain(error)
        is_ours = not isinstance(error, UserError | EngineError)
        problem = Failure(fault_message(error) if is_ours else str(error))
        state: State = "fault" if is_ours else "environment"
        self.moment.verdict = Verdict(self.moment.exercise.id, state, problem=problem)
        self._on_end(event.run)

    # Keys

    def _on_key(self, key: str) -> None:
        pending, self.pending = self.pending, None
        self.moment.notice = ""
        if pending is not None and pending.key == key:
            pending.action()
            return
        if key == "hangup":
            self.events.put(Quit(HUNG_UP))
        elif key == "q":
            self.events.put(Quit(0))
        elif key in ("escape", self.moment.panel_key) and key != "h":
            self._close_panel()
        elif key == "interrupt":
            self.events.put(Quit(INTERRUPTED))
        else:
            action = {
                "h": self._hint,
                "l": self._open_list,
                "d": self._docs,
                "e": self._edit,
                "c": self._check_all,
                "n": self._next,
                "r": self._ask_reset,
                "?": self._help,
                "enter": self._check_now,
            }.get(key)
            if action is not None:
                self._try(action)

    def _try(self, action: Callable[[], None]) -> None:
        """What a key cannot do is told at the foot; the screen goes on."""
        try:
            action()
        except UserError as error:
            self.moment.notice = str(error)
        except OSError as error:
            self.moment.notice = str(explain(error))

    def _ask(self, key: str, question: str, action: Callable[[], None]) -> None:
        self.moment.notice = question
        self.pending = Pending(key, lambda: self._try(action))

    def _hint(self) -> None:
        hint = hints.next_hint(self.session, self.moment.exercise)
        self._recount()
        self._open_panel("h", hints.hint_lines(hint, self._console()), replaces=False)
        if hint.is_last:
            self._ask("h", "press h again to see the solution", self._solution)

    def _solution(self) -> None:
        exercise = self.moment.exercise
        self.session.mark_solution_seen(exercise)
        diff = changes.solution_diff(self.session.workspace, exercise)
        if not diff:
            self.moment.notice = "your files are the solution, line by line"
            return
        self._open_panel("s", changes.diff_lines(diff), replaces=True)
        self.moment.notice = f"the whole of it, or to take it over: checker solution {exercise.id}"

    def _open_list(self) -> None:
        console = self._console()
        rows = list_lines(self.session, self.session.store.read(), console)
        room = max(console.height - 8, 3)
        self._open_panel("l", window(rows, f" {self.moment.exercise.id} ", room), replaces=True)

    def _help(self) -> None:
        self._open_panel("?", help_panel(self._console()), replaces=True)

    def _check_now(self) -> None:
        self._check((self.moment.exercise,))

    def _check_all(self) -> None:
        steps = self.session.open_steps
        self._check(tuple(exercise for step in steps for exercise in step.exercises))

    def _next(self) -> None:
        following = self.session.following(self.moment.exercise, self.session.store.read())
        if following is not None:
            self._go_to(following)
            return
        step = self.session.next_step()
        if step is None:
            self.moment.notice = "every exercise is solved: that was the whole course"
            return

        def start() -> None:
            self.session.workspace.start(step)
            self._go_to(step.exercises[0])

        what = f"step {step.number}, {step.title}"
        self._ask("n", f"all solved here. Press n again to start {what}", start)

    def _go_to(self, exercise: Exercise) -> None:
        self.session.choose(exercise)
        self.session.workspace.refresh(self.session.course.step_of(exercise))
        self.watcher.stop()
        self.moment = self._moment(exercise)
        self.judged = ""
        self.watcher = self._watcher()
        self.watcher.start()
        self._check((exercise,))

    def _ask_reset(self) -> None:
        exercise = self.moment.exercise

        def reset() -> None:
            copy = self.session.workspace.reset_exercise(exercise)
            if copy is None:
                self.moment.notice = f"{exercise.id} is as it was handed out already"
                return
            self.session.forget([exercise])
            self._recount()
            self.moment.notice = "reset. `checker undo` brings your version back"

        self._ask("r", f"press r again to reset {exercise.id}; a copy of yours is kept", reset)

    def _edit(self) -> None:
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        exercise = self.moment.exercise
        file = self.watcher.ground.edited[0]
        if not editor:
            self.moment.notice = f"no editor is set: open {file}, or export EDITOR=nano"
            return
        self.is_lent = True
        try:
            command = [*editor_command(editor, windows=os.name == "nt"), str(file)]
            with paused(self.terminal, self._press):
                subprocess.run(command, check=False)
        except (OSError, ValueError) as error:
            self.moment.notice = f"cannot start {editor!r}: {error}"
        finally:
            self.is_lent = False
        if self.moment.exercise is exercise and not self.moment.notice:
            self.moment.notice = f"{command[0]} has {file.name}"

    def _docs(self) -> None:
        self.moment.notice = "opening the docs: building the pages takes a moment the first time"
        exercise = self.moment.exercise

        def open_page() -> None:
            try:
                self.events.put(Told(self._serve_docs(exercise)))
            except UserError as error:
                self.events.put(Told(str(error)))
            except OSError as error:
                self.events.put(Told(str(explain(error))))

        threading.Thread(target=open_page, daemon=True).start()

    def _serve_docs(self, exercise: Exercise) -> str:
        site = pages.build(self.session.course)
        page, anchor = pages.page_of(site, exercise)
        if not self.server:
            server = pages.serve(site, self.session)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.server = pages.base_of(server)
        address = pages.address(self.server, page, anchor)
        pages.open_browser(address)
        return f"docs: {address}"

    # The moment and its panels

    def _moment(self, exercise: Exercise) -> Moment:
        step = self.session.course.step_of(exercise)
        progress = self.session.store.read()
        return Moment(
            step=step,
            steps=len(self.session.course.steps),
            exercise=exercise,
            solved=self.session.solved_count(step, progress),
            hints=progress[exercise.id].hints,
        )

    def _recount(self) -> None:
        progress = self.session.store.read()
        self.moment.solved = self.session.solved_count(self.moment.step, progress)
        self.moment.hints = progress[self.moment.exercise.id].hints

    def _open_panel(self, key: str, panel: list[Line], replaces: bool) -> None:
        self.moment.panel, self.moment.panel_key = panel, key
        self.moment.panel_replaces = replaces

    def _close_panel(self) -> None:
        self._open_panel("", [], replaces=False)

    def _first_notice(self) -> str:
        return self.session.store.warning or changes.stray_message(self.session.course)

    # The terminal, the signals, the threads

    def _console(self) -> Console:
        return Console.of(self.out)

    def _draw(self) -> None:
        if not self.is_lent:
            console = self._console()
            self._write(drawn(frame(self.moment, console), console))

    def _make_room(self) -> None:
        """Scroll what is on the screen up, where the learner finds it again."""
        self._write("\n" * (self._console().height - 1))

    def _write(self, text: str) -> None:
        try:
            self.out.write(text)
            self.out.flush()
        except OSError:
            self.events.put(Quit(HUNG_UP))

    def _press(self, key: str) -> None:
        self.events.put(Key(key))

    def _watcher(self) -> Watcher:
        ground = Ground(self.session.workspace, self.moment.exercise)
        return Watcher(ground, lambda fingerprint: self.events.put(Saved(fingerprint)))

    @contextmanager
    def _threads(self) -> Iterator[None]:
        self.terminal.start(self._press)
        try:
            self.worker.start()
            self.watcher.start()
            yield
        finally:
            # The terminal first: whatever else goes wrong, it is the learner's again
            self.terminal.stop()
            self._write("\n")
            self.watcher.stop()
            if self.running is not None:
                self.worker.cancel(self.running.number)
            self.worker.close()
            self._try(lambda: self.session.release(self.moment.exercise))

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Every way the system asks us to end or to redraw becomes an event."""

        def leave(number: int, _: FrameType | None) -> None:
            if not self.is_lent or number != signal.SIGINT:
                self.events.put(Quit(128 + number))

        handlers: dict[int, Callable[[int, FrameType | None], None]] = {
            signal.SIGINT: leave,
            signal.SIGTERM: leave,
        }
        if sys.platform != "win32":
            handlers[signal.SIGHUP] = leave
            handlers[signal.SIGWINCH] = lambda *_: self.events.put(Resized())
            handlers[signal.SIGTSTP] = lambda *_: self._suspend()
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _suspend(self) -> None:
        """Ctrl-Z: give the terminal back while we sleep, take it again when we are woken."""
        if sys.platform == "win32" or self.is_lent:
            return
        with paused(self.terminal, self._press):
            signal.raise_signal(signal.SIGSTOP)
        self.events.put(Resized())
