"""Bounds on a whole sandbox: what is written where, in the control groups of either version."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from checker.grade import cgroups
from checker.grade.cgroups import Group


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """``system(own, *folders)``: control groups as this process would find them, made of files."""

    def system(own: str, *folders: str) -> Path:
        for folder in folders:
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "own").write_text(own, encoding="utf-8")
        return tmp_path

    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "_OWN", tmp_path / "own")
    # The kernel's folders hold files that nobody has to remove.
    monkeypatch.setattr(Path, "rmdir", shutil.rmtree)
    return system


def unified(place: Path, controllers: str = "cpu memory pids") -> None:
    """A group of version 2 with these controllers, and what is needed to make one within."""
    (place / "cgroup.controllers").write_text(controllers, encoding="ascii")


def made(place: Path) -> Path:
    (folder,) = place.glob(f"checker-{os.getpid()}-*")
    return folder


def test_version_2_bounds_memory_and_processes_in_one_group(system) -> None:
    place = system("0::/user.slice/session\n", "user.slice/session")
    unified(place / "user.slice" / "session")
    group = Group(2**30, 100)

    assert group.bounds == ("memory", "processes")
    folder = made(place / "user.slice" / "session")
    group.add(41, 42)
    written = {file.name: file.read_text("ascii") for file in folder.iterdir()}
    assert written == {"memory.max": "1073741824", "pids.max": "100", "cgroup.procs": "42"}
    group.close()
    assert not folder.exists()


def test_version_2_beside_a_group_that_gives_no_bounds_on(system, monkeypatch) -> None:
    place = system("0::/user.slice/session\n", "user.slice/session")
    unified(place / "user.slice")
    unified(place / "user.slice" / "session")
    plain = Path.write_text

    def write(self: Path, *arguments: object, **options: object) -> int:
        # As the kernel says it of a file that a group without this controller does not have.
        if "session" in self.parts and self.name.endswith(".max"):
            raise PermissionError
        return plain(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", write)
    group = Group(2**30, 100)

    assert group.bounds == ("memory", "processes")
    made(place / "user.slice")
    assert list((place / "user.slice" / "session").glob("checker-*")) == []
    group.close()


def test_version_1_bounds_each_in_a_group_of_its_own(system) -> None:
    place = system("3:cpu,memory:/job\n2:pids:/\n1:name=systemd:/\n", "memory/job", "pids")
    group = Group(2**30, 100)

    assert group.bounds == ("memory", "processes")
    assert (made(place / "memory/job") / "memory.limit_in_bytes").read_text() == "1073741824"
    assert (made(place / "pids") / "pids.max").read_text() == "100"
    group.close()


def test_where_nothing_may_be_made_it_goes_without(system) -> None:
    system("0::/\n")
    group = Group(2**30, 100)

    assert group.bounds == ()
    group.close()


def test_what_a_killed_grader_left_is_swept(system) -> None:
    place = system("0::/\n", "checker-999999999-ab", "checker-1-cd")
    unified(place)
    group = Group(2**30, 100)

    names = {path.name for path in place.glob("checker-*")}
    assert names == {made(place).name, "checker-1-cd"}
    group.close()


REAL = next(
    (
        Path(line.split()[1])
        for line in (
            Path("/proc/mounts").read_text("utf-8").splitlines() if sys.platform == "linux" else ()
        )
        if line.split()[2] == "cgroup2" and os.access(line.split()[1], os.W_OK)
    ),
    None,
)


@pytest.mark.skipif(REAL is None, reason="no control groups of version 2 that we may write to")
def test_a_real_group_of_version_2_bounds_or_is_none(tmp_path, monkeypatch) -> None:
    """The kernel's own answer: without the controllers nothing is bounded, and nothing is left."""
    assert REAL is not None
    (tmp_path / "own").write_text("0::/\n", encoding="utf-8")
    monkeypatch.setattr(cgroups, "_ROOT", REAL)
    monkeypatch.setattr(cgroups, "_OWN", tmp_path / "own")
    given = (REAL / "cgroup.subtree_control").read_text("ascii").split()
    group = Group(2**30, 100)

    whole = {"memory", "pids"} <= set(given)
    assert group.bounds == (("memory", "processes") if whole else ())
    group.close()
    assert list(REAL.glob(f"checker-{os.getpid()}-*")) == []
