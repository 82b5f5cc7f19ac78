"""The watch screen, driven through a real pseudo-terminal."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

import fcntl
import pty
import select
import struct
import subprocess
import termios
import urllib.request

from checker.learn.watch.loop import editor_command

# That nothing waits for ever: on a busy machine an answer may take a good while.
DEADLINE = 60.0
FAKE = Path(__file__).parent / "watch_with_fake_engine.py"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
FILE = "work/01_first/app/greeting.py"


class Screen:
    """A program on a pseudo-terminal: what it wrote, and the last frame it drew."""

    def __init__(
        self, command: list[str], cwd: Path, environment: dict[str, str], columns: int, rows: int
    ) -> None:
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.settings = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            # Makes Ctrl-C a signal, as on a real terminal; this process has no threads
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        self.output = ""
        self.decode = __import__("codecs").getincrementaldecoder("utf-8")("replace").decode

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float = 0.02) -> None:
        while select.select([self.master], [], [], seconds)[0]:
            self.output += self.decode(os.read(self.master, 65536))
            seconds = 0

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    @property
    def frame(self) -> str:
        """The last frame drawn to its end, without its escape codes; or all, where none is drawn.

        A frame comes in as many parts as the terminal likes, and half of one shows nothing.
        """
        drawn, end, _ = self.output.rpartition("\x1b[J")
        last = drawn.rpartition("\x1b[H")[2] if end else self.output
        return ESCAPE.sub("", last).replace("\r", "")

    def wait(self, what: str | Callable[[str], bool]) -> str:
        """Wait until the screen shows something, and nothing is being checked."""

        def shows(frame: str) -> bool:
            return what in frame if isinstance(what, str) else what(frame)

        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self.read()
            if shows(self.frame):
                return self.frame
            assert self.process.poll() is None, f"the watch screen ended:\n{self.output[-3000:]}"
        raise AssertionError(f"never shown: {what}\nthe last frame:\n{self.frame}")

    def verdict(self, text: str) -> str:
        """Wait for a verdict that says ``text``."""
        return self.wait(lambda frame: text in frame and "checking" not in frame)

    def end(self) -> int:
        """The exit code, once the program has ended by itself."""
        stop = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < stop:
            self.read()
        self.read()
        assert self.process.poll() is not None, f"it never ended:\n{self.frame}"
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


Open = Callable[..., Screen]


@pytest.fixture
def screens() -> Iterator[Open]:
    opened: list[Screen] = []

    def open_screen(
        learner: Any, *program: str, columns: int = 100, rows: int = 30, **environment: str
    ) -> Screen:
        command = [sys.executable, "-P", *(program or [str(FAKE)])]
        more = {"TERM": "xterm-256color", **environment}
        screen = Screen(command, learner.root, learner.environment(**more), columns, rows)
        opened.append(screen)
        return screen

    yield open_screen
    for screen in opened:
        screen.close()


@pytest.fixture
def screen(learner: Any, screens: Open) -> Screen:
    """The watch screen over the fake engine, its first verdict shown."""
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner)
    screen.verdict('it says return "hello"')
    return screen


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def by_rename(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def with_a_backup(path: Path, data: bytes) -> None:
    path.replace(path.with_name(path.name + "~"))
    path.write_bytes(data)


def by_delete_and_create(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def in_two_parts(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data[:3])
        file.flush()
        os.fsync(file.fileno())
        file.write(data[3:])


SAVES = [in_place, by_rename, with_a_backup, by_delete_and_create, in_two_parts]


@pytest.mark.parametrize("save", SAVES, ids=lambda save: save.__name__)
def test_a_save_is_judged_however_the_editor_saves(
    learner: Any, screen: Screen, save: Callable[[Path, bytes], None]
) -> None:
    save(learner.path(FILE), b"# first\n")
    screen.verdict("it says # first")
    save(learner.path(FILE), b"# SOLVED\n")
    screen.verdict("solved")


def test_a_save_of_the_same_size_and_time_is_judged(learner: Any, screen: Screen) -> None:
    file = learner.path(FILE)
    file.write_bytes(b"# one\n")
    screen.verdict("it says # one")
    stat = file.stat()
    file.write_bytes(b"# two\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    screen.verdict("it says # two")


def test_windows_line_ends_are_judged_and_kept(learner: Any, screen: Screen) -> None:
    learner.path(FILE).write_bytes(b"# one\r\n# two\r\n")
    screen.verdict("it says # two")
    assert learner.read(FILE) == b"# one\r\n# two\r\n"


def test_a_course_in_a_folder_with_spaces_and_letters_of_any_kind(
    new_learner: Any, tmp_path: Path, screens: Open
) -> None:
    learner = new_learner(tmp_path / "Ada's Kurs für Flask 日本")
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner)
    screen.verdict("it says return")
    learner.save(FILE, "# grüße 日本\n")
    screen.verdict("it says # grüße 日本")


def test_a_burst_of_saves_ends_with_the_verdict_of_the_last(learner: Any, screen: Screen) -> None:
    for number in range(300):
        learner.save(FILE, f"# save {number}\n")
    screen.verdict("it says # save 299")


def test_of_a_hundred_saves_during_checks_the_last_has_the_last_word(
    learner: Any, screen: Screen
) -> None:
    pause = random.Random(7)
    saves = [*SAVES[:4], *SAVES[:4]]
    for number in range(100):
        pause.choice(saves)(learner.path(FILE), f"# save {number}\n".encode())
        screen.read(pause.uniform(0, 0.05))
    screen.verdict("it says # save 99")
    # Nothing that was started earlier comes in afterwards
    learner.save(FILE, "# SOLVED\n")
    assert "save" not in screen.verdict("solved")


def test_a_save_taken_back_during_a_check_leaves_the_verdict_of_what_is_there(
    learner: Any, screen: Screen
) -> None:
    learner.save(FILE, "# LOOP\n")
    screen.wait("checking")
    learner.save(FILE, "# back\n")
    screen.verdict("it says # back")


def test_checking_is_shown_while_a_check_runs_and_the_last_verdict_stays_readable(
    learner: Any, screen: Screen
) -> None:
    learner.save(FILE, "# LOOP\n")
    frame = screen.wait("checking")
    assert "it says return" in frame
    assert "where     app/greeting.py:1" in frame


def test_a_check_in_an_endless_loop_is_replaced_by_the_next_save(
    learner: Any, screen: Screen
) -> None:
    learner.save(FILE, "# LOOP\n")
    screen.wait("checking")
    learner.save(FILE, "# SOLVED\n")
    screen.verdict("solved")


def test_enter_checks_now(learner: Any, screen: Screen) -> None:
    frames = screen.output.count("checking")
    screen.press("\r")
    screen.wait(lambda _: screen.output.count("checking") > frames)
    screen.verdict("it says return")


def test_a_new_file_counts_and_a_data_file_the_app_wrote_does_not(
    learner: Any, screen: Screen
) -> None:
    frames = screen.output.count("checking")
    learner.save("work/01_first/instance/app.db", b"\0rows")
    learner.save("work/01_first/app/lines.json", "[]")
    learner.save("work/01_first/app/more.py", "x = 1\n")
    screen.wait(lambda _: screen.output.count("checking") > frames)
    screen.verdict("it says return")


@pytest.mark.parametrize(
    ("leave", "code"),
    [
        (lambda screen: screen.press("q"), 0),
        (lambda screen: screen.press("\x03"), 130),
        (lambda screen: screen.process.send_signal(signal.SIGTERM), 143),
        (lambda screen: screen.process.send_signal(signal.SIGHUP), 129),
    ],
    ids=["q", "ctrl_c", "sigterm", "sighup"],
)
def test_leaving_restores_the_terminal_even_from_an_endless_loop(
    learner: Any, screen: Screen, leave: Callable[[Screen], None], code: int
) -> None:
    learner.save(FILE, "# LOOP\n")
    screen.wait("checking")
    assert termios.tcgetattr(screen.slave) != screen.settings, "keys are read one by one"
    leave(screen)
    assert screen.end() == code
    assert termios.tcgetattr(screen.slave) == screen.settings
    assert screen.output.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"


def test_what_a_key_cannot_do_is_told_and_the_screen_goes_on(learner: Any, screen: Screen) -> None:
    learner.save("work/.checker/progress.json", '{"version": 99}')
    screen.press("h")
    screen.wait("newer checker")
    learner.path("work/.checker/progress.json").unlink()
    screen.press("h")
    screen.wait("The first hint")


def test_a_crash_of_our_own_restores_the_terminal(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, CRASH_ON_KEY="x")
    screen.verdict("it says return")
    screen.press("x")
    assert screen.end() == 70
    assert "the checker itself went wrong" in screen.output
    assert termios.tcgetattr(screen.slave) == screen.settings


def test_it_ends_when_the_terminal_window_is_closed(learner: Any, screen: Screen) -> None:
    learner.save(FILE, "# LOOP\n")
    screen.wait("checking")
    os.close(screen.slave)
    os.close(screen.master)
    screen.slave, screen.master = pty.openpty()
    assert screen.process.wait(DEADLINE) != 0


def test_a_fault_of_the_engine_is_owned_and_the_next_save_is_judged(
    learner: Any, screen: Screen
) -> None:
    learner.save(FILE, "# CRASH\n")
    frame = screen.verdict("our fault")
    assert "the engine broke" in frame
    learner.save(FILE, "# SOLVED\n")
    screen.verdict("solved")


def test_the_scrollback_is_never_purged_nor_another_screen_used(
    learner: Any, screen: Screen
) -> None:
    learner.save(FILE, "# SOLVED\n")
    screen.verdict("solved")
    screen.press("lq")
    screen.end()
    assert "\x1b[3J" not in screen.output
    assert "\x1b[2J" not in screen.output
    assert "\x1b[?1049h" not in screen.output
    assert "\x1b[?47h" not in screen.output
    assert "\x1bc" not in screen.output


def test_at_forty_columns_every_line_fits(learner: Any, screen: Screen) -> None:
    screen.resize(40, 20)
    frame = screen.wait(lambda frame: "[h]" not in frame and "h hint" in frame)
    assert max(map(len, frame.splitlines())) <= 40
    assert len(frame.splitlines()) <= 15
    assert "it says return" in frame
    assert "not yet" in frame
    screen.press("?")
    frame = screen.wait("quit\n")
    assert max(map(len, frame.splitlines())) <= 40


@pytest.mark.parametrize("rows", [6, 8, 10])
def test_a_low_terminal_shows_the_verdict_first(learner: Any, screen: Screen, rows: int) -> None:
    screen.resize(100, rows)
    frame = screen.wait(lambda frame: len(frame.splitlines()) <= rows)
    assert "it says return" in frame
    screen.press("h")
    frame = screen.wait("hint 1 of 3")
    assert len(frame.splitlines()) <= rows


def test_hints_come_one_by_one_and_stay_while_the_learner_saves(
    learner: Any, screen: Screen
) -> None:
    screen.press("h")
    screen.wait("The first hint of 1.1")
    learner.save(FILE, "# next\n")
    assert "The first hint of 1.1" in screen.verdict("it says # next")
    screen.press("h")
    screen.wait("The second hint of 1.1")
    screen.press("h")
    screen.wait("press h again to see the solution")
    screen.press("h")
    assert '+    return f"hello {name}"' in screen.wait("solution/app/greeting.py")
    learner.save(FILE, "# after\n")
    assert "solution/app" not in screen.verdict("it says # after")


def test_the_list_marks_where_we_are_and_goes_again(learner: Any, screen: Screen) -> None:
    screen.press("l")
    frame = screen.wait("2.2 Say goodbye")
    assert "▸ ✗ 1.1 Greet the visitor" in frame
    screen.press("l")
    screen.verdict("it says return")


def test_solving_never_moves_on_by_itself_and_next_does(learner: Any, screen: Screen) -> None:
    learner.save(FILE, "# SOLVED\n")
    frame = screen.verdict("solved")
    assert "1.1 Greet" in frame
    assert "1 of 2" in frame
    screen.press("n")
    screen.wait("1.2 Add up")
    learner.save("work/01_first/app/sums.py", "# SOLVED\n")
    screen.verdict("solved")
    screen.press("n")
    screen.wait("Press n again to start step 2")
    screen.press("n")
    screen.wait("2.1 Double")
    assert learner.path("work/02_second/wsgi.py").is_file()
    learner.save("work/02_second/app/counting.py", "# two\n")
    screen.verdict("it says # two")


def test_reset_asks_and_undo_brings_it_back(learner: Any, screen: Screen) -> None:
    learner.save(FILE, "# mine\n")
    screen.verdict("it says # mine")
    screen.press("r")
    screen.wait("press r again")
    screen.press("x")
    screen.wait(lambda frame: "press r" not in frame)
    assert learner.read(FILE) == b"# mine\n"
    screen.press("r")
    screen.wait("press r again")
    screen.press("r")
    screen.verdict("it says return")
    assert learner.types("undo").code == 0
    screen.verdict("it says # mine")


def test_check_all_counts_and_lists(learner: Any, screen: Screen) -> None:
    screen.press("c")
    frame = screen.wait("checked 2 of 2")
    assert frame.count("✗ 1.") == 2
    assert "0 of 1 tests" in frame


def test_an_arrow_key_is_no_command(learner: Any, screen: Screen) -> None:
    screen.press("\x1b[A")
    screen.press("?")
    screen.wait("the next hint")
    assert screen.process.poll() is None


def test_the_editor_has_the_terminal_to_itself(learner: Any, screens: Open, tmp_path: Path) -> None:
    editor = tmp_path / "my editor.py"
    editor.write_text(
        "import pathlib, sys, termios\n"
        "flags = termios.tcgetattr(0)[3]\n"
        "assert flags & termios.ICANON and flags & termios.ECHO\n"
        "pathlib.Path(sys.argv[1]).write_text('# ' + input('edit: ') + '\\n')\n",
        encoding="utf-8",
    )
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, EDITOR=f"{sys.executable} '{editor}'")
    screen.verdict("it says return")
    screen.press("e")
    screen.wait(lambda _: screen.output.rstrip().endswith("edit:"))
    screen.press("qlhn typed\n")
    screen.verdict("it says # qlhn typed")
    screen.press("q")
    assert screen.end() == 0


def test_without_an_editor_the_file_is_named(learner: Any, screen: Screen) -> None:
    screen.press("e")
    screen.wait("no editor is set")


@pytest.mark.parametrize("setting", ["no-such-editor -w", "the 'editor"])
def test_an_editor_that_is_not_there_is_named(learner: Any, screens: Open, setting: str) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, VISUAL=setting)
    screen.verdict("it says return")
    screen.press("e")
    screen.wait(f"cannot start {setting!r}")


def test_an_editor_is_found_as_windows_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = tmp_path / "code.cmd"
    found.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    elsewhere = "C:\\Program Files\\An editor\\editor.exe"

    assert editor_command("code.cmd --wait", windows=True) == [str(found), "--wait"]
    assert editor_command(f'"{elsewhere}" -w', windows=True) == [elsewhere, "-w"]


def test_no_color_leaves_marks_and_words(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, NO_COLOR="1")
    assert "✗ not yet" in screen.verdict("it says return")
    assert not re.search(r"\x1b\[[0-9;]*m", screen.output)


def test_a_narrow_encoding_gets_plain_marks(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, PYTHONIOENCODING="cp1252", PYTHONUTF8="0")
    frame = screen.verdict("it says return")
    assert "x not yet" in frame
    assert "...." in frame, "the bar"


def test_what_the_learner_prints_cannot_steer_the_terminal(learner: Any, screen: Screen) -> None:
    learner.save(FILE, "# \x1b[3Jgone\x07\n")
    screen.verdict(r"it says # \x1b[3Jgone\x07")
    assert "\x1b[3J" not in screen.output


def test_ctrl_z_gives_the_terminal_back_and_takes_it_again(learner: Any, screen: Screen) -> None:
    screen.press("\x1a")
    end = time.monotonic() + DEADLINE
    while termios.tcgetattr(screen.slave) != screen.settings:
        screen.read()
        assert time.monotonic() < end, "the terminal was not given back"
    frames = screen.output.count("\x1b[H")

    def woken(_: str) -> bool:
        # The terminal is given back just before the program stops: once may be too early
        screen.process.send_signal(signal.SIGCONT)
        return screen.output.count("\x1b[H") > frames

    screen.wait(woken)
    learner.save(FILE, "# awake\n")
    screen.verdict("it says # awake")


def test_the_step_folder_can_vanish_and_come_back(learner: Any, screen: Screen) -> None:
    folder = learner.path("work/01_first")
    folder.rename(learner.path("elsewhere"))
    screen.verdict("step 1 is not started")
    learner.path("elsewhere").rename(folder)
    screen.verdict("it says return")


def test_the_real_engine_from_first_start_to_solved(learner: Any, screens: Open) -> None:
    screen = screens(learner, "-m", "checker")
    frame = screen.verdict("the greeting does not name the visitor")
    assert len(frame.splitlines()) <= 15
    assert "where     app/greeting.py" in frame
    learner.save(FILE, learner.read(FILE).replace(b'"hello"', b'f"hello {name}"'))
    screen.verdict("✓ solved")
    assert learner.types("list", "--json").json["steps"][0]["solved"] == 1
    learner.save(FILE, "def greet(name):\n    while True:\n        pass\n")
    screen.wait("checking")
    helpers = psutil.Process(screen.process.pid).children(recursive=True)
    assert helpers
    screen.press("q")
    assert screen.end() == 0
    assert termios.tcgetattr(screen.slave) == screen.settings
    _, left = psutil.wait_procs(helpers, DEADLINE)
    assert not left, "the endless loop is ended too"


def small_site(learner: Any) -> None:
    learner.save("mkdocs.yml", "site_name: Small\ntheme:\n  name: mkdocs\nplugins: []\n")
    learner.save("docs/index.md", "# Home\n")
    learner.save("docs/one.md", '# One\n\n<h2 id="1-1-greet-the-visitor">Read me</h2>\n')


def page_at(text: str) -> str:
    address = re.search(r"http://localhost:\d+/\S+", text)
    assert address is not None
    assert address[0].endswith("/one/#1-1-greet-the-visitor")
    with urllib.request.urlopen(address[0], timeout=DEADLINE) as answer:  # noqa: S310 - http, as matched
        page: str = answer.read().decode()
    return page


def test_the_docs_key_serves_the_page_of_the_exercise(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    small_site(learner)
    screen = screens(learner, DISPLAY="", WAYLAND_DISPLAY="")
    screen.verdict("it says return")
    screen.press("d")
    assert "Read me" in page_at(screen.wait("docs: http://localhost"))
    learner.save(FILE, "# still watching\n")
    screen.verdict("it says # still watching")
    screen.press("q")
    assert screen.end() == 0


def test_the_docs_command_serves_until_ctrl_c(learner: Any, screens: Open) -> None:
    small_site(learner)
    screen = screens(learner, "-m", "checker", "docs", DISPLAY="", WAYLAND_DISPLAY="")
    assert "Read me" in page_at(screen.wait("Ctrl-C ends it"))
    screen.press("\x03")
    assert screen.end() == 0


def test_on_a_terminal_the_solution_asks_first(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    screen = screens(learner, "-m", "checker", "solution")
    screen.wait("You have seen no hint of 1.1 yet. See the solution now?")
    screen.press("n\n")
    assert screen.end() == 2
    assert "hello {name}" not in screen.output
    screen = screens(learner, "-m", "checker", "solution")
    screen.wait("See the solution now?")
    screen.press("y\n")
    assert screen.end() == 0
    assert "hello {name}" in screen.output


def test_on_a_terminal_the_solution_follows_the_third_hint(learner: Any, screens: Open) -> None:
    learner.session.workspace.start(learner.session.course.step(1))
    for _ in range(3):
        assert learner.types("hint").code == 0
    screen = screens(learner, "-m", "checker", "hint")
    screen.wait("See the solution?")
    screen.press("y\n")
    assert screen.end() == 0
    assert "hello {name}" in screen.output
