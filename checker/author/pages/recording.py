"""Runs the commands whose output the pages show, against the real apps and the real checker.

``docs/outputs/recordings.toml`` lists them, in sessions: the commands of one session run
in order, in one copy of a step (or of the whole course), and talk to one server. What
differs from run to run, a date or a duration, is normalised there too, by name.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

from checker.author.pages.picture import picture
from checker.author.pages.terminal import screen
from checker.author.trees import read_tree, solved, write_tree
from checker.course import Course

ADDRESS = "localhost:5000"
COLUMNS = 56
"""Of a pictured screen: its letters can still be read on a telephone."""
IGNORED = shutil.ignore_patterns("__pycache__", ".pytest_cache", "instance", "*.db", "*.sqlite3")
EXAMPLES = "docs/examples"
MODULES = ("checker", "flask", "pytest")
PROGRAMS = ("curl", "git")
SCRIPTS = ("lint-imports",)  # they lie beside python, and are no modules to run


class RecordingError(Exception):
    """A command that cannot be run, or ended otherwise than declared."""


@dataclass(frozen=True)
class Run:
    """One command. Without a name it only prepares the next one.

    ``screen`` is the title of a picture: the command opens a screen, ``keys`` are typed, and
    what stands there when it is still becomes an SVG.
    """

    command: str
    name: str = ""
    exit: int = 0
    screen: str = ""
    keys: str = ""


@dataclass(frozen=True)
class Session:
    """Commands that share their files and their server. No ``step``: the whole course.

    ``serve`` is false where the app is not meant to start. ``needs`` names a variable of the
    author's own environment, which the commands get too: where it is not set, the session
    is left out, and what was recorded of it stands.
    """

    runs: tuple[Run, ...]
    step: int | None = None
    solved: bool = False
    serve: bool = True
    env: tuple[tuple[str, str], ...] = ()
    needs: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The files that it makes."""
        named = (run for run in self.runs if run.name)
        return frozenset(f"{run.name}.{'svg' if run.screen else 'txt'}" for run in named)

    @property
    def possible(self) -> bool:
        return not self.needs or bool(os.environ.get(self.needs))


@dataclass(frozen=True)
class Normalisation:
    """A pattern, what stands for it, and why it differs from run to run."""

    pattern: str
    becomes: str
    why: str


@dataclass(frozen=True)
class Recordings:
    """What ``recordings.toml`` declares."""

    sessions: tuple[Session, ...]
    normalisations: tuple[Normalisation, ...]

    @classmethod
    def load(cls, file: Path) -> Recordings:
        """Read the list; :class:`RecordingError` for one that cannot be used."""
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        try:
            sessions = tuple(
                Session(
                    runs=tuple(Run(**run) for run in session.pop("run")),
                    env=tuple(session.pop("env", {}).items()),
                    **session,
                )
                for session in table["session"]
            )
            normalisations = tuple(Normalisation(**entry) for entry in table["normalise"])
        except (KeyError, TypeError) as error:
            raise RecordingError(f"{file}: {error}") from None
        names = [run.name for session in sessions for run in session.runs if run.name]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise RecordingError(f"{file}: recorded twice: {', '.join(twice)}")
        return cls(sessions, normalisations)

    @property
    def left_out(self) -> tuple[Session, ...]:
        """The sessions that need what is not here."""
        return tuple(session for session in self.sessions if not session.possible)


