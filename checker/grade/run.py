"""One run of ``checker grade``: plan, work, write the report, say what came of it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.errors import UserError
from checker.files import write_json
from checker.grade import cache as hashes
from checker.grade import signing
from checker.grade.batch import Batch, Plan, Request, carry_out, chosen
from checker.grade.isolation import choose
from checker.grade.journal import Journal, only_one
from checker.grade.model import Flag
from checker.grade.secret import secret_of
from checker.grade.unpack import Refused
from checker.grade.worker import sweep

if TYPE_CHECKING:
    from checker.grade.workers import Workers

_STATE = "state.json"
_TIMINGS = "timings.json"


@dataclass(frozen=True)
class Output:
    """Where the report goes, and as what. ``key`` signs it.

    ``gradebook`` and ``worksheet`` are what was downloaded from Canvas and Moodle to be filled in.
    """

    folder: Path
    formats: tuple[str, ...]
    key: Path | None = None
    gradebook: Path | None = None
    column: str | None = None
    worksheet: Path | None = None

    @property
    def workshop(self) -> Path:
        return self.folder / signing.WORKSHOP


def grade_class(
    request: Request, output: Output, jobs: int, cluster: str | None, *, failed_only: bool
) -> int:
    """Grade, write, tell; the exit code."""
    tier = choose(request.unsafe, request.wanted)
    sweep()
    with only_one(output.workshop / "lock"):
        if failed_only:
            request = replace(request, again=_failed(output))
        if request.seed is None:
            request = replace(request, seed=secret_of(output.folder))
        journal = Journal(output.workshop / "journal.jsonl")
        try:
            plan = Plan(request, tier, journal)
            if not plan.steps:
                _say_unreadable(plan)
            state = None if plan.todo else _unchanged(plan, output)
            if state is None:
                batch = _graded(plan, jobs, cluster)
                state = _written(batch, plan, output)
            else:
                click.echo("nothing has changed since the last time")
        finally:
            journal.close()
    click.echo("\n".join(state["summary"]))
    exit_code: int = state["exit_code"]
    return exit_code


def _graded(plan: Plan, jobs: int, cluster: str | None) -> Batch:
    from checker.grade.progress import Bar, Lines

    def workers() -> Workers:
        from checker.grade.workers import ClusterWorkers, LocalWorkers

        return ClusterWorkers(cluster) if cluster else LocalWorkers(min(jobs, len(plan.todo)))

    watcher = Bar() if sys.stderr.isatty() else Lines()
    watcher.expect(plan.todo)
    try:
        return carry_out(plan, workers, watcher)
    finally:
        watcher.close()


def _failed(output: Output) -> frozenset[str]:
    from checker.grade.reading import read_report

    file = output.folder / "results.json"
    if not file.is_file():
        raise UserError(f"nothing was graded in {output.folder} yet: leave --failed-only out")
    return chosen(read_report(file))


def _fingerprint(plan: Plan, output: Output) -> str:
    return hashes.key(
        "report",
        plan=plan.fingerprint,
        checker=hashes.whole_digest(),
        output=repr(output),
        filled=[_hash(file) for file in (output.gradebook, output.worksheet)],
    )


def _hash(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error


def _unchanged(plan: Plan, output: Output) -> dict[str, Any] | None:
    """What was said last time, where the same report would be written again."""
    try:
        state = json.loads((output.workshop / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    same = (
        isinstance(state, dict)
        and state.get("made_of") == _fingerprint(plan, output)
        and state.get("files") == signing.digests(output.folder)
        and (output.folder / signing.NAME).is_file()
    )
    return state if same else None


def _written(batch: Batch, plan: Plan, output: Output) -> dict[str, Any]:
    """Write the report, each file as a whole, and take away what was of the last one only."""
    from checker.grade.formats import Options, write

    try:
        last = json.loads((output.workshop / _STATE).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        last = {}
    (output.workshop / _STATE).unlink(missing_ok=True)
    for left in output.workshop.glob("new-*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="new-", dir=output.workshop))
    try:
        notes: list[Flag] = []
        options = Options(
            course=plan.request.course,
            sources=_sources(plan) if "html" in output.formats else None,
            gradebook=output.gradebook,
            column=output.column,
            worksheet=output.worksheet,
            tell=notes.append,
        )
        timings = {timing.student: timing for timing in batch.timings}
        write(batch.report, timings, made, output.formats, options)
        files = signing.digests(made)
        for name in files:
            target = output.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (made / name).replace(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    for name in last.keys() - files.keys():
        (output.folder / name).unlink(missing_ok=True)
    files = signing.digests(output.folder)
    signing.seal(output.folder, files, output.key)
    state = {
        "made_of": _fingerprint(plan, output),
        "files": files,
        "summary": _summary(batch, output, notes),
        "exit_code": _exit_code(batch),
    }
    if not any(grade.standing == "ungraded" for grade in batch.report.grades):
        write_json(output.workshop / _STATE, state)
    write_json(output.workshop / _TIMINGS, {t.student: asdict(t) for t in batch.timings})
    return state


def _sources(plan: Plan) -> dict[str, dict[str, str]]:
    """The learners' own files as text, to be compared with each other: those to be edited."""
    wanted = {
        f"{step.name}/{path}"
        for step in plan.steps
        for exercise in step.exercises
        for path in exercise.edit
    }
    found: dict[str, dict[str, str]] = {}
    for submission in plan.request.intake.submissions:
        if not plan.looks[submission.student].steps:
            continue
        try:
            work = plan.located(submission).work
        except (Refused, OSError):
            continue
        found[submission.student] = {
            f"{step}/{name}": content.decode("utf-8", "replace")
            for step, files in work.items()
            for name, content in files.items()
            if name.endswith(".py") and f"{step}/{name}" in wanted
        }
    return found


def _exit_code(batch: Batch) -> int:
    trouble = {"duplicate_student", "unknown_student"}
    report = batch.report
    if any(grade.standing == "ungraded" for grade in report.grades):
        return 1
    return 1 if any(problem.code in trouble for problem in report.problems) else 0


def _summary(batch: Batch, output: Output, notes: list[Flag]) -> list[str]:
    report = batch.report
    counts = Counter(grade.standing for grade in report.grades)
    lines = [f"{counts[standing]:>5} {standing}" for standing in counts]
    lines += [
        f"      {grade.student}: {grade.standing}: {grade.reason}"
        for grade in report.grades
        if grade.standing in ("ungraded", "unreadable", "tampered")
    ]
    lines += [
        f"      {problem.message}"
        for problem in report.problems
        if problem.code != "missing_submission"
    ]
    lines += [f"      {note.message}" for note in notes]
    if batch.left_out:
        lines.append(f"{len(batch.left_out):>5} not asked for, and never graded: not in the report")
    if counts["ungraded"]:
        lines.append(
            "the same command again grades only those that could not be graded; where it fails"
            " again in the same way, their own work brings that about: look at it yourself"
        )
    lines.append(f"steps {', '.join(report.steps)}; results in {output.folder}")
    return [line if line.isprintable() else repr(line) for line in lines]


def _say_unreadable(plan: Plan) -> None:
    """No step at all: most likely the wrong folder was given."""
    if not plan.looks:
        raise UserError("nobody handed anything in; --step 1 makes a report of that all the same")
    reasons = [look.refused or look.error for look in plan.looks.values()]
    raise UserError(f"no step is in any of the {len(reasons)} submissions; the first: {reasons[0]}")
