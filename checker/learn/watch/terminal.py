"""The terminal as the watch screen needs it: keys at once, no echo, always given back."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
# An arrow, a function key, Alt with a letter; Escape by itself is a key
_SEQUENCE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O.|[^\[O])")
NAMES = {"\r": "enter", "\n": "enter", " ": "enter", "\x1b": "escape", "\x03": "interrupt"}


class Terminal(Protocol):
    """Keys from a terminal in raw enough a mode; :meth:`pause` lends it to another program."""

    def start(self, on_key: Callable[[str], None]) -> None: ...

    def stop(self) -> None:
        """Give the terminal back exactly as it was. May be called twice."""


@contextmanager
def paused(terminal: Terminal, on_key: Callable[[str], None]) -> Iterator[None]:
    """Lend the terminal to another program, such as an editor."""
    terminal.stop()
    try:
        yield
    finally:
        terminal.start(on_key)


def key_names(text: str) -> Iterator[str]:
    """The keys in what one read brought; an escape sequence, such as an arrow's, is none."""
    for character in _SEQUENCE.sub("", text):
        yield NAMES.get(character, character)


if sys.platform != "win32":
    import select
    import termios
    import tty

    class PosixTerminal:
        """Reads the keyboard with ``termios``; signals such as Ctrl-C stay signals."""

        def __init__(self, out: TextIO) -> None:
            self.out = out
            self.input = sys.stdin.fileno()
            self.saved: list[object] | None = None
            self.reader: threading.Thread | None = None
            self.wake = -1

        def start(self, on_key: Callable[[str], None]) -> None:
            self.saved = termios.tcgetattr(self.input)
            tty.setcbreak(self.input, termios.TCSADRAIN)
            self.out.write(HIDE_CURSOR)
            self.out.flush()
            listen, self.wake = os.pipe()
            self.reader = threading.Thread(target=self._read, args=(listen, on_key), daemon=True)
            self.reader.start()

        def stop(self) -> None:
            if self.saved is None:
                return
            with suppress(OSError, termios.error):  # the terminal itself may be gone
                termios.tcsetattr(self.input, termios.TCSADRAIN, self.saved)  # type: ignore[arg-type]
                self.out.write(SHOW_CURSOR)
                self.out.flush()
            self.saved = None
            os.close(self.wake)
            if self.reader is not None:
                self.reader.join(0.1)

        def _read(self, listen: int, on_key: Callable[[str], None]) -> None:
            try:
                while True:
                    ready, _, _ = select.select([self.input, listen], [], [])
                    if listen in ready:
                        return
                    read = os.read(self.input, 64)
                    if not read:
                        on_key("hangup")
                        return
                    for name in key_names(read.decode("utf-8", errors="ignore")):
                        on_key(name)
            except OSError:
                on_key("hangup")
            finally:
                os.close(listen)

    def create_terminal(out: TextIO) -> Terminal:
        """The terminal of this system."""
        return PosixTerminal(out)

else:
    import msvcrt

    class WindowsTerminal:
        """Reads the keyboard with ``msvcrt``, which cannot wait: it is asked 20 times a second."""

        def __init__(self, out: TextIO) -> None:
            self.out = out
            self.ending: threading.Event | None = None

        def start(self, on_key: Callable[[str], None]) -> None:
            self.ending = threading.Event()
            self.out.write(HIDE_CURSOR)
            self.out.flush()
            threading.Thread(target=self._read, args=(self.ending, on_key), daemon=True).start()

        def stop(self) -> None:
            if self.ending is None:
                return
            self.ending.set()
            self.ending = None
            self.out.write(SHOW_CURSOR)
            self.out.flush()

        def _read(self, ending: threading.Event, on_key: Callable[[str], None]) -> None:
            while not ending.wait(0.05):
                while msvcrt.kbhit():
                    character = msvcrt.getwch()
                    if character in "\0\xe0":
                        msvcrt.getwch()  # the second half of an arrow or function key
                    else:
                        on_key(NAMES.get(character, character))

    def create_terminal(out: TextIO) -> Terminal:
        """The terminal of this system."""
        return WindowsTerminal(out)
