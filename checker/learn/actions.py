"""What the commands do, and what they say about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checker.course import EXERCISE_ID, Exercise, Step
from checker.engine.verdict import Failure, Verdict
from checker.errors import EnvironmentTrouble, UserError
from checker.learn import changes, hints
from checker.learn.report import edit_path, exercise_line, verdict_lines
from checker.learn.session import Session, describe, print_json
from checker.learn.text import Console, Line, line, show
from checker.workspace import Carried

if TYPE_CHECKING:
    from checker.learn.doctor import Finding

# The exit code is the worst of several: our fault before the machine's, both before the learner's
WORST_FIRST = (70, 4, 3, 1, 0)


def say(text: str) -> None:
    show([line(f" {text}")] if text else [()])


def warn(text: str) -> None:
    if text:
        print(f"\n {text}", file=sys.stderr)


def console() -> Console:
    return Console.of(sys.stdout)


# Where am I


def status(session: Session, as_json: bool) -> None:
    told = session.status()
    if as_json:
        print_json(told)
        return
    if not told["started"]:
        say("No step is started yet. Type: checker start 1")
    else:
        _tell_current(session, session.current())
    warn(session.store.warning)
    warn(changes.stray_message(session.course))


def _tell_current(session: Session, exercise: Exercise) -> None:
    progress = session.store.read()
    step = session.course.step_of(exercise)
    solved, total = session.solved_count(step, progress), len(step.exercises)
    screen = console()
    entry = describe(exercise, progress)
    state = {"solved": "solved", "not_yet": "not yet", "does_not_load": "no start"}
    say(f"{step.name[:2]} {step.title}   {screen.bar(solved, total)}  {solved} of {total}")
    show([exercise_line(exercise, screen)])
    say(f"{state.get(entry['state'], 'open')}, hint {entry['hints']} of {len(exercise.hints)}")
    say(f"edit {edit_path(exercise)}, then type: checker check")


def go_next(session: Session, as_json: bool) -> None:
    progress = session.store.read()
    following = session.following(session.current(progress), progress)
    if following is not None:
        session.choose(following)
    if as_json:
        print_json(session.status())
    elif following is not None:
        _tell_current(session, following)
    elif not progress[session.current(progress).id].is_solved:
        say(f"{session.current(progress).id} is the only one left: checker check")
    else:
        step = session.next_step()
        say(
            f"All solved. Type: checker start {step.number}"
            if step
            else "All solved: that was the course."
        )


# Starting


def start(session: Session, name: str | None, carry: bool) -> None:
    step = session.course.step(name) if name else session.next_step()
    if step is None:
        raise UserError("every step is started: checker next")
    if carry:
        _tell_carried(session.workspace.carry(step), f"work/{step.name}")
        _tell_unsolved(session, step)
        session.forget(step.exercises)
    else:
        session.workspace.start(step)
    if session.current().step_name != step.name:
        session.choose(step.exercises[0])
    say(f"Step {step.number}, {step.title}, is in work/{step.name}.")
    say(f"Begin with {step.exercises[0].id} in {edit_path(step.exercises[0])}, then type: checker")
    warn(changes.stray_message(session.course))


def _tell_carried(carried: Carried, folder: str) -> None:
    for name in carried.merged:
        say(f"yours went into {folder}/{name}")
    for name, why in carried.conflicts.items():
        say(f"conflict in {folder}/{name}: {why}")
    if carried.conflicts:
        say(
            f"{len(carried.conflicts)} to settle by hand; `checker undo` takes the whole of it back"
        )


def _tell_unsolved(session: Session, step: Step) -> None:
    progress = session.store.read()
    before = session.course.step(step.number - 1)
    unsolved = [e.id for e in before.exercises if not progress[e.id].is_solved]
    if unsolved:
        say(f"not solved when you carried: {', '.join(unsolved)}. What you had begun came along")


def adopt(session: Session, name: str | None) -> None:
    found = changes.strays(session.course)
    if not found:
        raise UserError("no edit in steps/ that anything tells of")
    step = session.course.step(name or next(iter(found)))
    edits = changes.stray_contents(session.workspace, step)
    if not edits:
        raise UserError(f"no edit in steps/{step.name}; there are some in {', '.join(found)}")
    if not session.workspace.is_started(step):
        session.workspace.start(step, {name: base for name, (base, _) in edits.items()})
    _tell_carried(session.workspace.adopt(step, edits), f"work/{step.name}")
    session.forget(step.exercises)
    say(f"steps/{step.name} is the course's again; `checker undo` takes this back")


# Checking


def chosen(
    session: Session, exercise: str | None, everything: bool, step: str | None
) -> tuple[Exercise, ...]:
    """The exercises that the options of ``checker check`` mean."""
    if exercise:
        return (session.course.exercise(exercise),)
    if step:
        return session.course.step(step).exercises
    if everything:
        started = tuple(e for s in session.open_steps for e in s.exercises)
        return started or (session.current(),)
    return (session.current(),)


def check(session: Session, exercises: tuple[Exercise, ...], verbose: bool, as_json: bool) -> int:
    """Check, record, tell; the exit code."""
    from checker.engine.engine import create_engine
    from checker.engine.errors import EngineError
    from checker.learn.ending import ended_in_order

    for name in dict.fromkeys(exercise.step_name for exercise in exercises):
        step = session.course.step(name)
        session.workspace.require_started(step)
        _refresh(session, step)
    verdicts: list[Verdict] = []
    try:
        with ended_in_order(), create_engine() as engine:
            for exercise in exercises:
                verdict = session.check(exercise, engine, verbose=verbose)
                session.record(verdict)
                verdicts.append(verdict)
                if not as_json:
                    _tell_verdict(exercise, verdict, verbose, short=len(exercises) > 1)
    except EngineError as error:
        raise EnvironmentTrouble(f"{error}. Type: checker doctor") from error
    code = next(code for code in WORST_FIRST if code in {v.exit_code for v in verdicts})
    if as_json:
        told = [verdict if verbose else _brief(verdict) for verdict in verdicts]
        print_json({"version": 1, "exit_code": code, "verdicts": [v.to_json() for v in told]})
        return code
    if len(verdicts) > 1:
        say("")
        say(f"{sum(v.state == 'solved' for v in verdicts)} of {len(verdicts)} solved")
    elif code == 0:
        say("next      type: checker next")
    warn(session.store.warning)
    warn(changes.stray_message(session.course))
    return code


def _brief(verdict: Verdict) -> Verdict:
    """Without the tracebacks, which ``--verbose`` asks for."""

    def brief(failure: Failure | None) -> Failure | None:
        return failure and replace(failure, details="")

    tests = tuple(replace(test, failure=brief(test.failure)) for test in verdict.tests)
    return replace(verdict, tests=tests, problem=brief(verdict.problem))


def _refresh(session: Session, step: Step) -> None:
    copy = session.workspace.refresh(step)
    if copy is not None:
        warn(
            f"the course has new tests for step {step.number}; yours had changed, and are kept:"
            f" checker undo {copy.number}"
        )


def _tell_verdict(exercise: Exercise, verdict: Verdict, verbose: bool, short: bool) -> None:
    screen = console()
    rows: list[Line] = verdict_lines(verdict, screen, verbose)
    if short and not verbose:
        show([line(f" {exercise.id}", *rows[0])])
        return
    show([exercise_line(exercise, screen), (), *rows])


# Help on the way


def hint(session: Session, name: str | None, as_json: bool) -> None:
    exercise = session.course.exercise(name) if name else session.current()
    shown = hints.next_hint(session, exercise)
    if as_json:
        print_json(shown.to_json())
        return
    show(hints.hint_lines(shown, console()))
    if not shown.is_last:
        return
    if shown.seen_before and sys.stdin.isatty():
        if click.confirm(" That was the last hint. See the solution?"):
            _show_solution(session, exercise)
    else:
        say(f"That was the last hint. The solution: checker solution {exercise.id}")


def solution(session: Session, name: str | None, apply_it: bool, yes: bool) -> None:
    exercise = session.course.exercise(name) if name else session.current()
    entry = session.store.read()[exercise.id]
    if not (yes or entry.hints or entry.solution_seen or entry.is_solved):
        _confirm(exercise)
    _show_solution(session, exercise)
    if not apply_it:
        return
    copy = session.workspace.apply_solution(exercise)
    if copy is not None:
        session.forget([exercise])
        say(f"Applied. `checker undo` brings yours back; now type: checker check {exercise.id}")


def _confirm(exercise: Exercise) -> None:
    if not sys.stdin.isatty():
        raise UserError(
            f"you have seen no hint of {exercise.id}: try `checker hint {exercise.id}`,"
            " or add --yes to see the solution now"
        )
    if not click.confirm(f" You have seen no hint of {exercise.id} yet. See the solution now?"):
        raise UserError(f"not shown. A hint: checker hint {exercise.id}")


def _show_solution(session: Session, exercise: Exercise) -> None:
    session.mark_solution_seen(exercise)
    diff = changes.solution_diff(session.workspace, exercise)
    show(changes.diff_lines(diff)) if diff else say("Your files are the solution, line by line.")


# Back again


def reset(session: Session, target: str | None) -> None:
    if target is None or EXERCISE_ID.fullmatch(target.strip()):
        exercise = session.course.exercise(target) if target else session.current()
        copy = session.workspace.reset_exercise(exercise)
        touched: Iterable[Exercise] = [exercise]
        what = f"{exercise.id} {exercise.title}"
    else:
        step = session.course.step(target)
        copy = session.workspace.reset_step(step)
        touched = step.exercises
        what = f"step {step.number}"
    if copy is None:
        say(f"{what} is as it was handed out already.")
        return
    session.forget(touched)
    say(f"{what} is as it was handed out. `checker undo` brings your version back.")


def undo(session: Session, number: int | None) -> None:
    wanted, made = session.workspace.undo(number)
    session.forget(session.workspace.exercises_in(wanted))
    say(f"Back: {_count(wanted.files)} as before `{wanted.summary}`.")
    say(f"To take this back in turn: checker undo {made.number}")


def list_copies(session: Session) -> None:
    copies = session.workspace.backups.copies()
    if not copies:
        say("No command has replaced anything of yours yet.")
    for copy in copies:
        when = copy.at.replace("T", " ")[:16]
        say(f"{copy.number:4}  {when}  {_count(copy.files)}  {copy.summary}")


def _count(files: Mapping[str, Any]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


# To a page of the site, and back


def import_record(session: Session, file: Path) -> None:
    from checker.learn import record

    brought = record.bring_in(session, record.load(file))
    for name in brought.left_out:
        say(f"left out: {name}, which no exercise of this course asks for")
    progress = session.store.read()
    for exercise in brought.exercises:
        state = "solved" if progress[exercise.id].is_solved else "begun"
        say(f"{exercise.id} {exercise.title}   {state}, in {edit_path(exercise)}")
    if not brought.exercises:
        say("Nothing of an exercise was in it.")
    elif brought.copy is None:
        say("work/ had all of it already.")
    else:
        say("`checker undo` brings back what was in work/ before. To go on: checker")


def export_record(session: Session, file: Path | None) -> None:
    from checker.learn import record

    target = file or Path(record.NAME)
    saved = record.save(session, target)
    say(f"{_count(saved.files)} and your progress are in {target}: a page loads it.")


# The app, the docs, the machine


def run(session: Session, name: str | None, port: int) -> int:
    step = session.course.step(name) if name else session.course.step_of(session.current())
    folder = session.workspace.require_started(step)
    say(f"work/{step.name} on http://localhost:{port}   Ctrl-C ends it")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "run", "--port", str(port)]
    try:
        return subprocess.run(command, cwd=folder, check=False).returncode
    except KeyboardInterrupt:
        return 0  # the way to end it


def docs(session: Session, name: str | None) -> None:
    from checker.learn import pages

    if name or session.open_steps:
        exercise = session.course.exercise(name) if name else session.current()
    else:
        exercise = session.course.exercises[0]
    print(
        " Building the pages if anything changed…" if console().glyphs.more == "…" else " Building",
        file=sys.stderr,
    )
    site = pages.build(session.course)
    page, anchor = pages.page_of(site, exercise)
    if not sys.stdout.isatty():
        print(pages.file_address(site, page, anchor))
        return
    with pages.serve(site, session) as server:
        address = pages.address(pages.base_of(server), page, anchor)
        say(f"{exercise.id} {exercise.title}: {address}   Ctrl-C ends it")
        pages.open_browser(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("")


def doctor(as_json: bool, more: Iterable[Finding] = ()) -> int:
    """Look at the machine, and show it with what others found out of ``more``."""
    from checker.learn import doctor as machine

    screen = console()
    found = []
    for finding in chain(machine.examine(Path.cwd(), sys.stdout.encoding or "ascii"), more):
        found.append(finding)
        if not as_json:
            show(machine.finding_lines(finding, screen))
    told = machine.report(found)
    if as_json:
        print_json(told)
    elif told["healthy"]:
        say("Nothing is in the way.")
    return 0 if told["healthy"] else EnvironmentTrouble.exit_code


# The watch screen


def watch(session: Session) -> int:
    """Open the watch screen; on the very first time, with step 1 started."""
    from checker.engine.engine import create_engine
    from checker.learn.watch.loop import Watch

    if not session.open_steps:
        session.workspace.start(session.course.steps[0])
    return Watch(session, partial(create_engine, ahead=True), sys.stdout).run()
