"""The commands of whoever writes the course: ``checker author …``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checker import sums
from checker.course import Course, CourseError, NotFound, find_course
from checker.errors import UserError

if TYPE_CHECKING:
    from checker.author.findings import Finding


@contextmanager
def _errors_told() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        raise _refused(str(error), error.exit_code) from error
    except CourseError as error:
        raise _refused(str(error), 1) from error
    except NotFound as error:
        raise _refused(str(error), 2) from error


def _refused(message: str, exit_code: int) -> click.ClickException:
    refused = click.ClickException(message)
    refused.exit_code = exit_code  # type: ignore[misc]  # click's own way to set it for one error
    return refused


def _course() -> Course:
    root = find_course(Path.cwd()) or find_course(Path(__file__).resolve())
    if root is None:
        raise UserError("there is no course here: run this inside its folder")
    return Course.load(root)


@click.group()
def author() -> None:
    """For those who write the course: prove it, grow it, carry a fix through it."""


def _names_of_proofs(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...]:
    if not value:
        return ()
    from checker.author.verify import PROOFS

    names = tuple(name.strip() for name in value.split(","))
    for name in names:
        if name not in PROOFS:
            raise click.BadParameter(f"{name!r} is no proof; they are {', '.join(PROOFS)}")
    return names


@author.command()
@click.argument("names", metavar="[EXERCISE|STEP]…", nargs=-1)
@click.option(
    "--only",
    callback=_names_of_proofs,
    metavar="PROOF,…",
    help="Prove only these, such as starters,mistakes; a wrong name lists them all.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="one for each core",
    help="Checks that run at the same time.",
)
@click.option(
    "--mutants",
    type=click.IntRange(min=1),
    help="Try at most so many of each step's mutants, from all over it, and those declared as "
    "equivalent.",
    show_default="all of them",
)
@click.option(
    "--sample",
    is_flag=True,
    help="Of proofs that take long a part: of the matrix, each exercise on its own step, the one "
    "before and the last; of the mistakes one in eight; of in-page one step, chosen by its "
    "content, and one mistake each.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def verify(
    names: tuple[str, ...],
    only: tuple[str, ...],
    jobs: int,
    mutants: int | None,
    sample: bool,
    as_json: bool,
) -> None:
    """Prove that the course is fair: all of it, or these exercises and steps.

    Exits with 0 when everything holds, else with 1.
    """
    from checker.author.bench import Bench, Engines
    from checker.author.verify import scope_of
    from checker.author.verify import verify as run

    with _errors_told():
        course = _course()
        scope = replace(scope_of(course, names), mutants=mutants, sample=sample)
        with Engines(jobs) as engines:
            findings = run(Bench(course, engines), scope, only)
            held = _told_as_json(findings) if as_json else _told(findings)
    sys.exit(0 if held else 1)


def _told(findings: Iterator[tuple[str, Finding]]) -> bool:
    """Print each proof's findings once it is through; whether all of them hold."""
    everything = True
    for proof, group in groupby(findings, key=lambda pair: pair[0]):
        found = list(_counted(proof, group))
        broken = sum(finding.state == "broken" for finding in found)
        everything &= not broken
        held = sum(finding.state == "holds" for finding in found)
        click.echo(f"{proof:<14}{held} hold" + (f", {broken} BROKEN" if broken else ""))
        for finding in found:
            if finding.state != "holds":
                _tell(finding)
    return everything


def _tell(finding: Finding) -> None:
    click.echo(f"  {finding.state:<7} {finding.where}")
    for line in finding.what.splitlines():
        click.echo(f"          {line}")
    if finding.todo:
        click.echo(f"       do {finding.todo}")


def _counted(proof: str, group: Iterator[tuple[str, Finding]]) -> Iterator[Finding]:
    """The findings of one proof; on a terminal a line tells how far it is."""
    shown = sys.stderr.isatty()
    for count, (_, finding) in enumerate(group, 1):
        if shown:
            click.echo(f"\r{proof:<14}{count}", nl=False, err=True)
        yield finding
    if shown:
        click.echo(f"\r{'':<24}\r", nl=False, err=True)


