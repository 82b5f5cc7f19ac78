"""The fixtures in a plain ``pytest``, for both subjects; and in a run that does not use them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COURSE = Path(__file__).parent / "course"
Run = Callable[..., str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "01"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(params=["direct", "remote"])
def run(root: Path, request: pytest.FixtureRequest) -> Run:
    """``run(test)``: what pytest says to this test file, run in the learner's folder."""

    def run(test: str, *options: str) -> str:
        (root / "exercises" / "test_2_1_it.py").write_text(test, encoding="utf-8")
        return pytest_says(root, f"--subject={request.param}", "exercises/test_2_1_it.py", *options)

    return run


def pytest_says(root: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options]
    done = subprocess.run(
        command, cwd=root, capture_output=True, encoding="utf-8", check=False, env=dict(os.environ)
    )
    return done.stdout + done.stderr


def test_the_course_passes_in_its_own_folder(run: Run) -> None:
    assert "5 passed" in run("", "exercises")


def test_an_exception_inside_arrives_as_its_name_and_text(run: Run) -> None:
    said = run(
        """
import pytest
from checker.harness import Raised

def fail(text):
    from app import create_app
    class ConfigError(Exception): pass
    raise ConfigError(text)

def test_it(inside):
    with pytest.raises(Raised) as caught:
        inside(fail, "no é key")
    assert (caught.value.type, caught.value.message) == ("ConfigError", "no é key")
"""
    )
    assert "1 passed" in said


def test_arguments_and_results_are_plain_data(run: Run) -> None:
    said = run(
        """
def same(*values, **named):
    return values, named

def test_it(inside):
    assert inside(same, (1, 2), key={3: None}) == [[[1, 2]], {"key": {"3": None}}]
"""
    )
    assert "1 passed" in said


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("inside(same, {1})", "an argument of inside(same) is not plain data (JSON): [[{1}], {}]"),
        ("inside(leaks)", "inside(leaks) uses KEY from its test module"),
    ],
)
def test_what_cannot_cross_is_the_authors_to_mend(run: Run, call: str, words: str) -> None:
    said = run(
        f"""
KEY = 3

def same(value):
    return value

def leaks():
    return KEY

def test_it(inside):
    {call}
"""
    )
    assert words in said
    assert "the course's own test failed to run" in said


def test_the_app_has_its_context_and_its_folder(run: Run) -> None:
    said = run(
        """
from pathlib import Path

def seen():
    import os, sys
    from flask import current_app
    import world
    return current_app.name, os.getcwd(), sys.path[:2], world.__name__

def test_it(inside):
    name, folder, paths, world = inside(seen)
    assert (name, world) == ("app", "world")
    root = Path(__file__).resolve().parents[1]
    assert Path(folder) == root
    assert [Path(path) for path in paths] == [root, root / "exercises"]
"""
    )
    assert "1 passed" in said


def test_eight_threads_inside(run: Run) -> None:
    """Also while the harness watches which functions run."""
    said = run(
        """
def race():
    from concurrent.futures import ThreadPoolExecutor
    from flask import current_app
    app = current_app._get_current_object()

    def post(n):
        return app.test_client().post("/books", json={"title": str(n)}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(post, range(80)))
    return codes, app.extensions["books"]

def test_it(inside):
    codes, titles = inside(race)
    assert codes == [201] * 80
    assert sorted(titles, key=int) == [str(n) for n in range(80)]
""",
        "--course-edit=app/views.py",
    )
    assert "1 passed" in said


def test_eight_threads_outside(run: Run) -> None:
    said = run(
        """
from concurrent.futures import ThreadPoolExecutor
from werkzeug.test import Client

def test_it(client):
    def post(n):
        return Client(client.application).post("/books", json={"title": str(n)})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(80)))
    assert [answer.json for answer in answers] == [{"title": str(n)} for n in range(80)]
    assert sorted(client.get("/books").json["items"], key=int) == [str(n) for n in range(80)]
""",
        "--course-edit=app/views.py",
    )
    assert "1 passed" in said


def test_cookies_bodies_and_headers_cross(run: Run, root: Path) -> None:
    (root / "exercises" / "world.py").write_text(
        """
from flask import Flask, make_response, request

def build():
    app = Flask("app")
    @app.route("/echo/<name>", methods=["GET", "PUT"])
    def echo(name):
        answer = make_response(request.get_data())
        answer.headers["X-Seen"] = f"{name} {request.args['q']} {request.headers.get('X-Sent')}"
        answer.headers.add("X-Two", "a")
        answer.headers.add("X-Two", "b")
        answer.set_cookie("count", str(int(request.cookies.get("count", 0)) + 1))
        return answer
    return app
""",
        encoding="utf-8",
    )
    said = run(
        """
def test_it(client):
    data = bytes(range(256))
    answer = client.put("/echo/ü", query_string={"q": "ö&"}, data=data, headers={"X-Sent": "yes"})
    assert answer.data == data
    assert answer.headers.getlist("X-Two") == ["a", "b"]
    assert client.head("/echo/x?q=1").headers["X-Seen"] == "x 1 None"
    assert client.get_cookie("count").value == "2"
"""
    )
    assert "1 passed" in said


def test_source_shows_text_and_tree(run: Run) -> None:
    said = run(
        """
import ast
import pytest
from checker.harness.errors import AuthorError

def test_it(source):
    hooks = source("app/hooks.py")
    assert hooks.text.startswith('\"\"\"A hook')
    names = [node.name for node in ast.walk(hooks.tree) if isinstance(node, ast.FunctionDef)]
    assert names == ["register_hooks", "mark"]

def test_it_stays_in_the_folder(source):
    with pytest.raises(AuthorError):
        source("../secret.py")

def test_what_is_missing_is_named(source):
    source("app/nothing.py").text
"""
    )
    assert "2 passed" in said
    assert "app/nothing.py is missing" in said


