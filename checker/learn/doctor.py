"""``checker doctor``: is it the machine? A line for each thing looked at, with the repair."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from checker.course import Course, CourseError, find_course
from checker.errors import UserError
from checker.files import explain, tree
from checker.learn import changes
from checker.learn.text import Console, Glyphs, Line, Span, line, neutral, pad, wrap
from checker.workspace import Workspace

OLDEST_PYTHON = (3, 11)
FREE_MEGABYTES = 200
EVENT_SECONDS = 2.0
# In PowerShell as in the old prompt
_FRESH = {"win32": 'cmd /c "rmdir /s /q .venv & py start.py"'}
REINSTALL = _FRESH.get(sys.platform, "rm -rf .venv && python3 start.py")

State = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A ``note`` stops nobody; ``repair`` is what to type."""

    name: str
    state: State
    cause: str
    repair: str = ""


def examine(start: Path, encoding: str) -> Iterator[Finding]:
    """Look at everything in turn, as far as what was found lets us."""
    yield _python()
    root = find_course(start) or find_course(Path(__file__).resolve().parent)
    if root is None:
        yield Finding("course", "bad", f"no course around {start}", "cd to the folder with steps/")
        return
    yield Finding("course", "ok", str(root))
    yield _packages(root / "requirements.lock")
    yield _encoding(encoding)
    try:
        course = Course.load(root)
    except (CourseError, OSError) as error:
        yield Finding("manifests", "bad", str(error), "git checkout -- steps solutions")
        return
    yield Finding(
        "manifests",
        "ok",
        f"{len(course.steps)} steps, {len(course.exercises)} exercises",
    )
    workspace = Workspace(course)
    writable = _writable(workspace)
    yield writable
    yield _space(root)
    yield _progress(workspace)
    yield _copies(workspace)
    yield from _missing_files(workspace)
    yield _edits(course)
    if writable.state == "ok":
        yield _events(workspace.hidden)
    yield _engine(course)


def report(findings: list[Finding]) -> dict[str, Any]:
    """The findings as data; see ``schemas/doctor.json``."""
    healthy = all(finding.state != "bad" for finding in findings)
    return {"version": 1, "healthy": healthy, "findings": [asdict(f) for f in findings]}


def finding_lines(finding: Finding, console: Console) -> list[Line]:
    mark, word, style = _mark(finding.state, console.glyphs)
    head = Span(f" {mark} {pad(word, 7)}", style)
    indent = 1 + 2 + 7 + 1
    text = f"{finding.name}: {neutral(finding.cause)}"
    rows = wrap(text, max(console.width - indent, 16))
    lines = [line(head, " ", rows[0]), *(line(" " * indent, row) for row in rows[1:])]
    if finding.repair:
        lines.append(line(" " * indent, Span("repair: ", "dim"), finding.repair))
    return lines


def _mark(state: State, glyphs: Glyphs) -> tuple[str, str, str]:
    return {
        "ok": (glyphs.good, "ok", "good"),
        "note": ("!", "note", "warn"),
        "bad": (glyphs.bad, "not ok", "bad"),
    }[state]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Finding("python", "bad", f"{version}, and the course needs 3.11 or newer", REINSTALL)
    return Finding("python", "ok", f"{version} at {sys.executable}")


