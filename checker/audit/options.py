"""The project's own settings: ``[tool.checker.audit]`` in its ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checker.audit.model import Finding
from checker.audit.project import excluded
from checker.audit.rules import BY_ID
from checker.errors import UserError

TABLE = "[tool.checker.audit]"


@dataclass(frozen=True)
class Options:
    """Which rules apply, and where.

    ``select`` and ``ignore`` hold ids, or beginnings of ids: ``BSS7``. Patterns of files are
    those of :meth:`pathlib.PurePath.match`, and cover folders with all that is in them.
    """

    select: tuple[str, ...] = ("BSS",)
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def applies(self, rule: str) -> bool:
        return rule.startswith(self.select) and not rule.startswith(self.ignore or ("-",))

    def wants(self, finding: Finding) -> bool:
        return self.applies(finding.rule.id) and not any(
            excluded(finding.hit.file, (pattern,)) and finding.rule.id.startswith(rules)
            for pattern, rules in self.per_file.items()
        )


def read_options(root: Path) -> Options:
    """The settings of the project in ``root``; :class:`UserError` names what is wrong."""
    file = root / "pyproject.toml"
    try:
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Options()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise UserError(f"{file} cannot be read: {error}") from None
    table: Any = whole
    for name in ("tool", "checker", "audit"):
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise UserError(f"{file}: {name} in {TABLE} must be a table")
    unknown = set(table) - {"select", "ignore", "exclude", "per-file-ignores"}
    if unknown:
        raise UserError(
            f"{file}: {TABLE} has no setting {', '.join(sorted(unknown))}; it knows select, "
            "ignore, exclude and per-file-ignores"
        )
    per_file = table.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise UserError(f"{file}: per-file-ignores in {TABLE} must be a table")
    return Options(
        known(_texts(file, "select", table.get("select", ["BSS"])), str(file)),
        known(_texts(file, "ignore", table.get("ignore", [])), str(file)),
        _texts(file, "exclude", table.get("exclude", [])),
        {
            pattern: known(_texts(file, "per-file-ignores", rules), str(file))
            for pattern, rules in per_file.items()
        },
    )


def known(rules: tuple[str, ...], where: str) -> tuple[str, ...]:
    """The same rules; :class:`UserError` names one that there is not."""
    for rule in rules:
        if not rule or not any(identity.startswith(rule) for identity in BY_ID):
            raise UserError(f"{where}: there is no rule {rule!r}; see: checker audit --rules")
    return rules


def _texts(file: Path, name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise UserError(f"{file}: {name} in {TABLE} must be a list of texts")
    return tuple(value)