def test_a_failure_has_words_for_the_learner(run: Run, root: Path) -> None:
    views = root / "app" / "views.py"
    views.write_text(views.read_text(encoding="utf-8").replace('["title"]', '["name"]'))
    said = run("", "exercises/test_1_1_books.py")
    assert "your code raised KeyError: 'name'\nasked     POST /books" in said
    assert "where     app/views.py:17, in create_book" in said


def test_a_test_says_which_file_it_is_about(run: Run, root: Path) -> None:
    (root / "deploy.conf").write_text("listen 80;\n", encoding="utf-8")
    said = run(
        """
import pytest

@pytest.mark.about("app/views.py")
def test_one(client):
    assert client.get("/books").status_code == 300, "the hook ran last"

@pytest.mark.about("app/hooks.py")
def test_two(client):
    assert client.get("/books").status_code == 300, "the hook is what it is about"

def test_three(source):
    assert "443" in source("deploy.conf").text, "no code ran"

@pytest.mark.about("app/views.py", "get_json")
def test_four(client):
    assert client.get("/books").status_code == 300, "the view with this word"

def test_five(source):
    assert not source("app/hooks.py").tree, "register_hooks is named"

def test_six(source):
    assert not source("app/hooks.py").tree, "app/hooks.py:11 and register_hooks are named"
""",
        *[f"--course-edit={name}" for name in ("app/views.py", "app/hooks.py", "deploy.conf")],
    )
    assert "6 failed" in said
    places = [line.split()[1] for line in said.splitlines() if line.startswith("where ")]
    code = ["app/views.py:16,", "app/hooks.py:6,", "app/hooks.py:11"]
    assert places == ["app/views.py:7,", "app/hooks.py:10,", "deploy.conf", *code]
    assert "Warning" not in said


def test_an_app_that_does_not_load_is_said_in_a_line(run: Run, root: Path) -> None:
    (root / "app" / "views.py").write_text("def f(:\n", encoding="utf-8")
    said = run("", "exercises/test_1_1_books.py")
    assert "app/views.py cannot be read: SyntaxError" in said
    assert "site-packages" not in said


def test_a_file_that_a_test_loads_later_is_named(run: Run, root: Path) -> None:
    (root / "app" / "late.py").write_text("import os\n\n\ndef f(:\n", encoding="utf-8")
    said = run(
        """
def test_it(inside):
    def load():
        import app.late

    inside(load)
"""
    )
    assert "your code raised SyntaxError: " in said
    assert "where     app/late.py:4\n" in said


def test_the_apps_own_suite_keeps_its_own_fixtures(root: Path) -> None:
    (root / "tests").mkdir()
    (root / "tests" / "conftest.py").write_text(
        """
import pytest
from app import create_app

@pytest.fixture
def client():
    return create_app().test_client()
""",
        encoding="utf-8",
    )
    (root / "tests" / "test_app.py").write_text(
        """
import os, sys
from flask.testing import FlaskClient

def test_it(client):
    assert isinstance(client, FlaskClient)
    assert client.get("/books").json == {"items": []}
    loaded = {name for name in sys.modules if name.startswith("checker.harness")}
    assert "checker.harness.host" not in loaded

def test_it_fails(client):
    assert client.get("/books").status_code == 404, "plain words"
""",
        encoding="utf-8",
    )
    (root / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    said = pytest_says(root, "tests")
    assert "1 failed, 1 passed" in said
    assert "for you" not in said


NAMED = "-p checker.harness.plugin"


@pytest.mark.parametrize("options", [NAMED, "-p course", f"-p no:course {NAMED}"])
def test_it_may_be_named_again(root: Path, options: str) -> None:
    assert "5 passed" in pytest_says(root, *options.split(), "exercises")


def test_a_run_without_it_is_a_run_without_it(root: Path) -> None:
    (root / "test_plain.py").write_text("def test_it(): pass\n", encoding="utf-8")
    assert "1 passed" in pytest_says(root, "-p", "no:course", "test_plain.py")


IDENTITIES = """

def identity(name):
    from flask import current_app
    return {"X-Who": f"{name} of {current_app.import_name}"}
"""

WHO = """
import pytest

def echo():
    from flask import current_app, request
    current_app.add_url_rule("/who", "who", lambda: {"who": request.headers.get("X-Who")})

@pytest.mark.parametrize("name", ["client", "anonymous", "member", "librarian"])
def test_it(name, request, inside):
    inside(echo)
    client = request.getfixturevalue(name)
    assert client.get("/who").json == {"who": EXPECTED.get(name)}
    assert client.get("/who", headers={"X-Who": "me"}).json == {"who": "me"}
"""


def test_the_world_says_who_a_client_is(run: Run, root: Path) -> None:
    world = root / "exercises" / "world.py"
    world.write_text(world.read_text(encoding="utf-8") + IDENTITIES, encoding="utf-8")
    expected = {name: f"{name} of app" for name in ("client", "member", "librarian")}

    said = run(f"EXPECTED = {expected!r}\n{WHO}")

    assert "4 passed" in said


def test_in_a_world_without_identities_nobody_is_anybody(run: Run) -> None:
    said = run(f"EXPECTED = {{}}\n{WHO}")

    assert "4 passed" in said
