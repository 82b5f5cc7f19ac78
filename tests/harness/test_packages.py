"""A package that is missing is the environment's trouble; a typing error is the learner's."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from pathlib import Path

import pytest

from checker.harness.errors import LoadError
from checker.harness.ground import Ground
from checker.harness.loading import load_error
from checker.harness.packages import distribution_of

# What the steps import, by the package that brings it.
IMPORTED = [
    "flask", "flask_sqlalchemy", "sqlalchemy", "marshmallow", "marshmallow_sqlalchemy",
    "flask_marshmallow", "flask_jwt_extended", "flask_limiter", "flask_caching", "flask_migrate",
    "alembic", "argon2", "dotenv", "factory", "jwt", "psycopg", "werkzeug", "jinja2",
]  # fmt: skip


@pytest.mark.parametrize("module", IMPORTED)
def test_each_library_is_known_by_its_package(module: str) -> None:
    said = distribution_of(f"{module}.sub")
    brought_by = {
        name.lower().replace("_", "-") for name in metadata.packages_distributions()[module]
    }
    assert said in brought_by


@pytest.mark.parametrize("module", ["flaks", "app", "", "os"])
def test_other_modules_have_no_package(module: str) -> None:
    assert distribution_of(module) is None


def test_a_missing_package_is_the_environments_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = ModuleNotFoundError("No module named 'jwt'", name="jwt")
    said = load_error(error, Ground(tmp_path, tmp_path / "exercises"))
    assert isinstance(said, LoadError)
    assert said.environment
    assert "pip install pyjwt" in str(said)
