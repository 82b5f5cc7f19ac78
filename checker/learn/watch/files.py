"""Noticing saves: native events where there are any, and a look of our own every second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

from checker.course import Exercise
from checker.files import tree
from checker.workspace import Workspace

DEBOUNCE = 50
STEP = 5
LOOK_SECONDS = 1.0
WITHOUT_EVENTS = 0.3
# An editor that empties a file and fills it, or deletes it and makes it anew, needs this long
SETTLE_SECONDS = 0.1
# What an app is made of; a data file it writes while it is tested must not start the next test
SOURCES = {".py", ".html", ".jinja", ".j2", ".mako", ".sql"}


class Ground:
    """The files one exercise's verdict depends on: the learner's step, and the course's tests.

    Of the learner's own additions only sources count; of the starter's files, all.
    """

    def __init__(self, workspace: Workspace, exercise: Exercise) -> None:
        step = workspace.course.step_of(exercise)
        self.folder = workspace.folder(step)
        self.tests = step.tests
        self.edited = tuple(self.folder / name for name in exercise.edit)
        self.known = set(tree(step.path))

    def fingerprint(self) -> str:
        """One short text for the content of every file."""
        whole = blake2b(digest_size=16)
        for name, path in self._files():
            whole.update(f"{name}\0".encode("utf-8", "surrogateescape"))
            try:
                whole.update(blake2b(path.read_bytes()).digest())
            except OSError:
                whole.update(b"gone")
        return whole.hexdigest()

    def stamps(self) -> tuple[tuple[int, int, int], ...]:
        """Differs whenever a file was written, even to the content that it had."""
        stamps = []
        for _, path in self._files():
            try:
                stat = path.stat()
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns))
        return tuple(stamps)

    def is_hollow(self) -> bool:
        """Whether an edited file is empty or away, as it is for a moment in some editors' saves."""
        try:
            return any(path.stat().st_size == 0 for path in self.edited)
        except OSError:
            return True

    def _files(self) -> Iterator[tuple[str, Path]]:
        try:
            for name, path in tree(self.folder).items():
                if path.suffix in SOURCES or name in self.known:
                    yield name, path
            yield from tree(self.tests).items()
        except OSError:
            return  # a folder went away or closed while we looked; the next look sees what is left


class Watcher(threading.Thread):
    """Calls ``on_save`` with the new fingerprint whenever the content changes.

    The learner's folder is watched for events; everything is looked at every second too, which
    does alone where no events arrive, as on some network drives.
    """

    def __init__(self, ground: Ground, on_save: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self.ground = ground
        self.on_save = on_save
        self.last = ground.fingerprint()
        self.ending = threading.Event()

    def run(self) -> None:
        try:
            self._follow_events()
        except (OSError, RuntimeError, ImportError):
            while not self.ending.wait(WITHOUT_EVENTS):
                self._look()

    def stop(self) -> None:
        self.ending.set()
        self.join(0.2)

    def _follow_events(self) -> None:
        from watchfiles import watch

        for _ in watch(
            self.ground.folder,
            watch_filter=None,
            debounce=DEBOUNCE,
            step=STEP,
            stop_event=self.ending,
            rust_timeout=int(LOOK_SECONDS * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            self._look()

    def _look(self) -> None:
        now = self.ground.fingerprint()
        if now == self.last:
            return
        if self.ground.is_hollow():
            self.ending.wait(SETTLE_SECONDS)
            now = self.ground.fingerprint()
        if now != self.last and not self.ending.is_set():
            self.last = now
            self.on_save(now)
