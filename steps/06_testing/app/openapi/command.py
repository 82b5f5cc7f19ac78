"""``flask openapi``: the document as a file, kept beside the code that it describes."""

import json
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
    text = json.dumps(document_of(current_app), ensure_ascii=False, indent=2, sort_keys=True)
    new = f"{text}\n".encode()
    if not check:
        file.write_bytes(new)
        click.echo(f"wrote {file}")
        return
    old = file.read_bytes() if file.exists() else b""
    if old != new:
        before, after = (one.decode(errors="replace").split("\n") for one in (old, new))
        click.echo("\n".join(unified_diff(before, after, str(file), "the app", lineterm="")))
        raise click.ClickException(f"{file} is out of date: flask openapi -o {file}")
