"""A project as the rules see it: its files, read and parsed once, never executed."""

from __future__ import annotations

import io
import os
import re
import stat
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from checker.audit.source import PyFile, View, views_of
from checker.audit.texts import Dockerfile, Yaml, parse_dockerfile, parse_yaml
from checker.files import IGNORED_FOLDERS, is_ignored

LARGEST = 1_000_000
"""Bytes. No hand-written source is larger; what is, is made, and not read."""

NOT_THEIRS = IGNORED_FOLDERS - {"instance"} | {
    ".eggs", ".hg", ".nox", ".svn", ".tox", "__pypackages__", "bower_components", "build", "dist",
    "env", "htmlcov", "site-packages",
}  # fmt: skip
TEXTS = re.compile(
    r"(^|/)(Dockerfile[^/]*|[^/]+\.[Dd]ockerfile|Containerfile|Procfile|\.env|\.gitignore"
    r"|\.dockerignore|[^/]+\.(ya?ml|toml|txt|cfg|ini|conf|sh|lock|in))"
    r"(\.(template|tmpl|tpl|j2|jinja2?|dist|example|sample))?$"
)
SOURCE = re.compile(r"\.(py|ya?ml|toml)$|(^|/)([^/]+\.)?([Dd]ockerfile|Containerfile)[^/]*$")
TEST_PLACE = re.compile(
    r"(^|/)(tests?|testing|conftest\.py|test_[^/]*|[^/]*_tests?\.py|[^/]*[_-]tests)(/|$)",
    re.IGNORECASE,
)
TESTPATHS = re.compile(r"^testpaths\s*=\s*(\[[^\]]*\]|.*(?:\n[ \t]+.*)*)", re.MULTILINE)
MIGRATION = re.compile(r"(^|/)(migrations?|alembic)([_-][^/]+)?/")
DEVELOPMENT = re.compile(r"dev|test|local|debug|override|ci\b|example|sample", re.IGNORECASE)
DEVELOPED_IN = re.compile(
    r"(^|/)\.?(dev|devel|development|devcontainer|tests?|testing|examples?|samples?)/"
)
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")


@dataclass(frozen=True)
class Unreadable:
    """A file that could not be looked at, and why."""

    file: str
    line: int
    why: str
    harmless: bool = False


@dataclass(frozen=True)
class Built:
    """What the app that was built said of itself; no secret is among it."""

    factory: str
    config: dict[str, Any]
    rules: tuple[str, ...]
    extensions: tuple[str, ...]
    secret_length: int
    not_found: str  # the content type of a 404


