"""What may be in the repository: nothing that ties it to one machine, nothing too big to clone."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LARGEST = 1_000_000
# Written in pieces, or this very file would be the first to offend.
HOSTS = "|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.", r"deb\.deb" + "ian"))
PLACES = r"(?<![\w./<])/(?:" + "|".join(("root", "work", "home")) + r")/\w"


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: there is no git to ask")
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    assert files
    return [file for file in files if file.is_file()]


def lines(file: Path) -> list[str]:
    """The lines of a text; none for a font or a picture."""
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def found(tracked: list[Path], pattern: str) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in tracked
        for number, line in enumerate(lines(file), 1)
        if re.search(pattern, line)
    ]


def test_no_file_names_a_package_registry(tracked):
    assert found(tracked, HOSTS) == []


def test_no_file_names_a_place_on_somebodys_machine(tracked):
    assert found(tracked, PLACES) == []


def test_every_file_is_small_enough_to_clone(tracked):
    big = [file for file in tracked if file.stat().st_size > LARGEST]
    assert big == []


def test_every_text_ends_its_lines_alike_on_every_system(tracked):
    command = ["git", "-c", "safe.directory=*", "ls-files", "--eol"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    odd = [
        line for line in listed.splitlines() if not re.match(r"i/(lf|-text|none) .* eol=lf", line)
    ]
    assert odd == []


def test_what_is_made_is_not_kept(tracked):
    anywhere, at_the_top = {"__pycache__", "node_modules"}, {".uv", ".venv", "site", "work"}
    names = [file.relative_to(ROOT) for file in tracked]
    kept = [
        name
        for name in names
        if anywhere & set(name.parts) or name.parts[0] in at_the_top or name.name == "uv.lock"
    ]
    assert kept == []


def locked() -> dict[str, Requirement]:
    """The requirements of the lock by name; a name with markers may be there twice."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "")
    requirements = re.findall(r"^([a-z][^#]*?) +--hash", text, re.MULTILINE)
    return {canonicalize_name(Requirement(line).name): Requirement(line) for line in requirements}


def test_the_lock_holds_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = locked()
    for wanted in map(Requirement, project["dependencies"]):
        pinned = lock.get(canonicalize_name(wanted.name))
        assert pinned is not None, f"requirements.lock has no {wanted.name}: compile it anew"
        [version] = [specifier.version for specifier in pinned.specifier]
        assert wanted.specifier.contains(version), f"{wanted} asked for, {pinned} locked"


def test_everything_in_the_lock_is_pinned_and_hashed():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^[A-Za-z].*(?:\n    --hash.*)*", text, re.MULTILINE)
    assert len(entries) > len(locked()) / 2
    for entry in entries:
        assert re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry
