"""What holds for every test of the project: in CI nothing is skipped in silence.

A test may need a database or a browser that a learner's machine does not have; it skips with a
reason there. CI installs what the tests need, so a skip means that something was forgotten.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# So that it asks nobody for updates, on its own account.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A database of a server where the user may create others.
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")
SKIPS_FAIL = bool(os.environ.get("CI")) and sys.platform == "linux"


def pytest_configure() -> None:
    """Whoever runs the tests in the background has Ctrl-C ignored: what they start has it not."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure; an expected failure (xfail) is none of our business."""
    if SKIPS_FAIL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}\n{reason}\nIn CI nothing may be skipped."


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is, with what drives it at hand: who needs no window of it asks for this."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: see requirements-browser.lock"
    )
    return CHROMIUM


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, without a window. As long as it is there, nobody else can run a loop of asyncio."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        running = player.chromium.launch(executable_path=chromium, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def database() -> Iterator[str]:
    """The address of a new and empty PostgreSQL database, dropped at the end."""
    if not POSTGRES:
        pytest.skip("no PostgreSQL: set TEST_POSTGRES_URL=postgresql://localhost/postgres")
    name = f"test_{uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
