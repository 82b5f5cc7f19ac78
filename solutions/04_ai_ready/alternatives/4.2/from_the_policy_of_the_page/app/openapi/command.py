"""``flask openapi``: the document as a file, kept beside the code that it describes."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.openapi import document_of


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 where FILE is out of date.")
@click.option(
    "-o",
    "--output",
    "file",
    default="openapi.json",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
)
@with_appcontext
def openapi(check: bool, file: Path) -> None:
    """Write the OpenAPI document of this app to FILE.

    \b
    flask openapi            writes openapi.json in the current folder
    flask openapi -o FILE    writes it elsewhere
    flask openapi --check    writes nothing, and exits with 0 where FILE holds these bytes;
                             else with 1, and shows a unified diff from FILE to the document

    A file that is not there counts as an empty one. The same app gives the same bytes: JSON in
    UTF-8 and no escapes, keys sorted, two spaces for an indent, a line feed at each end of
    line, also the last.
    """
    new = rendered()
    if check:
        difference = list(differences(file, new))
        click.echo("\n".join(difference))
        click.get_current_context().exit(1 if difference else 0)
    with file.open("wb") as stream:
        stream.write(new)


def rendered() -> bytes:
    encoder = json.JSONEncoder(ensure_ascii=False, indent="  ", sort_keys=True)
    return "".join([*encoder.iterencode(document_of(current_app)), "\n"]).encode("utf-8")


def differences(file: Path, new: bytes) -> Iterator[str]:
    """The lines of a unified diff; none where ``file`` holds ``new``."""
    try:
        old = file.read_bytes()
    except FileNotFoundError:
        old = b""
    for line in difflib.diff_bytes(
        difflib.unified_diff, old.split(b"\n"), new.split(b"\n"), file.name.encode(), b"app"
    ):
        yield line.rstrip(b"\n").decode(errors="backslashreplace")
