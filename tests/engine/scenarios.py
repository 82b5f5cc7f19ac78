"""Things a learner does to the tiny app, and what they must read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checker.engine.job import Job

COURSE = Path(__file__).parent.parent / "harness" / "course"
VIEWS, HOOKS, APP = "app/views.py", "app/hooks.py", "app/__init__.py"
OUTCOMES = {"passed": ".", "failed": "F", "timed_out": "T", "not_run": "-"}
# The tests beside the one that loops must meet it too, on a busy machine.
LOOP_LIMIT = 3.0
Change = Callable[[Path], None]


@dataclass(frozen=True)
class Scenario:
    """Changes to the solved app, and the parts of the verdict they must lead to.

    ``message`` and ``got`` are found within the text; ``where`` is exact, its line that
    of the text in the file (``*`` for any line).
    """

    name: str
    changes: tuple[Change, ...]
    state: str
    message: str = ""
    where: tuple[str, str | None, str | None] | None = None
    got: str | None = None
    asked: str | None = None
    expected: str | None = None
    outcomes: str | None = None
    warning: str | None = None
    printed: str | None = None
    limit: float = 10.0
    test: str = "test_1_1_books.py"


def swap(file: str, old: str, new: str) -> Change:
    """Replace ``old`` by ``new``, which must be there."""

    def change(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        (root / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


def top(file: str, text: str) -> Change:
    """Put ``text`` first."""

    def change(root: Path) -> None:
        before = (root / file).read_text(encoding="utf-8")
        (root / file).write_text(text + before, encoding="utf-8")

    return change


def write(file: str, data: str | bytes) -> Change:
    """Make ``file`` hold ``data``."""

    def change(root: Path) -> None:
        raw = data.encode("utf-8") if isinstance(data, str) else data
        (root / file).write_bytes(raw)

    return change


def remove(name: str) -> Change:
    return lambda root: shutil.rmtree(root / name)


def in_list(body: str) -> Change:
    """Replace the body of ``list_books``."""
    return swap(VIEWS, '    return {"items": current_app.extensions["books"]}\n', body)


RAISES = """
import pytest
from checker.harness import Raised

def build_nameless():
    from app import create_app
    create_app()

def test_a_factory_without_a_name_is_refused(inside):
    with pytest.raises(Raised):
        inside(build_nameless)
