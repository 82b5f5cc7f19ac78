"""Making a project: the solved step with its declared changes, written whole or not at all."""

from __future__ import annotations

import errno
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from checker.author.project.locks import dev_lock, entries
from checker.author.project.names import check_name
from checker.author.trees import Blob, application, solved, write_tree
from checker.course import Course
from checker.errors import EnvironmentTrouble, UserError

HERE = Path(__file__).parent
TEMPLATE = HERE / "template.toml"
STEP = 8
LOCK = "requirements.lock"
# "the library" where it is the service. The images of docker.io/library/ stay what they are.
SERVICE = re.compile(r"\b(?:[Tt]he )?library\b(?!/)")


class TemplateError(Exception):
    """The step is not as ``template.toml`` takes it to be: our own fault."""


def make_project(course: Course, target: Path) -> Path:
    """Make a project in the folder ``target``, whose name is its own; the folder, in full.

    The folder may be there if it is empty; the one around it must be. Raises
    :class:`UserError` for a name that will not do, and where something is in the way. Nothing
    that was there is changed, and the project appears with all of its files or not at all.
    """
    check_name(target.name, entries(_text(course.step(STEP).path / LOCK)))
    target = Path.cwd() / target
    _refuse(target)
    files = project(course, target.name)
    try:
        # Aside, but on the same disk: from there it is one move.
        with TemporaryDirectory(prefix=".checker-", dir=target.parent) as aside:
            made = Path(aside, target.name)
            write_tree(files, made)
            (made / ".env").chmod(0o600)  # a secret of whoever made it
            _move(made, target)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EnvironmentTrouble(
                f"nothing can be written to {target.parent}: choose another folder"
            ) from error
        raise
    return target


def _refuse(target: Path) -> None:
    if not target.parent.is_dir():
        raise UserError(f"there is no folder {target.parent}: make it first")
    if target.is_symlink() or target.is_file():
        raise UserError(f"there is a file {target} already: choose another name")
    if target.is_dir() and target.samefile(Path.cwd()):
        raise UserError(f"you are in {target}, which would be replaced: go up first, cd ..")
    if target.is_dir() and any(target.iterdir()):
        raise UserError(f"{target} is not empty: choose another name, or move it away")


def _move(made: Path, target: Path) -> None:
    try:
        if target.is_dir():
            target.rmdir()  # Windows moves nothing onto a folder, not even onto an empty one
        made.rename(target)
    except OSError:
        _refuse(target)  # somebody was quicker
        raise


def project(course: Course, name: str) -> dict[str, Blob]:
    """Every file of the project ``name``, by its path with forward slashes.

    Raises :class:`TemplateError` where the step lacks a line that has to be replaced.
    """
    template = tomllib.loads(_text(TEMPLATE))
    words = {
        "name": name,
        "title": name.replace("-", " ").title(),
        "secret": secrets.token_hex(32),
    }
    files = application(solved(course.step(STEP)))
    for path in template["service"]:
        files[path] = _edited(files[path], path, SERVICE, name)
    for change in template["replace"]:
        path, old = change["file"], re.compile(re.escape(change["old"]))
        files[path] = _edited(files[path], path, old, _filled(change["new"], words))
    for path, source in template["add"].items():
        files[path] = Blob(_filled(_text(HERE / "files" / source), words).encode())
    tools = dev_lock(
        files["pyproject.toml"].data.decode(), files[LOCK].data.decode(), _text(course.root / LOCK)
    )
    files["requirements-dev.lock"] = Blob(tools.encode())
    files["LICENSE"] = Blob((course.root / "LICENSE").read_bytes())
    return files


def _edited(blob: Blob, path: str, old: re.Pattern[str], new: str) -> Blob:
    text, count = old.subn(lambda _: new, blob.data.decode())
    if not count:
        raise TemplateError(f"{path} of step {STEP} has no {old.pattern!r}: see {TEMPLATE}")
    return Blob(text.encode(), blob.executable)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{{ {word} }}}}", value)
    return text


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
