"""Which layers of a sandbox does this machine have? Tries each, and says why one does not work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checker.grade import gvisor
from checker.grade.cgroups import Group
from checker.grade.sandbox import SandboxError, bubblewrap, system
from checker.grade.seccomp import filter_file

BUBBLEWRAP = "bubblewrap"
GVISOR = "kernel of its own (gVisor)"
SECCOMP = "system call filter"
GROUPS = {"memory": "memory of all together", "processes": "processes of all together"}
# What bubblewrap and gVisor give all at once, or not at all.
NAMESPACES = (
    "file system of its own, to read",
    "processes of its own",
    "no network",
    "another user",
    "no rights",
)
_LIMITS = "limits for each process"


@dataclass(frozen=True)
class Layer:
    """One layer: whether it works here, ``why`` not, and what to type or to do for its repair.

    Without a ``needed`` one nothing is graded.
    """

    name: str
    works: bool
    why: str = ""
    needed: bool = True
    repair: str = ""


def probe() -> list[Layer]:
    """Every layer that there may be, the needed ones first. Takes some 50 ms."""
    problem = _problem(_try_bubblewrap)
    layers = [Layer(BUBBLEWRAP, not problem, problem, repair=_repair(problem))]
    whole = "bubblewrap brings it"
    layers += [Layer(name, not problem, problem and whole) for name in NAMESPACES]
    layers.append(Layer(_LIMITS, True))
    problem = _problem(_try_filter) if not problem else whole
    library = "apt-get install libseccomp2" if problem and problem != whole else ""
    layers.append(Layer(SECCOMP, not problem, problem, needed=False, repair=library))
    bounds, problem = _groups()
    for what, name in GROUPS.items():
        works = what in bounds
        layers.append(Layer(name, works, "" if works else problem, needed=False))
    return layers


def probe_gvisor() -> Layer:
    """Whether there is gVisor to be asked for. Takes some 300 ms where there is."""
    why = gvisor.problem()
    repair = "install runsc" if "there is no runsc" in why else ""
    return Layer(GVISOR, not why, why, needed=False, repair=repair)


def _problem(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except (OSError, SandboxError, AttributeError) as error:
        return str(error)
    return ""


def _try_bubblewrap() -> None:
    if sys.platform != "linux":
        raise SandboxError(f"bubblewrap is of Linux, and this is {sys.platform}")
    _run([])


def _try_filter() -> None:
    file = filter_file()
    try:
        _run(["--seccomp", str(file)], file)
    finally:
        os.close(file)


def _run(options: list[str], *files: int) -> None:
    """Run a command that does nothing in a sandbox; :class:`SandboxError` where it fails."""
    done = subprocess.run(
        [*bubblewrap(), *system(), *options, "--", "true"],
        pass_fds=files,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"bwrap ended with {done.returncode}"]
        raise SandboxError(said[-1])


def _repair(problem: str) -> str:
    """What to do about bubblewrap's words."""
    if "there is no bwrap" in problem:
        return "apt-get install bubblewrap, or your system's like"
    if "mount proc" in problem:
        return "start the container with --security-opt systempaths=unconfined"
    if "uid map" in problem or "namespace" in problem:
        return "let bwrap make user namespaces (sysctl, AppArmor or container options)"
    return ""


def _groups() -> tuple[tuple[str, ...], str]:
    """What of a sandbox can be bounded as a whole, and why the rest cannot."""
    why = "no control group can be made here: the limits are those of each process"
    if not Path("/proc/self/cgroup").exists():
        return (), why
    group = Group(2**30, 100)
    try:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
        )
        try:
            group.add(process.pid)
        except OSError as error:
            return (), f"no process can be put into a control group: {error.strerror}"
        finally:
            process.communicate()
    finally:
        group.close()
    return group.bounds, why
