"""The course's site on the learner's own machine: built when needed, served on localhost."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from http.server import ThreadingHTTPServer
from pathlib import Path

from checker.course import Course, Exercise
from checker.errors import EnvironmentTrouble
from checker.files import locked, tree, write
from checker.learn.live import Server
from checker.learn.session import Session

SOURCES = ("docs", "steps", "solutions", "checker", "claims.toml", "mkdocs.yml")
BUILD_SECONDS = 300
FIRST_PORT = 8000


def build(course: Course) -> Path:
    """The folder of the built site, rebuilt if anything it is made of is newer."""
    if not (course.root / "mkdocs.yml").is_file():
        raise EnvironmentTrouble(
            f"there is no mkdocs.yml in {course.root}: the site is not part of it"
        )
    cache = course.root / "work" / ".checker"
    site, stamp = cache / "site", cache / "site.stamp"
    with locked(cache / "site.lock"):
        newest = str(_newest(course.root)).encode()
        if (
            not (site / "index.html").is_file()
            or not stamp.is_file()
            or stamp.read_bytes() != newest
        ):
            _run_mkdocs(course.root, site)
            write(stamp, newest)
    return site


def _newest(root: Path) -> int:
    times = [0]
    for source in SOURCES:
        path = root / source
        files = [path] if path.is_file() else tree(path).values()
        times += [file.lstat().st_mtime_ns for file in files if file.exists()]
    return max(times)


def _run_mkdocs(root: Path, site: Path) -> None:
    unfinished = site.with_name("site.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--quiet",
        "--site-dir",
        str(unfinished),
    ]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EnvironmentTrouble(f"building the site took over {BUILD_SECONDS} seconds") from None
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise EnvironmentTrouble("the site could not be built: " + " / ".join(last))
    _let_it_run(root, unfinished)
    shutil.rmtree(site, ignore_errors=True)
    unfinished.replace(site)


def _let_it_run(root: Path, site: Path) -> None:
    """Let the pages run the course, where Node.js is; elsewhere they say that they cannot."""
    if (root / "docs" / "playground").is_dir() and shutil.which("npm") is not None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-m", "checker.author.playground", str(site)],
                cwd=root,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=BUILD_SECONDS,
                check=False,
            )


def page_of(site: Path, exercise: Exercise) -> tuple[str, str]:
    """The page with the exercise's card and the card's anchor; at worst the front page."""
    card = re.compile(rf'\bid="({re.escape(exercise.slug)}|exercise-{re.escape(exercise.slug)})"')
    for file in sorted(site.rglob("*.html")):
        found = card.search(file.read_text(encoding="utf-8", errors="replace"))
        if found:
            return file.relative_to(site).as_posix(), found[1]
    return "index.html", ""


def file_address(site: Path, page: str, anchor: str) -> str:
    """The page's file as an address, for where nothing serves it."""
    return (site / page).as_uri() + (f"#{anchor}" if anchor else "")


def base_of(server: ThreadingHTTPServer) -> str:
    return f"http://localhost:{server.server_port}"


def address(base: str, page: str, anchor: str) -> str:
    """The page's address on a server."""
    return f"{base}/{page.removesuffix('index.html')}" + (f"#{anchor}" if anchor else "")


def serve(site: Path, session: Session) -> ThreadingHTTPServer:
    """A server for the site on localhost, at the first free port; the caller runs it."""
    for port in range(FIRST_PORT, FIRST_PORT + 20):
        with contextlib.suppress(OSError):
            return Server(port, site, session)
    return Server(0, site, session)


def open_browser(address: str) -> bool:
    """Open a graphical browser where there is one; never a text browser in this terminal."""
    graphical = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if not graphical:
        return False
    with contextlib.suppress(webbrowser.Error):
        return webbrowser.open(address)
    return False
