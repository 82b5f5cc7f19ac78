"""The command ``checker audit``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import click

from checker.audit.hits import SEVERITIES, Severity
from checker.errors import EnvironmentTrouble, UserError

FAULT = 70


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
@click.option("--sarif", "as_sarif", is_flag=True, help="Print SARIF 2.1.0, for code scanning.")
@click.option("--notes", is_flag=True, help="Show notes as well: what an expert would look at.")
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default="error",
    show_default=True,
    help="Exit with 1 for a finding as bad as this, or worse.",
)
@click.option(
    "--build",
    "factory",
    metavar="FACTORY",
    help="Build the app too, such as app:create_app, in another process: runs the project's code.",
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules instead.")
def audit(
    path: Path,
    as_json: bool,
    as_sarif: bool,
    notes: bool,
    fail_on: str,
    factory: str | None,
    list_rules: bool,
) -> None:
    """Hold any Flask project against the checklist of production practice.

    Reads the source of the project in PATH, and never runs it unless --build asks for it.
    Settings: [tool.checker.audit] in its pyproject.toml. One line is excepted by a comment
    with the reason: # audit: ignore[BSS107] of the demo account.

    Exit codes: 0 clean, 1 findings, 2 usage, 4 the machine, 70 our fault.
    """
    if as_json and as_sarif:
        raise click.UsageError("--json and --sarif do not go together")
    if list_rules:
        from checker.audit.rules import RULES

        for rule in RULES:
            click.echo(f"{rule.id}  {rule.severity:<8} {rule.name:<34} {rule.what}")
        return
    sys.exit(_audit(path, as_json, as_sarif, notes, cast(Severity, fail_on), factory))


def _audit(
    path: Path, as_json: bool, as_sarif: bool, notes: bool, fail_on: Severity, factory: str | None
) -> int:
    from checker.audit import formats
    from checker.audit.building import build
    from checker.audit.options import read_options
    from checker.audit.run import audit as run

    try:
        next(path.iterdir(), None)
    except FileNotFoundError:
        raise UserError(f"there is no folder {path}") from None
    except NotADirectoryError:
        raise UserError(f"{path} is a file: name the project's folder") from None
    except PermissionError:
        raise EnvironmentTrouble(f"{path} cannot be read: there is no permission") from None
    except (OSError, ValueError) as error:  # a link in circles, a name too long, a NUL in it
        raise UserError(f"{path} is no folder ({error})") from None
    options = read_options(path)
    built = build(path, factory) if factory else None
    report = run(path, options, built)
    if as_json:
        click.echo(formats.as_json(report))
    elif as_sarif:
        click.echo(formats.as_sarif(report))
    else:
        for line in formats.human(report, notes or fail_on == "note"):
            click.echo(line)
    for remark in report.remarks:
        click.echo(f"note: {remark}", err=True)
    if report.faults:
        return FAULT
    return 1 if report.reaches(fail_on) else 0