def _told_as_json(findings: Iterator[tuple[str, Finding]]) -> bool:
    proofs: dict[str, dict[str, object]] = {}
    everything = True
    for proof, finding in findings:
        told = proofs.setdefault(proof, {"holds": 0, "noted": [], "broken": []})
        kept = told[finding.state]
        if isinstance(kept, list):
            kept.append({"where": finding.where, "what": finding.what, "todo": finding.todo})
        else:
            told["holds"] = int(str(kept)) + 1
        everything &= finding.state != "broken"
    click.echo(json.dumps({"holds": everything, "proofs": proofs}, indent=1, ensure_ascii=False))
    return everything


@author.command()
@click.option("--from", "first", metavar="STEP", help="The step that was fixed; the first one.")
@click.option("--since", metavar="REV", default="HEAD", show_default=True, help="As it was then.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def propagate(first: str | None, since: str, dry_run: bool) -> None:
    """Carry a fix made in one step through all the steps after it.

    What changed since the commit is merged into the starters, the solutions, the
    alternatives and the mistakes that build on it. Where both sides changed the same
    lines, the file stays as it is, and the merge is put beside it as FILE.rej: settle it,
    then go on with --from the step of that file. Exits with 1 if there is such a file.
    Last, steps/SHA256SUMS is written anew.
    """
    from checker.author.propagate import propagate as carry

    conflicts = 0
    with _errors_told():
        course = _course()
        step = course.step(first) if first else course.steps[0]
        for carried in carry(course.root, since, step.name, dry_run=dry_run):
            if carried.conflict:
                conflicts += 1
                click.echo(f"CONFLICT {carried.path}: {carried.conflict}")
                owner = course.step(carried.path.split("/")[1])
                written = carried.content is not None and not dry_run
                beside = f" (the merge is in {carried.path}.rej)" if written else ""
                again = "" if since == "HEAD" else f" --since {since}"
                click.echo(
                    f"      do settle it{beside}, then: "
                    f"checker author propagate --from {owner.number}{again}"
                )
            else:
                click.echo(f"{'removed' if carried.content is None else 'carried'}  {carried.path}")
        if not dry_run:
            sums.path(course).write_text(sums.written(course), encoding="utf-8", newline="\n")
    sys.exit(1 if conflicts else 0)


@author.command()
@click.argument("step")
@click.argument("identity", metavar="ID")
@click.argument("title")
@click.option("--edit", metavar="FILE", help="The file to edit; app/<title>.py if not given.")
def new(step: str, identity: str, title: str, edit: str | None) -> None:
    """Begin an exercise: `checker author new 1 1.7 "Lifecycle hooks"`.

    Makes the file to edit, its solution, the test and the table in the manifest, each
    with TODOs that `checker author verify` lists until they are written.
    """
    from checker.author.skeleton import add_exercise

    with _errors_told():
        course = _course()
        for path in add_exercise(course, course.step(step), identity, title, edit):
            click.echo(f"made  {path.relative_to(course.root).as_posix()}")
        Course.load(course.root)
    click.echo(f"next  write the test and the solution, then: checker author verify {identity}")
    click.echo(f"      and three mistakes: checker author mistake {identity} a_name_that_says_it")


@author.command()
@click.argument("identity", metavar="EXERCISE")
@click.argument("name")
def mistake(identity: str, name: str) -> None:
    """Record a wrong answer: run this twice, and make the mistake in between.

    The first time lays out the solution to be spoilt. The second time makes the patch,
    runs it, and declares the test that fails and the words that the learner reads.
    """
    from checker.author.bench import Bench, Engines
    from checker.author.recording import draft_folder, open_draft, record

    with _errors_told():
        course = _course()
        exercise = course.exercise(identity)
        folder = draft_folder(course, exercise, name)
        if not folder.is_dir():
            open_draft(course, exercise, name)
            click.echo(f"make the mistake in  {folder}")
            click.echo(f"then run this again: checker author mistake {identity} {name}")
            return
        with Engines(1) as engines:
            recorded = record(Bench(course, engines), exercise, name)
    click.echo(f"made   {recorded.patch.relative_to(course.root).as_posix()}")
    click.echo(f"test   {recorded.expected.test}")
    click.echo(f"reads  {recorded.expected.says}")


@author.command()
@click.argument("step")
def diff(step: str) -> None:
    """Show what a step's starter has beyond the step before it, solved."""
    from checker.author.diffs import step_changes

    with _errors_told():
        course = _course()
        for change in step_changes(course, course.step(step)):
            click.echo(f"# {change.path} {change.kind}: {change.reason or 'NOT DECLARED'}")
            click.echo(change.diff)
