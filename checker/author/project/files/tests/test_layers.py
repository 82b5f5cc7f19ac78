"""Layers: imports go one way, as ``.importlinter`` says. ``lint-imports`` shows it in words."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_imports_go_one_way() -> None:
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
