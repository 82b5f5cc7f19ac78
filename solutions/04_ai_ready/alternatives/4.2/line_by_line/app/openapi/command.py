"""``flask openapi``: the document as a file, kept beside the code that it describes."""

import json
import sys
from difflib import unified_diff
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
    document = document_of(current_app)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2)
    new = [*text.split("\n"), ""]
    if not check:
        with file.open("w", encoding="utf-8", newline="\n") as out:
            out.write("\n".join(new))
        return
    old = []
    if file.exists():
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as known:
            old = known.read().split("\n")
    for line in unified_diff(old, new, f"a/{file}", f"b/{file}", n=1, lineterm=""):
        click.echo(line.encode(errors="backslashreplace"))
    sys.exit(old != new)