class Project:
    """All files of ``root`` but what is excluded, by their paths with forward slashes."""

    def __init__(
        self, root: Path, exclude: tuple[str, ...] = (), built: Built | None = None
    ) -> None:
        self.root = root
        self.built = built
        self.unreadable: list[Unreadable] = []
        self.names = sorted(_walk(root, exclude, self.unreadable))
        self._listed = frozenset(self.names)
        self._texts: dict[str, str | None] = {}

    def text(self, name: str) -> str:
        """A file's text, "" where there is none; why it cannot be had is in ``unreadable``."""
        if name not in self._texts and name not in self._listed:
            return ""
        if name not in self._texts:
            self._texts[name] = self._read(name)
        return self._texts[name] or ""

    def _read(self, name: str) -> str | None:
        path = self.root / name
        try:
            if path.stat().st_size > LARGEST:
                self.unreadable.append(
                    Unreadable(name, 1, f"is larger than {LARGEST:,} bytes", harmless=True)
                )
                return None
            content = path.read_bytes()
            encoding = _encoding(content) if name.endswith(".py") else "utf-8-sig"
            text = content.decode(encoding)
        except OSError as error:
            why = f"cannot be opened: {error.strerror or type(error).__name__}"
            self.unreadable.append(Unreadable(name, 1, why))
        except SyntaxError as error:
            self.unreadable.append(Unreadable(name, 1, f"cannot be read ({error.msg})"))
        except LookupError as error:  # the encoding is rot13, or hex: none of text
            self.unreadable.append(Unreadable(name, 1, f"cannot be read ({error})"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            encoding = encoding.removesuffix("-sig").upper()
            # A list of words is no source
            harmless = not SOURCE.search(name)
            why = f"is not text in {encoding}"
            self.unreadable.append(Unreadable(name, line, why, harmless))
        else:
            return text.replace("\r\n", "\n").replace("\r", "\n")
        return None

    def matching(self, pattern: str) -> Iterator[str]:
        """The names of all files whose path matches the regular expression."""
        search = re.compile(pattern).search
        return (name for name in self.names if search(name))

    def load(self) -> None:
        """Read all there is to read, so that ``unreadable`` is complete."""
        _ = self.python, self.yaml, self.all_text

    @cached_property
    def python(self) -> list[PyFile]:
        """Every Python file that can be parsed, tests too."""
        files = []
        for name in self.matching(r"\.py$"):
            text = self.text(name)
            try:
                files.append(PyFile(name, text))
            except SyntaxError as error:
                why = f"cannot be parsed as Python 3 ({error.msg})"
                self.unreadable.append(Unreadable(name, error.lineno or 1, why))
            except (ValueError, RecursionError, MemoryError):
                self.unreadable.append(Unreadable(name, 1, "cannot be parsed"))
        return files

    @cached_property
    def app_files(self) -> list[PyFile]:
        """The Python files of the application: no tests, no migrations."""
        return [
            file
            for file in self.python
            if not TEST_PLACE.search(file.name)
            and not MIGRATION.search(file.name)
            and not file.name.startswith(self._test_folders)
        ]

    @cached_property
    def _test_folders(self) -> tuple[str, ...]:
        """Where pytest is told to look for tests, ``("checks/",)``: helpers lie there, too.

        Not where a package is: an application does not become a test by those beside it.
        """
        settings = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
        paths = " ".join(found for name in settings for found in TESTPATHS.findall(self.text(name)))
        folders = {path.strip("./") + "/" for path in re.findall(r"[\w./-]+", paths)} - {"/"}
        packages = [name for name in self.names if name.endswith("__init__.py")]
        return tuple(
            each for each in folders if not any(name.startswith(each) for name in packages)
        )

    @cached_property
    def tests(self) -> list[str]:
        """Files of tests, by the names that pytest and unittest look for."""
        return list(self.matching(r"(^|/)(test_[^/]*|[^/]*_test|tests?)\.py$"))

    @cached_property
    def views(self) -> list[View]:
        return [view for file in self.app_files for view in views_of(file)]

    @cached_property
    def imported(self) -> set[str]:
        """The first names of all that the application imports: ``{"flask", "sqlalchemy"}``."""
        return {name for file in self.app_files for name in file.imported}

    @cached_property
    def all_text(self) -> str:
        """The application's source and settings as one text, to tell that nothing speaks of X."""
        names = [file.name for file in self.app_files]
        names += [name for name in self.names if TEXTS.search(name) and not _is_lock(name)]
        return "\n".join(self.text(name) for name in names)

    def mentions(self, pattern: str) -> bool:
        return re.search(pattern, self.all_text) is not None

    @cached_property
    def is_api(self) -> bool:
        """Whether it answers in JSON at least as a rule: few pages from templates."""
        called = [call for file in self.app_files for call in file.calls_by_name()]
        paged = max(
            called.count("render_template"), len(list(self.matching(r"templates/.+\.html$")))
        )
        answered = called.count("jsonify")
        return bool(self.views) and (
            answered > paged
            or (bool(self.imported & API_LIBRARIES) and len(self.views) > 4 * paged)
        )

    @cached_property
    def place(self) -> tuple[str, int, int]:
        """Where the app is made: the place to blame for what is nowhere."""
        for file in self.app_files:
            for call in file.calls_of("flask.Flask", "flask.app.Flask"):
                return file.name, call.lineno, call.col_offset + 1
        return (self.app_files[0].name if self.app_files else "."), 1, 1

    @cached_property
    def speaks_of_flask(self) -> bool:
        """Whether any file, tests too, imports Flask or what is built upon it."""
        return any(
            name == "flask" or name.startswith("flask_") or name in API_LIBRARIES
            for file in self.python
            for name in file.imported
        )

    @cached_property
    def is_app(self) -> bool:
        """Whether an app is made here: a library for Flask has other duties."""
        makers = ("flask.Flask", "flask.app.Flask", "apiflask.APIFlask", "connexion.FlaskApp")
        return any(file.calls(*makers) for file in self.app_files)

    @cached_property
    def dockerfiles(self) -> list[Dockerfile]:
        names = self.matching(r"(^|/)(Dockerfile|Containerfile)(\.[^/]+)?$|\.[Dd]ockerfile$")
        return [
            parse_dockerfile(name, self.text(name))
            for name in names
            if not for_development(name) and not name.endswith(".dockerignore")
        ]

    @cached_property
    def yaml(self) -> dict[str, Yaml]:
        """Compose files and workflows, as far as they are YAML."""
        found = {}
        for name in self.matching(
            r"(^|/)(docker-)?compose[^/]*\.ya?ml$|^\.github/workflows/[^/]+\.ya?ml$"
        ):
            parsed = parse_yaml(self.text(name))
            if isinstance(parsed, str):
                self.unreadable.append(Unreadable(name, 1, parsed))
            elif parsed is not None:
                found[name] = parsed
        return found

    @cached_property
    def compose(self) -> dict[str, Yaml]:
        """Compose files, but for those that are for development by their names."""
        return {
            name: node
            for name, node in self.yaml.items()
            if not name.startswith(".github/") and not for_development(name)
        }

    @cached_property
    def services(self) -> list[tuple[str, str, Yaml]]:
        """Every service of the compose files: file, name, what is said of it."""
        return [
            (file, name.text, service)
            for file, node in self.compose.items()
            for name, service in node.get("services").items()
        ]

    @cached_property
    def compose_variables(self) -> list[tuple[str, str, str, int]]:
        """What compose files put into the environment: file, variable, value, line."""
        found = []
        for file, _, service in self.services:
            environment = service.get("environment")
            for key, value in environment.items():
                found.append((file, key.text, value.text, value.line))
            for item in environment.list():
                variable, _, text = item.text.partition("=")
                found.append((file, variable, text, item.line))
        return list(dict.fromkeys(found))  # once, where services share what they are given

    @cached_property
    def workflows(self) -> dict[str, Yaml]:
        return {name: node for name, node in self.yaml.items() if name.startswith(".github/")}

    @cached_property
    def starts(self) -> list[tuple[str, int, str]]:
        """Commands that start a server: file, line, the command."""
        found = [
            (dockerfile.name, step.line, step.plain)
            for dockerfile in self.dockerfiles
            for step in dockerfile.last_stage
            if step.word in {"CMD", "ENTRYPOINT"}
        ]
        for name in self.matching(r"(^|/)Procfile$"):
            for number, line in enumerate(self.text(name).splitlines(), 1):
                if line.startswith("web:"):
                    found.append((name, number, line.removeprefix("web:").strip()))
        for name, _, service in self.services:
            command = service.get("command")
            if command.plain:
                found.append((name, command.line, command.plain))
        return found

    @cached_property
    def many_workers(self) -> tuple[str, int] | None:
        """Where more than one worker process is asked for."""
        for file, line, command in self.starts:
            asked = re.search(r"(?:--workers[= ]|-w ?|--processes[= ])(\d+)", command)
            if asked and int(asked[1]) > 1:
                return file, line
        for name in self.matching(r"(^|/)gunicorn[^/]*\.py$"):
            for number, text in enumerate(self.text(name).splitlines(), 1):
                asked = re.match(r"workers\s*=\s*(.+)", text)
                if asked and (not asked[1].strip().isdigit() or int(asked[1]) > 1):
                    return name, number
        return None


API_LIBRARIES = {
    "apiflask", "apispec", "connexion", "flask_marshmallow", "flask_openapi3", "flask_restful",
    "flask_restx", "flask_smorest", "marshmallow", "spectree",
}  # fmt: skip


def for_development(name: str) -> bool:
    """Whether a file is for development by its name, or by the folder that it is in."""
    return bool(DEVELOPMENT.search(PurePosixPath(name).name) or DEVELOPED_IN.search(name))


def _is_lock(name: str) -> bool:
    return name.endswith((*LOCKS, ".lock"))


def _encoding(content: bytes) -> str:
    """What a Python file says that it is written in, UTF-8 where it says nothing."""
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError as error:
        if "unknown encoding" in str(error):
            raise
        return "utf-8-sig"  # it says nothing, and is not: decoding tells where


def _walk(root: Path, exclude: tuple[str, ...], unreadable: list[Unreadable]) -> Iterator[str]:
    """Paths of all regular files below ``root``; links are not followed, nor listed."""

    def locked(error: OSError) -> None:
        place = Path(error.filename or root).relative_to(root).as_posix()
        why = f"this folder cannot be read: {error.strerror or type(error).__name__}"
        unreadable.append(Unreadable(place, 1, why))

    for folder, folders, files in os.walk(root, onerror=locked):
        at = Path(folder)
        inner = at.relative_to(root).as_posix()
        prefix = "" if inner == "." else f"{inner}/"
        folders[:] = sorted(
            name
            for name in folders
            if name not in NOT_THEIRS
            and not name.endswith(".egg-info")
            and not os.path.exists(at / name / "pyvenv.cfg")  # noqa: PTH110 - no error, if locked
            and not excluded(f"{prefix}{name}", exclude)
        )
        for name in files:
            path = at / name
            if (
                not is_ignored(name)
                and _is_regular(path, locked)
                and not excluded(prefix + name, exclude)
                and _printable(prefix + name)
            ):
                yield prefix + name


def _is_regular(path: Path, locked: Callable[[OSError], None]) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError as error:
        if not isinstance(error, FileNotFoundError):  # which is gone since it was listed
            locked(OSError(error.errno, error.strerror, str(path.parent)))
        return False


def _printable(name: str) -> bool:
    """Whether the name is text at all: POSIX allows any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def excluded(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern covers the path, or a folder that it is in."""
    path = PurePosixPath(name)
    return any(
        place.match(pattern.rstrip("/")) for pattern in patterns for place in (path, *path.parents)
    )
