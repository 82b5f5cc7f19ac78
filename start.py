"""Set the course up and open its checker; ``start.py test`` runs pytest. Arguments are passed on.

Everything goes into .venv and .uv beside this file: delete both to start afresh."""

import hashlib
import os
import re
import signal
import sys
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, STDOUT, SubprocessError, call, check_output

ROOT = Path(__file__).resolve().parent
VENV, UV, LOCK = ROOT / ".venv", ROOT / ".uv", ROOT / "requirements.lock"
EXE, AGAIN = (".exe", "py start.py") if os.name == "nt" else ("", "python3 start.py")
PYTHON = VENV / ("Scripts" if EXE else "bin") / f"python{EXE}"

# The caller's variables, less those that would send an import or an install elsewhere.
KEPT = "INDEX|LINKS|CERT|PROXY|TLS|HOST|HTTP|TIMEOUT|RETRIES|CACHE|CONFIG|KEYRING|OFFLINE"
LEAKS = re.compile(rf"VIRTUAL_ENV|PYTHON(PATH|HOME)|(PIP|UV)_(?!.*({KEPT})).*")
ENV = {name: value for name, value in os.environ.items() if not LEAKS.fullmatch(name)}
ENV.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_DISABLE_PIP_VERSION_CHECK="1")
run = partial(check_output, cwd=ROOT, env=ENV, stdin=DEVNULL, stderr=STDOUT, errors="replace")
CAUSES = (  # words of what stopped a set-up, what they mean, what to do
    ("too old", "a newer Python is needed", "install 3.11 or newer (it may be python3.11)"),
    ("No space|not enough space|os error 112", "the disk is full", "free 1 GB"),
    ("[Rr]ead-?only|enied", "the folder is closed to writing", "copy the course elsewhere"),
    ("onnect|dns error|timed out|versions: none", "there is no network", "connect, or set a proxy"),
    ("ensurepip|named '?(pip|venv)", "this Python has no pip", "install python3-venv"),
    ("^\\s*$", "it was interrupted", "give it a minute"),
    ("", "a command failed", "mend what it says above"),
)


def main(arguments: "list[str]") -> int:
    """Set up if need be, then become the checker or pytest; 4 if there is no setting up."""
    try:
        if sys.version_info < (3, 11):  # noqa: UP036 - an old Python reads all of this
            raise OSError(f"{sys.executable} is Python {sys.version.split()[0]}: too old")
        if not stamp().exists():
            set_up()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - all is told in words
        return explain(error)
    testing = arguments[:1] == ["test"]
    program = ["pytest", *arguments[1:]] if testing else ["checker", *arguments]
    os.chdir(ROOT if testing else ".")
    command = [str(PYTHON), "-P", "-m", *program]
    if os.name != "nt":
        os.execve(PYTHON, command, ENV)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the checker to answer
    return call(command, env=ENV)


def explain(error: BaseException) -> int:
    """Say what happened, where, and what to type next; a failure of pip follows one of uv."""
    said = "\n".join(str(getattr(e, "output", "") or e) for e in (error.__context__ or "", error))
    why, todo = next((why, todo) for words, why, todo in CAUSES if re.search(words, said))
    print(*re.findall("(.{1,200}).*", said)[-5:], f"\nNot set up: {why}", sep="\n", file=sys.stderr)
    print(f"  where  {ROOT}\n  next   {todo}, then type: {AGAIN}", file=sys.stderr)
    return 4


def stamp() -> Path:
    """There once .venv is complete; named after all it depends on, its own place included."""
    sources = (LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version)
    return VENV / hashlib.sha256(repr((*sources, PYTHON, PYTHON.exists())).encode()).hexdigest()


def set_up() -> None:
    """Make .venv anew: nothing of a half-made or outdated one is trusted."""
    import sqlite3  # its lock works on every system, and ends with the process that holds it

    UV.mkdir(exist_ok=True)
    with sqlite3.connect(UV / "lock", timeout=900) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        if stamp().exists():
            return  # another start was quicker
        print(f"Setting up {VENV}: once, about a minute.", file=sys.stderr)
        try:
            pinned = re.findall(r"^uv==.*(?:\n .*)*", LOCK.read_text("utf-8"), re.MULTILINE)
            (UV / "uv.txt").write_text("".join(pinned), "utf-8")
            run([sys.executable, "-m", "pip", "install", "-U", "--target", UV, "-r", UV / "uv.txt"])
            uv = UV / "bin" / f"uv{EXE}"
            run([uv, "venv", "--clear", "--python", sys.executable, VENV])
            install(uv, "pip", "install", "--python", PYTHON)
        except (OSError, SubprocessError):
            run([sys.executable, "-m", "venv", "--clear", VENV])
            install(PYTHON, "-m", "pip", "install")
        stamp().touch()


def install(*command: "str | Path") -> None:
    run([*command, "--require-hashes", "--requirement", LOCK])
    run([*command, "--no-deps", "--no-build-isolation", "--editable", ROOT])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