def record(course: Course, recordings: Recordings) -> dict[str, str]:
    """Run every session that is possible here; the content of each recording by its file's name.

    A ``.txt`` has its command in the first line; an ``.svg`` is the picture of a screen.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sessions = [session for session in recordings.sessions if session.possible]
        made = pool.map(lambda session: _files(course, session, recordings), sessions)
        return {name: content for files in made for name, content in files.items()}


def _files(course: Course, session: Session, recordings: Recordings) -> dict[str, str]:
    files: dict[str, str] = {}
    for run, output in _play(course, session):
        shown = _normalised(output, recordings.normalisations).rstrip()
        if run.screen:
            files[f"{run.name}.svg"] = picture(shown, run.screen, COLUMNS)
        elif run.name:
            files[f"{run.name}.txt"] = f"$ {run.command}\n{shown}\n"
    return files


def _play(course: Course, session: Session) -> Iterator[tuple[Run, str]]:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve() / "course"
        if session.step is None:
            _copy_course(course, folder)
        else:
            step = course.step(session.step)
            write_tree(solved(step) if session.solved else read_tree(step.path), folder)
            # Each command would compile the app anew. By hash: two saves may be of one second.
            compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
            shutil.copytree(course.root / EXAMPLES, folder / EXAMPLES, ignore=IGNORED)
        given = {session.needs: os.environ[session.needs]} if session.needs else {}
        env = _environment(Path(scratch), dict(session.env) | given)
        with _server(folder, env, wanted=session.step is not None and session.serve) as address:
            for run in session.runs:
                yield run, _run(run, folder, env, address).replace(str(folder), "…")


def _copy_course(course: Course, folder: Path) -> None:
    for name in ("steps", "solutions", "checker", EXAMPLES):
        shutil.copytree(course.root / name, folder / name, ignore=IGNORED)


def _environment(scratch: Path, extra: dict[str, str]) -> dict[str, str]:
    """Nothing of the author's own settings, and no colour."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    fixed = {"PATH": path, "HOME": str(scratch), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    # A fixed seed: the order of a set, such as the methods in Allow, is the same each time.
    python = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    return kept | fixed | python | {"COLUMNS": "72"} | extra


def _run(run: Run, folder: Path, env: dict[str, str], address: str) -> str:
    command = _command(run, env)
    if run.screen:
        colourful = {name: value for name, value in env.items() if name != "NO_COLOR"}
        return screen(command, folder, colourful, COLUMNS, run.keys, busy="checking")
    done = subprocess.run(
        [part.replace(ADDRESS, address) for part in command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    output = done.stdout.decode("utf-8").replace("\r\n", "\n").replace(address, ADDRESS)
    if done.returncode != run.exit:
        raise RecordingError(
            f"{run.command}: ended with {done.returncode}, not {run.exit}:\n{output}"
        )
    return _laid_out(output) if run.command.startswith("curl ") else output


def _command(run: Run, env: dict[str, str]) -> list[str]:
    """What to start: of Python's programs those of this environment, whatever the PATH says."""
    program, *arguments = shlex.split(run.command)
    if program == "python":
        return [sys.executable, *arguments]
    if program in MODULES:
        return [sys.executable, "-m", program, *arguments]
    if program in SCRIPTS:
        return [str(Path(sys.executable).with_name(program)), *arguments]
    if program not in PROGRAMS:
        known = ", ".join(("python", *MODULES, *SCRIPTS, *PROGRAMS))
        raise RecordingError(f"{run.command}: only {known} can be recorded")
    found = shutil.which(program, path=env["PATH"])
    if found is None:
        raise RecordingError(f"{run.command}: {program} is not installed")
    # Into a pipe curl draws a progress meter that a reader at a terminal does not see.
    return [found, *(["-sS"] if program == "curl" else []), *arguments]


def _laid_out(answer: str) -> str:
    """An HTTP answer with its JSON body on several lines, for reading."""
    head, blank, body = answer.rpartition("\n\n")
    try:
        return f"{head}{blank}{json.dumps(json.loads(body), indent=2, ensure_ascii=False)}"
    except ValueError:
        return answer


def _normalised(text: str, normalisations: tuple[Normalisation, ...]) -> str:
    for entry in normalisations:
        text = re.sub(entry.pattern, entry.becomes, text, flags=re.MULTILINE)
    return text


@contextmanager
def _server(folder: Path, env: dict[str, str], wanted: bool) -> Iterator[str]:
    """``flask run`` on a free port, ready to answer."""
    if not wanted:
        yield ADDRESS
        return
    port = _free_port()
    command = [sys.executable, "-m", "flask", "run", "--port", str(port)]
    log = folder.parent / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=sink, stderr=sink)
    try:
        _wait_for(process, port, log)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RecordingError(f"flask run did not start:\n{log.read_text(encoding='utf-8')}")
