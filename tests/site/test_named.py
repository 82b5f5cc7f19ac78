"""What the prose names is there: commands, their options, exercises.

``test_commands`` types what stands in a block of its own. A sentence names more than that, and much
of what is typed is typed weekly only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import cli as of_flask
from flask_migrate.cli import db

from checker.cli import cli
from checker.course import Course

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = Course.load(REPOSITORY)
EXERCISES = {exercise.id for exercise in COURSE.exercises}
TEXTS = [
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *(step.path / "step.toml" for step in COURSE.steps),
]
COMMAND = r"(?:checker|flask|py(?:thon3?)? start\.py)"
TYPED = re.compile(rf"^ *[$>] ({COMMAND} .*)$", re.MULTILINE)
QUOTED = re.compile(rf"(?<!`)`({COMMAND}\s[^`]+)`")
EXERCISE = re.compile(r"\b[Ee]xercise\s(\d\.\d+)")
OF_THE_APP = """
import json
from wsgi import app
print(json.dumps({
    name: [option for each in command.params for option in each.opts]
    for name, command in app.cli.commands.items()
}))
"""

Known = dict[tuple[str, ...], set[str]]
"""The options of each command, by its words."""


@pytest.fixture(scope="module")
def known() -> Known:
    flask = click.Group(
        "flask", {"run": of_flask.run_command, "shell": of_flask.shell_command, "db": db}
    )
    flask.add_command(of_flask.routes_command)
    known = {**commands(cli, "checker"), **commands(flask, "flask")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", OF_THE_APP],
        cwd=COURSE.steps[-1].path,
        env=os.environ | {"APP_ENV": "testing"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    own = {("flask", name): set(options) for name, options in json.loads(done.stdout).items()}
    return known | own


def commands(command: click.Command, *words: str) -> Known:
    """This command and all below it."""
    context = click.Context(command)
    options = {word for each in command.get_params(context) for word in each.opts}
    known = {words: options}
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            known |= commands(below, *words, name)
    return known


def named(text: str) -> Iterator[list[str]]:
    """The words of each command of a text, typed or in a sentence."""
    for found in (*TYPED.findall(text), *QUOTED.findall(text)):
        words = re.sub(r"^py\S* start\.py", "checker", found).partition(" #")[0].split()
        if words != ["checker", "test"]:  # of start.py itself
            yield words


def slips(words: list[str], known: Known) -> Iterator[str]:
    """What a command says that is not there."""
    path: tuple[str, ...] = ()
    for word in words:
        is_group = any(each[:-1] == path for each in known)
        if (*path, word) in known:
            path = (*path, word)
        elif word.startswith("-"):
            if word not in known[path]:
                yield f"{' '.join(words)}: no option {word}"
        elif is_group:
            yield f"{' '.join(words)}: no command {word}"
            return
        elif re.fullmatch(r"\d\.\d+", word) and "author" not in path and word not in EXERCISES:
            yield f"{' '.join(words)}: no exercise {word}"


def test_every_command_and_exercise_that_is_named_is_there(known: Known) -> None:
    wrong, seen = [], 0
    for file in TEXTS:
        text = file.read_text("utf-8")
        found = [slip for words in named(text) for slip in slips(words, known)]
        found += [f"no exercise {each}" for each in EXERCISE.findall(text) if each not in EXERCISES]
        wrong += [f"{file.relative_to(REPOSITORY)}: {each}" for each in found]
        seen += sum(1 for _ in named(text))

    assert wrong == []
    assert seen > 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type `checker frobnicate` now", ["no command frobnicate"]),
        ("$ checker author prove", ["no command prove"]),
        ("the words `flask\nsprout` and `checker\nlist`", ["no command sprout"]),
        ("`flask db climb` and `flask db upgrade`", ["no command climb"]),
        ("> py start.py check 1.99  # not there", ["no exercise 1.99"]),
        ("$ checker grade submissions --quick --step 1", ["no option --quick"]),
        ("$ flask openapi --verify", ["no option --verify"]),
        ("$ python3 start.py test     # sets everything up", []),
    ],
)
def test_a_slip_is_found(known: Known, text: str, said: list[str]) -> None:
    found = [slip.partition(": ")[2] for words in named(text) for slip in slips(words, known)]

    assert found == said
