"""The course within a page of the site: what its worker calls. Everything crosses as JSON.

The page has no folder of the learner's and no second process. It keeps their edits itself, and
sends them along; here they are laid over the starter, checked, served, and told of in the same
words as on a terminal.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from checker.engine import here
from checker.engine.events import Event, TestFinished, TestsCollected
from checker.engine.job import Job
from checker.engine.preload import preload
from checker.engine.verdict import Failure, Verdict
from checker.harness.errors import LoadError
from checker.harness.forbidden import Guard
from checker.harness.ground import Ground
from checker.harness.loading import load_error
from checker.learn.progress import Progress, entry_from_json
from checker.learn.report import verdict_lines
from checker.learn.text import UNICODE, Console

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import Client

LONGEST_BODY = 200_000
INSTALLED = "/usr"
EMAIL = "eve@example.org"
PASSWORD = "correct horse battery staple"  # noqa: S105 - of an account in the reader's own page
BEFORE_SERVING = (
    ("db", "upgrade"),
    ("seed",),
    ("add-user", EMAIL, "Eve", "--role", "admin", "--password", PASSWORD),
)
"""What the pages tell a reader to type before ``flask run``, where the app has such commands."""


def open_step(step: str, course: str = "/course", home: str = "/reader") -> InPage:
    """One step, ready to check and to serve."""
    # A page's Python says that it is installed in the root folder. Flask takes whatever is below
    # for installed, too, and gives all of that one instance folder: no app would begin anew.
    sys.prefix = INSTALLED
    preload()
    return InPage(Path(course) / "steps" / step, Path(home))


class InPage:
    """One step in one page."""

    def __init__(self, starter: Path, home: Path) -> None:
        self.starter = starter
        self.checked = home / "check" / starter.name
        self.served = home / "serve" / starter.name
        facts = json.loads((starter / "page.json").read_text(encoding="utf-8"))
        self.exercises: dict[str, dict[str, Any]] = {each["id"]: each for each in facts}
        self._desk: Desk | None = None

    def about(self) -> str:
        """Which Python this is, and which exercises it has."""
        version = sys.version.partition(" ")[0]
        return json.dumps({"python": version, "exercises": sorted(self.exercises)})

    def check(
        self,
        exercise: str,
        files: str,
        entry: str,
        width: int,
        tell: Callable[[str], None] = lambda event: None,
        seed: str | None = None,
    ) -> str:
        """Run an exercise's tests on the starter with ``files`` laid over it.

        Answers the verdict, the same as lines of styled pieces for a screen of ``width``
        signs, and what the learner's ``entry`` of this exercise becomes by it. The tests'
        random values depend on a ``seed``, where one is given.
        """
        facts = self.exercises[exercise]
        lay_out(self.starter, json.loads(files), self.checked)
        tests = self.starter / "exercises"
        edit = tuple(facts["edit"])
        job = Job(self.checked, tests, tests / facts["test"], exercise, edit, seed=seed)
        verdict = here.check(job, _teller(tell))
        passed = [test.name for test in verdict.tests if test.outcome == "passed"]
        before = Progress(None, {exercise: entry_from_json(json.loads(entry))})
        after = before.with_verdict(exercise, verdict.state, passed, len(verdict.tests))
        return json.dumps(
            {
                "verdict": verdict.to_json(),
                "lines": _lines(verdict, width),
                "entry": vars(after[exercise]),
            }
        )

    def serve(self, files: str, width: int = 76) -> str:
        """Build the app anew, with what the pages say to type before it is first asked.

        Answers its routes and an account where it has such things; or why it does not
        start, in ``lines``.
        """
        lay_out(self.starter, json.loads(files), self.served)
        self._desk = desk = Desk()
        ground = Ground(self.served, self.starter / "exercises")
        try:
            with desk.settled(ground), Guard(ground):
                told = desk.open()
        except Exception as error:  # noqa: BLE001 - whatever the learner's code raises
            self._desk = None
            here.unmap(desk.modules or {})
            said = load_error(error, ground)
            failure = said.failure if isinstance(said, LoadError) else Failure(str(said))
            verdict = Verdict("", "does_not_load", problem=failure)
            return json.dumps({"lines": _lines(verdict, width)})
        return json.dumps(told)

    def ask(self, method: str, path: str, headers: str, body: str) -> str:
        """One request to the app that is served, and its answer."""
        if self._desk is None:
            raise RuntimeError("no app is served: serve it first")
        ground = Ground(self.served, self.starter / "exercises")
        with self._desk.settled(ground), Guard(ground):
            return json.dumps(self._desk.ask(method, path, json.loads(headers), body))


@dataclass
class Desk:
    """An app that answers, with every module that it brought: a check must not meet them."""

    client: Client | None = None
    modules: dict[str, ModuleType] | None = None
    heard: list[Any] = field(default_factory=list)

    @contextmanager
    def settled(self, ground: Ground) -> Iterator[None]:
        """The app's folder, its environment and its modules; afterwards all is as before."""
        known = set(sys.modules)
        with here.as_before(), here.listening(self.heard):
            sys.modules.update(self.modules or {})
            sys.path.insert(0, str(ground.root))
            os.chdir(ground.root)
            os.environ["APP_ENV"] = "development"
            try:
                yield
            finally:
                self.modules = {n: m for n, m in sys.modules.items() if n not in known}

    def open(self) -> dict[str, Any]:
        """Build the app and fill it; its routes, and the account where there is one."""
        from importlib import import_module

        app: Flask = import_module("wsgi").app
        app.config["PROPAGATE_EXCEPTIONS"] = False
        commands = [words for words in BEFORE_SERVING if words[0] in app.cli.commands]
        said = [self._run(app, words) for words in commands]
        self.client = app.test_client()
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
        return {
            "routes": [
                {"path": str(rule), "methods": sorted((rule.methods or set()) - {"OPTIONS"})}
                for rule in sorted(rules, key=str)
            ],
            "account": {"email": EMAIL, "password": PASSWORD}
            if "add-user" in app.cli.commands
            else None,
            "said": [text for text in said if text],
        }

    def _run(self, app: Flask, words: tuple[str, ...]) -> str:
        done = app.test_cli_runner().invoke(args=list(words))
        if done.exit_code == 0:
            return ""
        why = done.output.strip().splitlines()[-1:] or [repr(done.exception)]
        return f"flask {words[0]} did not work yet: {why[0]}"

    def ask(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        if self.client is None:
            raise RuntimeError("the app is not open")
        log = io.StringIO()
        with contextlib.redirect_stderr(log), contextlib.redirect_stdout(log):
            answer = self.client.open(
                path, method=method, headers=headers, data=body.encode() or None
            )
        return {
            "status": answer.status,
            "headers": list(answer.headers),
            "body": answer.get_data(as_text=True)[:LONGEST_BODY],
            "printed": log.getvalue()[-LONGEST_BODY:],
        }


def lay_out(starter: Path, files: Mapping[str, str], folder: Path) -> None:
    """Make ``folder`` the starter with ``files`` laid over it, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(starter, folder)
    (folder / "page.json").unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _teller(tell: Callable[[str], None]) -> Callable[[Event], None]:
    """Events as JSON: how many tests there are, and each as it is done."""

    def take(event: Event) -> None:
        if isinstance(event, TestsCollected):
            tell(json.dumps({"tests": len(event.names)}))
        elif isinstance(event, TestFinished):
            tell(json.dumps({"test": event.result.name, "outcome": event.result.outcome}))

    return take


def _lines(verdict: Verdict, width: int) -> list[list[tuple[str, str]]]:
    console = Console(width, height=40, colour=True, glyphs=UNICODE)
    lines = verdict_lines(verdict, console, whole=True)
    return [[(span.text, span.style) for span in line] for line in lines]
