"""The command ``checker new``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from checker.course import Course, find_course
from checker.errors import EnvironmentTrouble

PYTHON, BIN = (
    ("python", ".venv\\Scripts\\") if sys.platform == "win32" else ("python3", ".venv/bin/")
)
COMMANDS = (
    f"{PYTHON} -m venv .venv && {BIN}pip install --require-hashes -r requirements-dev.lock",
    f"{BIN}python gate.py",
)
"""As the project's own README begins."""


@click.command()
@click.argument("folder", metavar="NAME", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Make a project of your own, called NAME.

    It is the API of step 8, solved, under its own name and with nothing of the course in
    it: tests, linters, migrations, image and pipeline hold as made. It gets a folder of its
    name. NAME may be a path, such as ../shop: then the last part is the name.
    """
    from checker.author.project.make import make_project

    root = find_course(Path(__file__).resolve())
    if root is None:
        raise EnvironmentTrouble("a project is made from the course's steps, and they are not here")
    made = make_project(Course.load(root), folder)
    click.echo(f"Made {made.name}. README.md in it says what is what. Begin with")
    click.echo(f'  cd "{folder}"' if " " in str(folder) else f"  cd {folder}")
    for command in COMMANDS:
        click.echo(f"  {command}")
