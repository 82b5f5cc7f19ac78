"""The commands of whoever grades: ``checker grade`` and ``checker verify-results``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker.course import Course, find_course
from checker.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

FOLDER = click.Path(path_type=Path)


def _moment(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    if value is None:
        return None
    from checker.grade.late import moment

    try:
        return moment(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("submissions", type=FOLDER)
@click.option("--out", type=FOLDER, required=True, metavar="REPORT", help="Where the results go.")
@click.option(
    "--format",
    "formats",
    default="json,csv,html",
    show_default=True,
    metavar="NAME,…",
    help="What to write; a wrong name lists them all.",
)
@click.option(
    "--gradebook", type=FOLDER, metavar="CSV", help="For canvas: its gradebook, to be filled in."
)
@click.option("--column", metavar="TITLE", help="For canvas: the assignment's title in it.")
@click.option(
    "--worksheet", type=FOLDER, metavar="CSV", help="For moodle: its worksheet, to be filled in."
)
@click.option("--title", help="What the report is called; the folder's name if not given.")
@click.option(
    "--roster",
    type=FOLDER,
    metavar="CSV",
    help="Who is in the class: columns id and name, and submitted_at if you know it; others are "
    "kept. A gradebook of Canvas or Moodle will do.",
)
@click.option("--step", "steps", multiple=True, help="Grade this step only; may be repeated.")
@click.option(
    "--student",
    "students",
    multiple=True,
    metavar="ID",
    help="Grade this learner anew; repeatable.",
)
@click.option("--failed-only", is_flag=True, help="Grade anew who has not got every point.")
@click.option(
    "--repeat",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Run everything N times, in another order and with another hash seed; what differs is "
    "reported as unstable.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="one for each core",
    help="Submissions graded at the same time.",
)
@click.option(
    "--cluster", metavar="tcp://HOST:PORT", help="Grade on the workers of a dask scheduler."
)
@click.option(
    "--due",
    callback=_moment,
    metavar="TIME",
    help="When it was due, with the time zone: 2026-11-20T23:59+01:00.",
)
@click.option(
    "--late-policy",
    type=FOLDER,
    metavar="TOML",
    help="grace_minutes, deduction_per_day (0 to 1), cut_off_days. Raw scores are kept too.",
)
@click.option(
    "--extra-tests",
    type=FOLDER,
    metavar="DIR",
    help="Your own tests, as DIR/01_architecture/test_mine.py; learners never see their words.",
)
@click.option(
    "--seed",
    type=int,
    help="The tests' random values come from this number, and not from a secret of this machine. "
    "Take a long one, and keep it to yourself: work that knows it can foretell what is asked.",
)
@click.option(
    "--key",
    type=FOLDER,
    metavar="FILE",
    help="Sign the results with this key; it is made if there is none.",
)
@click.option("--sandbox", metavar="TIER", help="bwrap, which is what you get unasked, or gvisor.")
@click.option(
    "--unsafe", is_flag=True, help="Grade without a sandbox: only code that you would run yourself."
)
def grade(
    submissions: Path,
    out: Path,
    formats: str,
    gradebook: Path | None,
    column: str | None,
    worksheet: Path | None,
    title: str | None,
    roster: Path | None,
    steps: tuple[str, ...],
    students: tuple[str, ...],
    failed_only: bool,
    repeat: int,
    jobs: int,
    cluster: str | None,
    due: datetime | None,
    late_policy: Path | None,
    extra_tests: Path | None,
    seed: int | None,
    key: Path | None,
    sandbox: str | None,
    unsafe: bool,
) -> None:
    """Grade a class: a folder with one folder, zip or tarball for each learner.

    It may come from Canvas, Moodle, Gradescope or git as it was downloaded. Whatever was graded
    before and has not changed is not graded again; an interrupted run goes on where it stopped.

    Exit codes: 0 everyone graded, 1 somebody could not be graded, 2 usage, 4 no sandbox or
    another trouble of the machine, 70 our fault.
    """
    from checker.grade import batch
    from checker.grade.hidden import read_hidden
    from checker.grade.intake import take_in
    from checker.grade.late import Policy, read_policy
    from checker.grade.roster import read_roster
    from checker.grade.run import Output, grade_class

    if late_policy is not None and due is None:
        raise click.UsageError("--late-policy needs --due: when was it due?")
    if students and failed_only:
        raise click.UsageError("give --student or --failed-only, one of them")
    course = _course()
    wanted = {course.step(name).name for name in steps}
    class_list = read_roster(roster) if roster else None
    request = batch.Request(
        course=course,
        intake=take_in(submissions, class_list, roster),
        title=title or submissions.resolve().name,
        steps=tuple(step for step in course.steps if step.name in wanted),
        repeat=repeat,
        seed=seed,
        unsafe=unsafe,
        wanted=sandbox,
        due=due,
        policy=read_policy(late_policy) if late_policy else Policy(),
        hidden=read_hidden(extra_tests, course) if extra_tests else (),
    )
    _refuse_inside(out, submissions)
    if students:
        request = batch.with_students(request, students)
    names = _names_of_formats(formats)
    output = Output(out, names, key, gradebook, column, worksheet)
    sys.exit(grade_class(request, output, jobs, cluster, failed_only=failed_only))


@click.command("verify-results")
@click.argument("report", type=FOLDER)
@click.option("--key", type=FOLDER, metavar="FILE", help="The key it must be signed with.")
def verify_results(report: Path, key: Path | None) -> None:
    """Tell whether a report is still what `checker grade` wrote, and who signed it.

    Exits with 0 when every file is as it was and, with --key, signed with that key; else with 1.
    """
    from checker.grade.signing import verify

    found = verify(report, key)
    for name in found.changed:
        click.echo(f"CHANGED  {name}")
    if not found.changed:
        click.echo(f"holds    {found.files} files are as they were written")
    if key is not None:
        click.echo(
            f"holds    signed with {key}"
            if found.vouched
            else f"FORGED   not signed with {key}, or its list of files was changed"
        )
    elif found.key is None:
        click.echo("note     it is not signed: whoever changes a file can change the list too")
    else:
        click.echo(f"note     signed with the key {found.key[:16]}…: give --key to check that")
    sys.exit(0 if not found.changed and (key is None or found.vouched) else 1)


@click.command()
@click.option("--step", "steps", multiple=True, help="Grade this step; all if not given.")
@click.option("--out", type=FOLDER, default=Path("autograder.zip"), show_default=True)
@click.option(
    "--unsafe", is_flag=True, help="Grade without a sandbox where Gradescope's container has none."
)
def gradescope(steps: tuple[str, ...], out: Path, unsafe: bool) -> None:
    """Make the zip that Gradescope takes as an autograder."""
    from checker.grade.autograder import build_autograder

    course = _course()
    wanted = {course.step(name).name for name in steps}
    chosen = [step for step in course.steps if step.name in wanted] or course.steps
    build_autograder(course, chosen, out, unsafe=unsafe)
    click.echo(f"made  {out}, which grades {', '.join(step.name for step in chosen)}")
    click.echo("next  in Gradescope: Configure Autograder, Zip file upload")


def _names_of_formats(text: str) -> tuple[str, ...]:
    from checker.grade.formats import FORMATS

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            raise click.BadParameter(
                f"{name!r} is no format; they are {', '.join(FORMATS)}", param_hint="--format"
            )
    # What --failed-only and verify-results go by.
    return names if "json" in names else ("json", *names)


def _course() -> Course:
    root = find_course(Path.cwd()) or find_course(Path(__file__).resolve())
    if root is None:
        raise UserError("there is no course here: run this inside its folder")
    return Course.load(root)


def _refuse_inside(out: Path, submissions: Path) -> None:
    """Results among the submissions would be the next thing to be graded."""
    if out.resolve() == submissions.resolve() or submissions.resolve() in out.resolve().parents:
        raise UserError(f"{out} is within {submissions}: choose an --out beside it")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: choose a folder for --out")