"""
LIST_VIEW = (VIEWS, "def list_books", "list_books")

SCENARIOS = [
    Scenario("solved", (), "solved", outcomes="....."),
    Scenario(
        "a_wrong_status",
        (swap(VIEWS, "201", "200"),),
        "not_yet",
        "a good book is created with 201, got 200",
        (VIEWS, "def create_book", "create_book"),
        got="200",
        expected="201",
        asked='POST /books {"title": ',
        outcomes=".F...",
    ),
    Scenario(
        "a_status_that_is_none_of_several",
        (
            write(
                "exercises/test_several.py",
                "def test_it(client):\n    assert client.get('/books').status_code in {201, 202}\n",
            ),
        ),
        "not_yet",
        got="200",
        expected="one of 201, 202",
        test="test_several.py",
    ),
    Scenario(
        "a_word_that_is_none_of_several",
        (
            write(
                "exercises/test_several.py",
                "def test_it(client):\n"
                "    kind = client.get('/books').mimetype\n"
                "    assert kind in {'text/csv'}, (\n"
                "        f'books come as {kind}'\n"
                "    )\n",
            ),
        ),
        "not_yet",
        "books come as application/json",
        got="'application/json'",
        expected="one of 'text/csv'",
        test="test_several.py",
    ),
    Scenario(
        "a_word_that_is_not_in_what_came",
        (
            write(
                "exercises/test_several.py",
                "def test_it(client):\n"
                "    kinds = {client.get('/books').mimetype}\n"
                "    assert 'text/csv' in kinds\n",
            ),
        ),
        "not_yet",
        got="{'application/json'}",
        expected="something with 'text/csv'",
        test="test_several.py",
    ),
    Scenario(
        "a_view_that_forgets_and_another_that_cleans_up",
        (
            swap(VIEWS, '    current_app.extensions["books"].append(title)\n', ""),
            swap(
                VIEWS,
                "view_func=list_books)\n",
                "view_func=list_books)\n    app.teardown_appcontext(lambda error: clean())\n",
            ),
            top(VIEWS, "def clean() -> None: ...\n"),
        ),
        "not_yet",
        "the app must remember the book",
        (VIEWS, "def create_book", "create_book"),
        asked=", then books()",
    ),
    Scenario(
        "nothing_but_cleaning_up",
        (
            swap(APP, 'app.extensions["books"] = []', 'app.extensions["books"] = ["old"]'),
            swap(
                VIEWS,
                "view_func=list_books)\n",
                "view_func=list_books)\n    app.teardown_appcontext(clean)\n",
            ),
            swap(
                VIEWS, "def list_books", "def clean(error: object) -> None: ...\n\n\ndef list_books"
            ),
            write(
                "exercises/test_empty.py",
                "def books():\n    from flask import current_app\n"
                "    return current_app.extensions['books']\n"
                "def test_it(inside):\n    assert inside(books) == []\n",
            ),
        ),
        "not_yet",
        "not so yet: it",
        (VIEWS, "def clean", "clean"),
        test="test_empty.py",
    ),
    Scenario(
        "a_view_without_a_name",
        (swap(VIEWS, "view_func=list_books", 'view_func=lambda: ("gone", 404)'),),
        "not_yet",
        "GET /books answered 404, not 200",
        (VIEWS, "lambda", "register_views"),
    ),
    Scenario(
        "a_status_without_a_message",
        (swap(VIEWS, 'app.add_url_rule("/books", view_func=list_books)', "pass"),),
        "not_yet",
        "GET /books answered 405, not 200",
        (VIEWS, "def register_views", "register_views"),
        got="405",
        asked="GET /books",
    ),
    Scenario(
        "an_exception_in_a_view",
        (swap(VIEWS, '["title"]\n', '["titel"]\n'),),
        "not_yet",
        "your code raised KeyError: 'titel'",
        (VIEWS, '["titel"]', "create_book"),
        got="500",
        expected="201",
    ),
    Scenario(
        "an_exception_that_its_own_handler_hides",
        (
            swap(VIEWS, '["title"]\n', '["titel"]\n'),
            swap(
                APP,
                "    return app",
                '    app.errorhandler(Exception)(lambda e: ("oh", 500))\n    return app',
            ),
        ),
        "not_yet",
        "your code raised KeyError: 'titel'",
        (VIEWS, '["titel"]', "create_book"),
    ),
    Scenario(
        "an_unsolved_feature",
        (
            in_list("    raise NotImplementedError\n"),
            swap(
                APP,
                "    return app",
                "    app.errorhandler(NotImplementedError)(lambda e: ({}, 501))\n    return app",
            ),
        ),
        "not_yet",
        "GET /books answered 501, not 200",
        LIST_VIEW,
    ),
    Scenario(
        "a_view_without_a_return",
        (in_list("    current_app.extensions\n"),),
        "not_yet",
        "the view list_books returned None: a view must return a response",
        LIST_VIEW,
    ),
    Scenario(
        "a_view_that_returns_a_number",
        (in_list("    return 3\n"),),
        "not_yet",
        "the view list_books returned int",
        LIST_VIEW,
    ),
    Scenario(
        "an_answer_that_is_no_json",
        (in_list('    return {"items": {1}}\n'),),
        "not_yet",
        "your code raised TypeError: Object of type set is not JSON serializable",
        LIST_VIEW,
    ),
    Scenario(
        "a_hook_without_a_return",
        (swap(HOOKS, "    return response\n", ""),),
        "not_yet",
        "the hook mark returned None: after_request must return the response",
        (HOOKS, "def mark", "mark"),
    ),
    Scenario(
        "an_odd_answer",
        (swap(VIEWS, '{"title": title}, 201', '"thanks", 201'),),
        "not_yet",
        "the test could not read your answer: TypeError: 'NoneType' object is not subscriptable",
        (VIEWS, "def create_book", "create_book"),
        got="201 thanks",
    ),
    Scenario(
        "nothing_where_the_test_looks",
        (swap(APP, 'app.extensions["books"] = []', "pass"),),
        "not_yet",
        "your code raised KeyError: 'books'",
    ),
    Scenario(
        "nothing_where_only_the_test_looks",
        (
            swap(APP, 'app.extensions["books"] = []', "pass"),
            swap(
                VIEWS, 'current_app.extensions["books"]', 'current_app.config.setdefault("B", [])'
            ),
        ),
        "not_yet",
        "the test could not read your answer: KeyError: 'books'",
        asked="then books()",
    ),
    Scenario(
        "odd_things_where_the_test_looks",
        (
            swap(APP, 'app.extensions["books"] = []', 'app.extensions["books"] = [app]'),
            swap(
                VIEWS, 'current_app.extensions["books"]', 'current_app.config.setdefault("B", [])'
            ),
        ),
        "not_yet",
        "the test could not read your answer: what books() found is not plain data (JSON): [<Flask",
    ),
    Scenario(
        "too_deep",
        (in_list("    return list_books()\n"),),
        "not_yet",
        "your code raised RecursionError: maximum recursion depth exceeded",
        (VIEWS, "*", "list_books"),
    ),
    Scenario(
        "sys_exit_in_a_view",
        (in_list("    raise SystemExit(3)\n"),),
        "not_yet",
        "your code called sys.exit()",
        (VIEWS, "raise SystemExit", "list_books"),
    ),
    Scenario(
        "os_exit_in_a_view",
        (in_list("    __import__('os')._exit(0)\n"),),
        "not_yet",
        "your code called os._exit(): it ends the whole server",
        (VIEWS, "_exit(0)", "list_books"),
    ),
    Scenario(
        "input_in_a_view",
        (in_list("    return input()\n"),),
        "not_yet",
        "your code called input()",
        (VIEWS, "input()", "list_books"),
    ),
    Scenario(
        "prints",
        (in_list("    print('here I am')\n    return 'x', 404\n"),),
        "not_yet",
        "GET /books answered 404, not 200",
        LIST_VIEW,
        printed="here I am\n",
    ),
    Scenario(
        "an_answer_without_end",
        (in_list("    return iter(lambda: 'x' * 100_000, 1)\n"),),
        "not_yet",
        "your answer is larger than 16 MiB",
    ),
    Scenario(
        "a_thread_that_stays",
        (
            top(VIEWS, "import threading, time\n"),
            in_list("    threading.Thread(target=time.sleep, args=[99]).start()\n    return []\n"),
        ),
        "solved",
    ),
    # Nothing can run
    Scenario(
        "a_syntax_error",
        (in_list("    return {{'items': \n"),),
        "does_not_load",
        "app/views.py cannot be read: SyntaxError: '{' was never closed",
        (VIEWS, "return {{'items'", None),
        got="return {{'items':",
    ),
    Scenario(
        "a_file_of_another_encoding",
        (write(VIEWS, "x = 'ü'\n".encode("utf-16")),),
        "does_not_load",
        "app/views.py cannot be read: it is no text in UTF-8",
        (VIEWS, None, None),
    ),
    Scenario(
        "a_name_that_is_not_there",
        (swap(APP, "import register_views", "import register_wievs"),),
        "does_not_load",
        "app/views.py has no register_wievs; did you mean register_views?",
        (APP, "import register_wievs", None),
    ),
    Scenario(
        "a_module_that_is_not_there",
        (swap(APP, "from flask import", "from flaks import"),),
        "does_not_load",
        "there is no module flaks",
        (APP, "from flaks", None),
    ),
    Scenario(
        "a_factory_of_another_name",
        (swap(APP, "def create_app", "def make_app"),),
        "does_not_load",
        "app/__init__.py has no create_app",
        (APP, None, None),
    ),
    Scenario("no_app_at_all", (remove("app"),), "does_not_load", "there is no module app"),
    Scenario(
        "an_empty_app", (write(APP, ""),), "does_not_load", "app/__init__.py has no create_app"
    ),
    Scenario(
        "a_factory_without_a_return",
        (swap(APP, "    return app\n", ""),),
        "does_not_load",
        "create_app() returned None: it must return the app",
        (APP, "def create_app", "create_app"),
        got="None",
    ),
    Scenario(
        "a_factory_that_returns_something_else",
        (swap(APP, "    return app\n", "    return 'app'\n"),),
        "does_not_load",
        "create_app() returned a value of type str: it must return the app",
        (APP, "def create_app", "create_app"),
        expected="a Flask app",
    ),
    Scenario(
        "a_factory_that_wants_more",
        (swap(APP, "def create_app()", "def create_app(name)"),),
        "does_not_load",
        "your code raised TypeError: create_app() missing 1 required positional argument: 'name'",
        (APP, "def create_app", "create_app"),
    ),
    Scenario(
        "a_world_that_hands_on_what_it_got",
        (
            swap(APP, "    return app\n", ""),
            write(
                "exercises/world.py",
                "def build():\n    from app import create_app\n    return create_app()\n",
            ),
        ),
        "does_not_load",
        "create_app() returned None: it must return the app",
        (APP, "def create_app", "create_app"),
    ),
    Scenario(
        "a_world_that_is_broken",
        (write("exercises/world.py", "def build():\n    return 1 / 0\n"),),
        "fault",
        "the course's own test failed to run: AuthorError: world.py: ZeroDivisionError",
    ),
    Scenario(
        "a_library_that_cannot_use_what_the_learner_wrote",
        (
            write(
                "exercises/world.py",
                "import json\n\n\ndef build():\n    from app import create_app\n\n"
                "    app = create_app()\n    store(app)\n    return app\n\n\n"
                "def store(app):\n    json.dumps(app.extensions['books'])\n",
            ),
            swap(APP, '"books"] = []', '"books"] = [{1}]'),
        ),
        "does_not_load",
        "your code raised TypeError: Object of type set is not JSON serializable while the app",
        (VIEWS, "def register_views", "register_views"),
    ),
    Scenario(
        "a_circle_of_imports",
        (top(VIEWS, "from app import create_app\n"),),
        "does_not_load",
        "circular import: app/__init__.py imports app/views.py imports app/__init__.py",
        (VIEWS, "from app import create_app", None),
    ),
    Scenario(
        "a_name_that_a_package_lacks",
        (top(VIEWS, "from flask import nothing_like_it\n"),),
        "does_not_load",
        "cannot import name 'nothing_like_it' from 'flask' while the app was loaded",
        (VIEWS, "from flask import nothing_like_it", None),
    ),
    Scenario(
        "an_exception_while_building",
        (swap(APP, "    app = Flask(__name__)\n", "    app = Flask(1 / 0)\n"),),
        "does_not_load",
        "your code raised ZeroDivisionError: division by zero while the app was built",
        (APP, "1 / 0", "create_app"),
    ),
    Scenario(
        "sys_exit_at_import",
        (top(VIEWS, "import sys\nsys.exit()\n"),),
        "does_not_load",
        "your code called sys.exit() while the app was loaded",
        (VIEWS, "sys.exit()", None),
    ),
    Scenario(
        "input_at_import",
        (top(VIEWS, "name = input('name? ')\n"),),
        "does_not_load",
        "your code called input() while the app was loaded",
        (VIEWS, "input(", None),
    ),
    Scenario(
        "run_at_import",
        (swap(APP, "    return app", "    app.run()\n    return app"),),
        "does_not_load",
        "your code called app.run() while the app was loaded: a server never returns",
        (APP, "app.run()", "create_app"),
    ),
    Scenario(
        "nothing_is_raised",
        (write("exercises/test_raises.py", RAISES),),
        "not_yet",
        "not so yet: a factory without a name is refused",
        asked="build_nameless()",
        test="test_raises.py",
    ),
    Scenario(
        "raised_inside",
        (
            write("exercises/test_inside.py", RAISES.replace("with pytest.raises(Raised)", "if 1")),
            swap(APP, "    app = Flask(__name__)\n", "    app = Flask(__name__)\n    NOTHING\n"),
            write(
                "exercises/world.py", "from flask import Flask\ndef build(): return Flask('x')\n"
            ),
        ),
        "not_yet",
        "your code raised NameError: name 'NOTHING' is not defined",
        (APP, "    NOTHING", "create_app"),
        asked="build_nameless()",
        test="test_inside.py",
    ),
    # Ended from outside
    Scenario(
        "a_loop_at_import",
        (top(VIEWS, "while True:\n    pass\n"),),
        "does_not_load",
        "still not done after 1 seconds while the app was loaded: a loop without end?",
        (VIEWS, "*", None),
        limit=1.0,
    ),
    Scenario(
        "a_loop_in_a_view",
        (
            in_list(
                "    while True:\n        try:\n            1 / 0\n"
                "        except BaseException:\n            continue\n"
            ),
        ),
        "not_yet",
        "still not done after 3 seconds",
        (VIEWS, "*", "list_books"),
        asked="GET /books",
        outcomes="T....",
        limit=LOOP_LIMIT,
    ),
    Scenario(
        "a_regex_without_end",
        (top(VIEWS, "import re\n"), in_list("    return str(re.match('(a+)+b', 'a' * 99))\n")),
        "not_yet",
        "still not done after 3 seconds",
        (VIEWS, "re.match(", "list_books"),
        limit=LOOP_LIMIT,
    ),
    Scenario(
        "a_flood_of_prints",
        (in_list("    while True:\n        print('x' * 1000)\n"),),
        "not_yet",
        "your code printed more than 10 MB",
        (VIEWS, "print(", "list_books"),
    ),
    Scenario(
        "a_flood_below_python",
        (in_list("    import os\n    while True:\n        os.write(1, b'x' * 100_000)\n"),),
        "not_yet",
        "your code printed more than 10 MB",
        (VIEWS, "def register_views", "register_views"),
        outcomes="F....",
    ),
    Scenario(
        "a_segfault",
        (in_list("    import ctypes\n    return ctypes.string_at(0)\n"),),
        "not_yet",
        "segmentation fault",
        (VIEWS, "string_at", "list_books"),
        asked="GET /books",
        outcomes="F....",
    ),
    Scenario(
        "killed_for_its_memory",
        (in_list("    import os\n    os.kill(os.getpid(), 9)\n"),),
        "not_yet",
        "was killed, most likely because memory ran out",
        (VIEWS, "def register_views", "register_views"),
        outcomes="F....",
    ),
    Scenario(
        "killed_at_import",
        (top(VIEWS, "import os\nos.kill(os.getpid(), 9)\n"),),
        "does_not_load",
        "was killed, most likely because memory ran out while the app was loaded",
    ),
    # Not the learner's
    Scenario(
        "a_test_that_is_wrong",
        (
            write(
                "exercises/test_wrong.py", "def test_it(client):\n    client.get('/')\n    oops\n"
            ),
        ),
        "fault",
        "the course's own test failed to run: NameError: name 'oops' is not defined",
        test="test_wrong.py",
    ),
    Scenario(
        "a_test_that_breaks_before_it_asks",
        (write("exercises/test_wrong.py", "def test_it(client):\n    1 / 0\n"),),
        "fault",
        "the course's own test failed to run: ZeroDivisionError",
        test="test_wrong.py",
    ),
    Scenario(
        "a_test_that_cannot_be_read",
        (write("exercises/test_wrong.py", "def test_it(client:\n"),),
        "fault",
        "the course's own tests cannot be read",
        test="test_wrong.py",
    ),
    Scenario(
        "a_file_in_the_way",
        (write("json.py", "dumps = None\n"),),
        "solved",
        warning="json.py has the name of a module of Python itself",
    ),
]


def make(scenario: Scenario, folder: Path) -> Path:
    """The learner's folder, changed, and with the course's exercises in it."""
    root = folder / "work é" / "01"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    for change in scenario.changes:
        change(root)
    return root


def job(scenario: Scenario, root: Path, subject: str = "direct") -> Job:
    assert subject in ("direct", "remote")
    return Job(
        root,
        root / "exercises",
        root / "exercises" / scenario.test,
        "1.1",
        (VIEWS,),
        limit=scenario.limit,
        subject=subject,
    )


def line_of(root: Path, file: str, text: str) -> int:
    lines = (root / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)
