"""Shown output is made by running the command it shows."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from checker.author.pages.__main__ import main
from checker.author.pages.recording import RecordingError, Recordings, record
from checker.course import Course

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not installed: the recorded requests need it"
)

LIST = """
[[normalise]]
pattern = '^(Server|Date|Connection|Content-Length): .*\\n'
becomes = ""
why = "the clock"

[[session]]
step = 1
solved = {solved}

[[session.run]]
name = "greeting"
command = "curl -i localhost:5000/Ada"

[[session]]

[[session.run]]
name = "example"
command = "python docs/examples/hello.py"
"""


def declare(root: Path, text: str) -> Recordings:
    file = root / "docs/outputs/recordings.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return Recordings.load(file)


@needs_curl
@pytest.mark.parametrize(("solved", "says"), [("true", "Hello, Ada."), ("false", "")])
def test_a_request_is_answered_by_the_real_app(
    root: Path, course: Course, solved: str, says: str
) -> None:
    texts = record(course, declare(root, LIST.format(solved=solved)))

    assert texts["greeting.txt"] == (
        "$ curl -i localhost:5000/Ada\nHTTP/1.1 200 OK\nContent-Type: application/json\n\n"
        f'{{\n  "and": "more",\n  "says": "{says}"\n}}\n'
    )


def test_an_example_is_run_within_the_course(root: Path, course: Course) -> None:
    listed = declare(
        root, LIST.format(solved="true").replace("curl -i localhost:5000/Ada", "python -V")
    )

    assert record(course, listed)["example.txt"] == "$ python docs/examples/hello.py\nhello\n"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (
            "rm -rf x",
            "only python, checker, flask, pytest, lint-imports, curl, git can be recorded",
        ),
        ("python -c 'raise SystemExit(3)'", "ended with 3, not 0"),
    ],
)
def test_a_command_that_cannot_be_shown_is_refused(
    root: Path, course: Course, command: str, reason: str
) -> None:
    listed = declare(
        root, f'normalise = []\n[[session]]\n[[session.run]]\ncommand = """{command}"""'
    )

    with pytest.raises(RecordingError, match=reason):
        record(course, listed)


def test_an_app_that_does_not_start_says_why(root: Path, course: Course) -> None:
    (root / "steps/01_first/wsgi.py").write_text("raise RuntimeError('no such luck')", "utf-8")
    listed = declare(
        root, 'normalise = []\n[[session]]\nstep = 1\n[[session.run]]\ncommand = "python -V"'
    )

    with pytest.raises(RecordingError, match=r"(?s)flask run did not start.*no such luck"):
        record(course, listed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[session]]\nstep = 1", "'run'"),
        ('normalise = []\n[[session]]\n[[session.run]]\ncomand = "x"', "comand"),
        (
            "normalise = []\n[[session]]\n"
            + '[[session.run]]\nname = "a"\ncommand = "python -V"\n' * 2,
            "recorded twice: a",
        ),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(root: Path, text: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=reason):
        declare(root, text)


def test_check_finds_what_is_stale_and_changes_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(root, "normalise = []" + LIST[LIST.index("\n[[session]]\n\n") :])
    kept = root / "docs/outputs/example.txt"
    orphan = root / "docs/outputs/orphan.txt"
    orphan.write_text("$ nobody\n", encoding="utf-8")
    monkeypatch.chdir(root)

    assert main([]) == 0
    assert not orphan.exists()
    assert main(["--check"]) == 0
    kept.write_text(kept.read_text("utf-8").replace("hello\n", "goodbye\n"), encoding="utf-8")
    capsys.readouterr()
    assert main(["--check"]) == 1
    assert "-goodbye\n+hello\n" in capsys.readouterr().out
    assert "goodbye" in kept.read_text("utf-8")


def test_what_needs_more_than_is_here_is_left_as_it_stands(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "docs/examples/hello.py").write_text(
        "import os\n\nprint(os.environ['SERVER'])\n", encoding="utf-8"
    )
    declare(
        root,
        'normalise = []\n[[session]]\nneeds = "SERVER"\n'
        '[[session.run]]\nname = "server"\ncommand = "python docs/examples/hello.py"',
    )
    recording = root / "docs/outputs/server.txt"
    monkeypatch.chdir(root)

    monkeypatch.setenv("SERVER", "mine")
    assert main([]) == 0
    assert recording.read_text("utf-8").endswith("\nmine\n"), "the command sees the variable"
    monkeypatch.delenv("SERVER")
    recording.write_text("kept\n", encoding="utf-8")
    assert main([]) == main(["--check"]) == 0
    assert recording.read_text("utf-8") == "kept\n"
    assert "left out, as SERVER is not set: 1 recording" in capsys.readouterr().out
    monkeypatch.setenv("SERVER", "another")
    assert main(["--check"]) == 1


def test_a_recording_that_fails_ends_with_4(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(root, 'normalise = []\n[[session]]\n[[session.run]]\ncommand = "ls"')
    monkeypatch.chdir(root)

    assert main(["--check"]) == 4
    assert "only python, checker" in capsys.readouterr().err


SCREEN = '''
"""Draws three frames: one busy, one done, one for each key until q."""

import sys, termios, tty

def draw(text):
    sys.stdout.write("\\x1b[H" + text + "\\x1b[K\\r\\n\\x1b[J")
    sys.stdout.flush()

old = termios.tcgetattr(0)
tty.setraw(0)
draw("checking")
draw("\\x1b[31mnot yet\\x1b[0m in 12 ms")
key = sys.stdin.read(1)
while key != "q":
    draw(f"you pressed {key}")
    key = sys.stdin.read(1)
termios.tcsetattr(0, termios.TCSADRAIN, old)
'''


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminal in Python")
@pytest.mark.parametrize(("keys", "shown"), [("", "not yet in 9 ms"), ("h", "you pressed h")])
def test_a_screen_is_taken_when_it_is_still(
    root: Path, course: Course, keys: str, shown: str
) -> None:
    (root / "docs/examples/screen.py").write_text(SCREEN, encoding="utf-8")
    listed = declare(
        root,
        "[[normalise]]\npattern = '\\d+ ms'\nbecomes = '9 ms'\nwhy = 'a duration'\n[[session]]\n"
        '[[session.run]]\nname = "it"\nscreen = "The screen"\n'
        f'command = "python docs/examples/screen.py"\nkeys = "{keys}"',
    )

    picture = record(course, listed)["it.svg"]

    assert '<title id="screen-thescreen-title">The screen</title>' in picture
    assert f'<desc id="screen-thescreen-desc">{shown}</desc>' in picture
    assert "http" not in picture.replace("http://www.w3.org/2000/svg", "")