def _packages(lock: Path) -> Finding:
    """Every package the lock file asks for on this machine, at its version."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        text = lock.read_text(encoding="utf-8")
    except OSError:
        return Finding(
            "packages",
            "bad",
            f"there is no {lock}",
            "git checkout -- requirements.lock",
        )
    wrong: list[str] = []
    count = 0
    for match in re.finditer(r"^([A-Za-z0-9][^\s\\]*==[^\\\n]*)", text, re.MULTILINE):
        try:
            requirement = Requirement(match[1].strip())
        except InvalidRequirement:
            return Finding(
                "packages",
                "bad",
                f"{lock} is damaged: {match[1]!r}",
                "git checkout -- requirements.lock",
            )
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        count += 1
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Finding("packages", "bad", "; ".join(wrong[:3]) + more, REINSTALL)
    return Finding("packages", "ok", f"{count} as in requirements.lock")


def _encoding(encoding: str) -> Finding:
    try:
        "✓✗█░".encode(encoding)
    except (UnicodeError, LookupError):
        cause = f"{encoding} has no ✓: plain marks are shown".replace("✓", "check mark")
        return Finding(
            "terminal",
            "note",
            cause,
            "set PYTHONUTF8=1 in the environment for the better ones",
        )
    return Finding("terminal", "ok", f"encoding {encoding}")


def _writable(workspace: Workspace) -> Finding:
    try:
        workspace.check_writable()
        with tempfile.NamedTemporaryFile(dir=workspace.hidden, prefix=".checker-") as probe:
            probe.write(b"probe")
    except UserError as error:
        return Finding("work folder", "bad", str(error), f"move {workspace.root} away")
    except OSError as error:
        return Finding(
            "work folder",
            "bad",
            str(explain(error)),
            f'chmod -R u+rwX "{workspace.root}"',
        )
    return Finding("work folder", "ok", f"{workspace.root} can be written")


def _space(root: Path) -> Finding:
    free = shutil.disk_usage(root).free // 2**20
    if free < FREE_MEGABYTES:
        return Finding(
            "disk",
            "bad",
            f"{free} MB free, under {FREE_MEGABYTES} MB",
            "delete what you can spare",
        )
    return Finding("disk", "ok", f"{free} MB free")


def _progress(workspace: Workspace) -> Finding:
    from checker.learn.progress import ProgressStore

    store = ProgressStore(workspace.hidden)
    try:
        progress = store.read()
    except UserError as error:
        return Finding("progress", "bad", str(error), "git pull")
    if store.warning:
        return Finding("progress", "bad", store.warning, "checker check --all")
    solved = sum(entry.is_solved for entry in progress.entries.values())
    return Finding("progress", "ok", f"{solved} exercises solved")


def _copies(workspace: Workspace) -> Finding:
    """What reset, undo and the like have kept. Nothing of it is ever deleted but by hand."""
    count = len(workspace.backups.copies())
    if not count:
        return Finding("copies", "ok", "none yet: no command has replaced a file of yours")
    folder = workspace.backups.folder
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Finding("copies", "ok", f"{count} of your files, {size / 2**20:.1f} MB, in {folder}")


def _missing_files(workspace: Workspace) -> Iterator[Finding]:
    """Started steps that lack a file the starter has: a copy half made, or a file deleted."""
    for step in workspace.started:
        mine = tree(workspace.folder(step))
        missing = [name for name in tree(step.path) if name not in mine]
        if not missing:
            yield Finding(f"step {step.number}", "ok", "every file of the starter is there")
            continue
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        yield Finding(
            f"step {step.number}",
            "note",
            f"work/{step.name}/{missing[0]}{more} of the starter is not there",
            f"checker reset {step.number} puts the whole starter back, after a copy of yours",
        )


def _edits(course: Course) -> Finding:
    message = changes.stray_message(course)
    if message:
        cause, _, repair = message.partition(". Move it to work/: ")
        return Finding("steps/", "note", cause, repair)
    if not changes.has_git(course):
        cause = "no git or no repository here: only what exercises edit is watched in steps/"
        return Finding("git", "note", cause)
    return Finding("git", "ok", "steps/ is as the course has it")


def _events(folder: Path) -> Finding:
    """Save a file and wait to be told of it, as the watch screen is."""
    try:
        told = _is_told_of_a_save(folder)
    except (OSError, RuntimeError) as error:
        return Finding("file events", "note", f"not here ({error}): the checker looks by itself")
    if told:
        return Finding("file events", "ok", "a save is seen at once")
    return Finding(
        "file events",
        "note",
        "none arrive here: the checker looks every second by itself",
    )


def _is_told_of_a_save(folder: Path) -> bool:
    from watchfiles import watch

    seen, stop = threading.Event(), threading.Event()
    with tempfile.TemporaryDirectory(dir=folder, prefix="probe-") as name:

        def listen() -> None:
            for changed in watch(
                name,
                debounce=50,
                step=5,
                stop_event=stop,
                rust_timeout=100,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                if changed:
                    seen.set()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        tries = 20
        for number in range(tries):
            (Path(name) / f"save-{number}").write_text("probe", encoding="utf-8")
            if seen.wait(EVENT_SECONDS / tries):
                break
        stop.set()
        listener.join()
    return seen.is_set()


def _engine(course: Course) -> Finding:
    """Check the first exercise of a starter for real: it has to load, and to fail as it should."""
    from checker.engine.engine import create_engine
    from checker.engine.errors import EngineError
    from checker.engine.job import Job
    from checker.learn.ending import ended_in_order

    exercise = course.exercises[0]
    step = course.step_of(exercise)
    with ended_in_order(), tempfile.TemporaryDirectory(prefix="checker-doctor-") as name:
        folder = Path(name) / step.name
        shutil.copytree(step.path, folder)
        try:
            with create_engine() as engine:
                kind = type(engine).__name__
                verdict = engine.check(Job.for_exercise(course, exercise, folder))
        except EngineError as error:
            return Finding("engine", "bad", str(error), REINSTALL)
    if verdict.state == "not_yet":
        return Finding("engine", "ok", f"{kind}: checked {exercise.id} in {verdict.seconds:.1f} s")
    failure = verdict.first_failure
    cause = f"{kind}: {verdict.state.replace('_', ' ')}"
    return Finding("engine", "bad", f"{cause}: {failure.message}" if failure else cause, REINSTALL)
