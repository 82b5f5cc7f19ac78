"""Who is in the class, from a CSV: ``id``, ``name``, and whatever else they are known by."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from checker.errors import UserError
from checker.grade.late import moment

# What the gradebooks of Canvas and Moodle call these columns, beside our own names.
_ID = ("id", "student id", "student_id", "identifier")
_NAME = ("name", "student", "full name", "student name")
_SUBMITTED = "submitted_at"
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PARTICIPANT = re.compile(r"\D+ (\d+)")  # Moodle's "Participant 123", in any language


@dataclass(frozen=True)
class Member:
    """One row. ``others`` holds the columns beyond id and name, as they are."""

    id: str
    name: str | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None


@dataclass(frozen=True)
class Roster:
    """The class, by id."""

    members: Mapping[str, Member]

    def find(self, called: str) -> Member | None:
        """Who is called so: by id, by any other column, or as the owner of a fork.

        A fork made by a classroom is called after the assignment and the learner:
        ``library-api-octocat``. What fits two members fits none.
        """
        if called in self.members:
            return self.members[called]
        wanted = called.casefold()
        for fits in (self._by_id, self._by_column, self._by_ending):
            found = fits(wanted)
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _by_id(self, wanted: str) -> list[Member]:
        return [member for member in self.members.values() if member.id.casefold() == wanted]

    def _by_column(self, wanted: str) -> list[Member]:
        return [
            member
            for member in self.members.values()
            if any(value.casefold() == wanted for value in member.others.values())
        ]

    def _by_ending(self, wanted: str) -> list[Member]:
        return [
            member
            for member in self.members.values()
            if any(
                wanted.endswith(f"-{value.casefold()}")
                for value in (member.id, *member.others.values())
                if value
            )
        ]


def read_roster(file: Path) -> Roster:
    """Read a roster; :class:`UserError` says the row and what is wrong with it."""
    rows = csv.DictReader(io.StringIO(_text(file), newline=""), delimiter=_delimiter(file))
    columns = list(rows.fieldnames or ())
    identity = _column(columns, _ID)
    if identity is None:
        found = ", ".join(columns) or "nothing"
        raise UserError(f"{file}: no column is called id; the first line holds {found}")
    name = _column(columns, _NAME)
    members: dict[str, Member] = {}
    seen: dict[str, int] = {}
    for row in rows:
        member = _member(file, rows.line_num, row, identity, name)
        if member is None:
            continue
        key = member.id.casefold()
        if key in seen:
            raise UserError(
                f"{file}:{rows.line_num}: the id {member.id!r} is in line {seen[key]} already:"
                " give each learner an id of their own"
            )
        seen[key] = rows.line_num
        members[member.id] = member
    if not members:
        raise UserError(f"{file}: nobody is in it: write a line for each learner")
    return Roster(members)


def _member(
    file: Path, number: int, row: Mapping[str | None, object], identity: str, name: str | None
) -> Member | None:
    cells = {key: value.strip() for key, value in row.items() if isinstance(value, str) and key}
    called = cells.pop(identity, "")
    spoken = cells.pop(name, "") if name else ""
    if not called:
        # Empty lines, and the line under a gradebook's header
        if not any((spoken, *cells.values())) or spoken.casefold() == "points possible":
            return None
        raise UserError(f"{file}:{number}: this line has no id: give it one, or remove it")
    if identity.casefold() == "identifier" and (numbered := _PARTICIPANT.fullmatch(called)):
        called = numbered[1]
    if not called.isprintable():
        raise UserError(f"{file}:{number}: the id {called!r} has control characters in it")
    at = cells.pop(_SUBMITTED, "")
    try:
        submitted_at = moment(at) if at else None
    except ValueError as error:
        raise UserError(f"{file}:{number}: {_SUBMITTED}: {error}") from error
    return Member(called, spoken or None, cells, submitted_at)


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    encoding = next((name for bom, name in _BOMS.items() if data.startswith(bom)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8: save it as “CSV UTF-8”") from error


def _delimiter(file: Path) -> str:
    """Comma, or what a spreadsheet in another country writes instead."""
    header = _text(file).partition("\n")[0]
    return max(",;\t", key=header.count)


def _column(columns: list[str], names: tuple[str, ...]) -> str | None:
    by_name = {(column or "").strip().casefold(): column for column in columns}
    return next((by_name[name] for name in names if name in by_name), None)
