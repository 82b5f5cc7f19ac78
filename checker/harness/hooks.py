"""Hooks of the plugin, for whoever reports on a test while it runs."""

from __future__ import annotations

import pytest


@pytest.hookspec
def pytest_course_starting() -> None:
    """The process for the learner's app is about to be started: our time, not the learner's."""


@pytest.hookspec
def pytest_course_building() -> None:
    """The learner's app is about to be imported and built."""


@pytest.hookspec
def pytest_course_built() -> None:
    """The learner's app is there."""


@pytest.hookspec
def pytest_course_asked(asked: str) -> None:
    """The test is about to send this request, or to run this function inside."""
