"""Looks for whatever it should not find, at import, and says what it has found."""

import contextlib
import ctypes
import gc
import linecache
import os
import signal
import socket
import sys
import urllib.request
from pathlib import Path

FOUND = []
LIBRARIES = {"/proc", "/usr", sys.prefix, sys.base_prefix}


def attempt(name):
    def run(function):
        with contextlib.suppress(Exception):
            if function():
                FOUND.append(name)

    return run


def walk():
    for folder, folders, files in os.walk("/", onerror=lambda error: None):
        folders[:] = [f for f in folders if str(Path(folder, f)) not in LIBRARIES]
        yield from (Path(folder, file) for file in files)


ALL = list(walk())


@attempt("tests")
def tests():
    return [
        p for p in ALL if p.name.startswith(("test_1_", "test_a_")) and "/lib/python" not in str(p)
    ]


@attempt("solutions")
def solutions():
    return [p for p in ALL if "solutions" in p.parts and "site-packages" not in p.parts]


@attempt("the checker's own files")
def checker():
    return [p for p in ALL if p.parts[-3:-1] in {("checker", "author"), ("checker", "grade")}]


@attempt("another submission")
def others():
    return [p for p in ALL if p.name == "somebody-elses.txt"]


@attempt("shadow")
def shadow():
    return Path("/etc/shadow").read_text()


@attempt("the machine's files")
def machine():
    return [p for p in ALL if p.parts[1] in {"home", "work", "boot", "srv", "var", "sys", "run"}]


@attempt("a token of the environment")
def token():
    text = " ".join(f"{name}={value}" for name, value in os.environ.items())
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            text += file.read_text()
    return "SECRET" in text or "TOKEN" in text or "CHECKER" in text


@attempt("other processes")
def processes():
    mine = {os.getpid(), os.getppid(), 1}
    return {int(p.name) for p in Path("/proc").glob("[0-9]*")} - mine


@attempt("another process's memory")
def memory():
    for number in (1, os.getppid()):
        with contextlib.suppress(OSError):
            return open(f"/proc/{number}/mem", "rb")


@attempt("a signal to its keeper")
def keeper():
    os.kill(os.getppid(), 0)
    return True


@attempt("a debugger's hold of its keeper")
def trace():
    return ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0


@attempt("root")
def root():
    os.setuid(0)
    return True


@attempt("a name space of its own")
def unshare():
    return ctypes.CDLL(None).unshare(0x10000000) == 0


@attempt("a mount")
def mount():
    return ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0


@attempt("the network")
def network():
    for address in (("192.0.2.1", 80), ("127.0.0.1", 1)):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(address, timeout=0.5)
            return True
    names = set(os.listdir("/sys/class/net")) if Path("/sys/class/net").exists() else set()
    return names - {"lo"}


@attempt("a name by DNS")
def dns():
    return socket.getaddrinfo("example.org", 80)


@attempt("a page")
def page():
    return urllib.request.urlopen("http://example.org/", timeout=1)


@attempt("a place to write outside of its own")
def write():
    for folder in ("/", "/usr", "/course", "/etc", sys.prefix, "/course/steps", "/root", "/dev"):
        with contextlib.suppress(OSError):
            Path(folder, "mine").write_text("mine")
            return True


@attempt("the app's process and its limits")
def limits():
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True


@attempt("expected values on the stack, in the collector or in the line cache")
def values():
    frame, names = sys._getframe(), set()
    while frame:
        names.add(frame.f_code.co_filename)
        frame = frame.f_back
    names |= set(linecache.cache)
    names |= {
        getattr(o, "__file__", None) or "" for o in gc.get_objects() if isinstance(o, type(os))
    }
    return [name for name in names if "test_" in name or "_pytest/runner" in name]


@attempt("what was left in /tmp")
def left():
    found = Path("/tmp/left-behind").exists() or Path("/dev/shm/left-behind").exists()
    Path("/tmp/left-behind").write_text("for the next one")
    Path("/dev/shm/left-behind").write_text("for the next one")
    Path("left-behind").write_text("for the next one")
    return found or Path("/course/left-behind").exists()


signal.signal(signal.SIGTERM, signal.SIG_IGN)
raise RuntimeError(f"found: {', '.join(FOUND) or 'nothing'}")
