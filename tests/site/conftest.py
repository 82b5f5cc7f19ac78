"""A course of one exercise and a step that follows, small enough to see whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from checker.course import Course
from checker.files import locked

MANIFEST = """
title = "First"
summary = "One small step."
minutes = 30

[[exercise]]
id = "1.1"
title = "Greet the reader"
minutes = 5
edit = ["app.py"]
test = "test_1_1.py"
points = 3
covers = ["1.1a"]
hints = ["Look at `greet`.", "It takes a name.", "Return a sentence."]
starter = { test = "test_greets", says = "nobody was greeted" }
mistakes = {}
"""

NEXT = """
title = "Second"
summary = "It grows."
minutes = 60
exercise = []

[[supersedes]]
test = "1.1/test_greets"
reason = "it greets otherwise"

[changes]
"app.py" = "the greeting is polite now"
"notes.md" = "what comes next"
"""

WSGI = '''"""What a server runs."""

from app import greet
from flask import Flask

app = Flask(__name__)


@app.get("/<name>")
def show(name: str) -> dict[str, str]:
    return {"says": greet(name), "and": "more"}
'''

STARTER = '''"""Greetings."""

POLITE = False


# Kept beside the function: it belongs to it.
def greet(name: str) -> str:
    """Greet whoever is called ``name``, in one sentence."""
    return ""  # exercise 1.1


class Door:
    @property
    def sign(self) -> str:
        return "come in"


# section: closing
def close() -> str:
    return "closed"
# end section: closing
'''

SOLVED = STARTER.replace('return ""  # exercise 1.1', 'return f"Hello, {name}."')

CLAIMS = """
[[section]]
number = 1
title = "First"
[section.claims]
"1.1a" = "Readers are greeted."

[[section]]
number = 3
title = "Third"
[section.claims]
"3.1a" = "Not yet."
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The small course's folder."""
    files = {
        "checker/course.py": "",
        "claims.toml": CLAIMS,
        "steps/01_first/step.toml": MANIFEST,
        "steps/01_first/app.py": STARTER,
        "steps/01_first/wsgi.py": WSGI,
        "steps/01_first/exercises/test_1_1.py": "",
        "solutions/01_first/app.py": SOLVED,
        "steps/02_second/step.toml": NEXT,
        "steps/02_second/app.py": SOLVED.replace("Hello", "Good day"),
        "steps/02_second/wsgi.py": WSGI,
        "steps/02_second/notes.md": "Next: `bye`.\n",
        "docs/examples/hello.py": 'print("hello")\n',
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def course(root: Path) -> Course:
    return Course.load(root)


Build = Callable[[Path, Path], subprocess.CompletedProcess[str]]
Serve = Callable[..., AbstractContextManager[str]]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def build() -> Build:
    """``mkdocs build --strict`` of a configuration into a folder."""
    return run_mkdocs


def run_mkdocs(config: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """``mkdocs build --strict`` in a process of its own, as CI and ``checker docs`` run it."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", target],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real site, built once for all processes of a run; nobody writes into it."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    target = base / "the-site"
    with locked(base / "the-site.lock"):
        if not (target / "index.html").is_file():
            unfinished = base / "the-site.unfinished"
            done = run_mkdocs(REPOSITORY / "mkdocs.yml", unfinished)
            assert done.returncode == 0, done.stderr[-4000:]
            unfinished.rename(target)
    return target


class Silent(SimpleHTTPRequestHandler):
    """Serves, and remembers what was asked for: a worker's requests are no page's."""

    asked: list[str]

    def __init__(self, asked: list[str], *args: Any, **kwargs: Any) -> None:
        self.asked = asked
        super().__init__(*args, **kwargs)

    def send_head(self) -> Any:
        self.asked.append(self.path)
        return super().send_head()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Requests are no news."""


class Throttled(Silent):
    """As over a telephone in a train: 20 Mbit/s each way that lasts 40 ms."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        time.sleep(0.04)
        while piece := source.read(125_000):
            time.sleep(0.05)
            outputfile.write(piece)


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The course as it is handed out, without anybody's work in it, to spoil or to work in."""
    asked = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(
        asked, cwd=REPOSITORY, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    course = tmp_path / "course"
    for name in filter(None, listed.split("\0")):
        if (REPOSITORY / name).is_file():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, course / name)
    return course


@pytest.fixture(scope="session")
def serve() -> Serve:
    """``with serve(folder) as address``, for a folder of a test's own."""
    return served


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script that judges a page's accessibility, as the page's packages pin it."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js is not installed: apt-get install npm")
    from checker.author.playground.build import Builder

    packages = Builder(Course.load(REPOSITORY), tmp_path_factory.getbasetemp()).node
    return packages / "axe-core" / "axe.min.js"


@contextmanager
def served(
    folder: Path, asked: list[str] | None = None, handler: type[Silent] = Silent
) -> Iterator[str]:
    """The address of a server for ``folder``, as plain as a server can be.

    What is asked of it is added to ``asked``.
    """
    serving = partial(handler, [] if asked is None else asked, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), serving)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def playground(
    chromium: str, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Playground]:
    """The real site with what its pages need to run the course, in a folder of its own.

    Nobody needs it without a browser, and it takes its time.
    """
    if shutil.which("npm") is None:
        pytest.skip("Node.js is not installed: apt-get install npm")
    from checker.author.playground.build import Builder

    folder = tmp_path_factory.mktemp("playground") / "site"
    shutil.copytree(site, folder)
    builder = Builder(Course.load(REPOSITORY), folder)
    builder.build()
    with served(folder, handler=Throttled) as address:
        yield Playground(folder, address, builder.node)


@dataclass(frozen=True)
class Playground:
    """A built site, where it is served, and the npm packages that it was made with."""

    site: Path
    address: str
    packages: Path
