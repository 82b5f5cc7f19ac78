"""The commands, and nothing else: each opens the session and hands over.

What a command needs is imported by the command itself; starting the checker stays cheap.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from checker.learn.session import Session

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


class _Group(click.Group):
    """The commands; those for instructors and authors are imported only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [
            *super().list_commands(ctx),
            "grade",
            "verify-results",
            "gradescope",
            "author",
            "audit",
            "new",
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "author":
            from checker.author.commands import author

            return author
        if cmd_name == "audit":
            from checker.audit.commands import audit

            return audit
        if cmd_name == "new":
            from checker.author.project.commands import new

            return new
        if cmd_name in ("grade", "verify-results", "gradescope"):
            from checker.grade import commands

            name = cmd_name.replace("-", "_")
            found: click.Command = getattr(commands, name)
            return found
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group, invoke_without_command=True)
@AS_JSON
@click.pass_context
def cli(context: click.Context, as_json: bool) -> None:
    """The checker of the course: run it alone to watch your files and see each save judged.

    Every key of the watch screen is also a command. Without a terminal, `checker` alone
    tells where you are.

    Exit codes: 0 solved, 1 not yet, 2 usage, 3 your code does not load, 4 the machine,
    70 our fault.
    """
    if context.invoked_subcommand is None:
        from checker.learn import actions

        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            actions.status(_session(), as_json)
        else:
            sys.exit(actions.watch(_session()))
    elif as_json:
        raise click.UsageError("put --json after the command: checker list --json")


@cli.command()
@click.argument("step", required=False)
@click.option("--carry", is_flag=True, help="Bring your own work of the step before along.")
@click.option("--adopt", is_flag=True, help="Move edits made in steps/ by mistake to work/.")
def start(step: str | None, carry: bool, adopt: bool) -> None:
    """Copy a step's starter to work/, where it is yours."""
    from checker.learn import actions

    if carry and adopt:
        raise click.UsageError("--carry and --adopt do not go together")
    if adopt:
        actions.adopt(_session(), step)
    else:
        actions.start(_session(), step, carry)


@cli.command()
@click.argument("exercise", required=False)
@click.option(
    "--all", "everything", is_flag=True, help="Check every exercise of the started steps."
)
@click.option("--step", help="Check every exercise of one step.")
@click.option("--verbose", is_flag=True, help="Show every test, whole values and full tracebacks.")
@AS_JSON
def check(
    exercise: str | None, everything: bool, step: str | None, verbose: bool, as_json: bool
) -> None:
    """Check the current exercise, or the one you name."""
    from checker.learn import actions

    if sum(map(bool, (exercise, everything, step))) > 1:
        raise click.UsageError("give an exercise, --all or --step, one of them")
    session = _session()
    exercises = actions.chosen(session, exercise, everything, step)
    if exercise:
        session.choose(exercises[0])
    sys.exit(actions.check(session, exercises, verbose, as_json))


@cli.command("list")
@AS_JSON
def list_exercises(as_json: bool) -> None:
    """Show every exercise and how it stands."""
    from checker.learn.listing import print_list

    print_list(_session(), as_json)


@cli.command()
@click.argument("exercise", required=False)
@AS_JSON
def hint(exercise: str | None, as_json: bool) -> None:
    """Show the next hint: three, then the solution."""
    from checker.learn import actions

    actions.hint(_session(), exercise, as_json)


@cli.command()
@click.argument("exercise", required=False)
@click.option("--apply", "apply_it", is_flag=True, help="Put it into work/, after a copy of yours.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def solution(exercise: str | None, apply_it: bool, yes: bool) -> None:
    """Show the solution as a diff from your files."""
    from checker.learn import actions

    actions.solution(_session(), exercise, apply_it, yes)


@cli.command()
@click.argument("target", metavar="[EXERCISE|STEP]", required=False)
def reset(target: str | None) -> None:
    """Put the starter's files back, after a copy of yours."""
    from checker.learn import actions

    actions.reset(_session(), target)


@cli.command()
@click.argument("copy", type=int, required=False)
@click.option("--list", "as_list", is_flag=True, help="Show the copies, newest last.")
def undo(copy: int | None, as_list: bool) -> None:
    """Bring back what the last command replaced, or what the numbered copy holds."""
    from checker.learn import actions

    if as_list:
        actions.list_copies(_session())
    else:
        actions.undo(_session(), copy)


@cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_record(file: Path) -> None:
    """Go on with what a page of the site saved: edits, progress."""
    from checker.learn import actions

    actions.import_record(_session(), file)


@cli.command("export")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def export_record(file: Path | None) -> None:
    """Save your work as one file for a page of the site."""
    from checker.learn import actions

    actions.export_record(_session(), file)


@cli.command()
@click.argument("step", required=False)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True)
def run(step: str | None, port: int) -> None:
    """Run your app of a step with Flask's own server."""
    from checker.learn import actions

    sys.exit(actions.run(_session(), step, port))


@cli.command("next")
@AS_JSON
def next_exercise(as_json: bool) -> None:
    """Go to the next open exercise."""
    from checker.learn import actions

    actions.go_next(_session(), as_json)


@cli.command()
@click.option("--grading", is_flag=True, help="Look for all that grading a class needs, too.")
@AS_JSON
def doctor(grading: bool, as_json: bool) -> None:
    """Look at the machine: is anything but your code in the way?"""
    from checker.learn import actions

    if not grading:
        sys.exit(actions.doctor(as_json))
    from checker.grade.probe import probe, probe_gvisor
    from checker.learn.doctor import Finding

    layers = (
        Finding(
            f"sandbox, {layer.name}",
            "ok" if layer.works else "bad" if layer.needed else "note",
            layer.why or "works",
            layer.repair,
        )
        for layer in (*probe(), probe_gvisor())
    )
    sys.exit(actions.doctor(as_json, layers))


@cli.command()
@click.argument("exercise", required=False)
def docs(exercise: str | None) -> None:
    """Open the page of an exercise, served from your own machine.

    While it is served, the cards of the page show how your work stands.
    """
    from checker.learn import actions

    actions.docs(_session(), exercise)


def _session() -> Session:
    from checker.learn.session import Session

    return Session.open()
