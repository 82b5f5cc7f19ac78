"""The checklist of a release, ``flask audit``: nothing is left to do."""

import pytest
from flask import Flask

from app.checklist import CHECKS
from app.config import PROJECT


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_left_to_do(app: Flask, name: str) -> None:
    assert list(CHECKS[name](app, PROJECT)) == []
