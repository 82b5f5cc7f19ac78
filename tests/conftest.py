"""What holds for every test of the project: in CI nothing is skipped in silence.

A test may need a database or a browser that a learner's machine does not have; it skips with a
reason there. CI installs what the tests need, so a skip means that something was forgotten.
"""

import os
import sys
from collections.abc import Generator

import pytest

SKIPS_FAIL = bool(os.environ.get("CI")) and sys.platform == "linux"


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
