"""Where was the learner's code when it hung? What two processes wrote about it, read back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checker.harness.failure import Location
from checker.harness.ground import Ground
from checker.harness.stacks import learner_line
from checker.harness.watch import dumped, of_app

VIEWS = "def register(app):\n    return app\n\n\ndef list_books():\n    while True:\n        pass\n"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    (tmp_path / "step" / "app").mkdir(parents=True)
    (tmp_path / "step" / "app" / "views.py").write_text(VIEWS, encoding="utf-8")
    return Ground(tmp_path / "step", tmp_path / "exercises", ("app/views.py",))


def frame(ground: Ground, line: str, function: str) -> str:
    return f'  File "{ground.root / "app" / "views.py"}", line {line} in {function}\n'


@pytest.mark.parametrize(
    ("line", "function", "expected"),
    [
        ("6", "list_books", Location("app/views.py", 6, "list_books")),
        ("1", "<module>", Location("app/views.py", 1, None)),
        # An instruction that the interpreter added has no line: the function's own then.
        ("???", "list_books", Location("app/views.py", 5, "list_books")),
        ("???", "<lambda>", Location("app/views.py", None, "<lambda>")),
    ],
)
def test_a_frame_is_a_place(ground: Ground, line: str, function: str, expected: Location) -> None:
    assert learner_line(frame(ground, line, function), ground) == expected


def test_two_processes_do_not_write_over_each_other(ground: Ground, tmp_path: Path) -> None:
    stack = tmp_path / "stack.txt"
    stack.write_text('  File "checker/harness/remote.py", line 1 in _ask\n', encoding="utf-8")
    of_app(stack).write_text(frame(ground, "6", "list_books"), encoding="utf-8")

    assert learner_line(dumped(stack), ground) == Location("app/views.py", 6, "list_books")
    assert "_ask" in dumped(stack)


def test_what_an_earlier_test_left_is_no_news(tmp_path: Path) -> None:
    stack = tmp_path / "stack.txt"
    for file in (stack, of_app(stack)):
        file.write_text("Timeout!\n", encoding="utf-8")
    assert dumped(stack).count("Timeout!") == 2

    # In a process of its own, for it is the process that is watched from then on.
    script = "import sys; from pathlib import Path; from checker.harness.watch import Watch\n"
    script += "Watch(60, Path(sys.argv[1])).start()"
    subprocess.run([sys.executable, "-c", script, str(stack)], check=True)

    assert dumped(stack) == ""
