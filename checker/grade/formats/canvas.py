"""Canvas: the gradebook that the instructor exported, with one column filled in.

Every other byte of it stays. A learner without a score keeps what they have; so does one who
is excused (``EX``) or whom the assignment is not for (``N/A``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from checker.errors import UserError
from checker.grade.formats import Source
from checker.grade.formats.matching import Way, emails, match, names, under
from checker.grade.formats.sheet import Sheet
from checker.grade.model import ClassReport, Flag, Grade
from checker.grade.points import shown

_TITLE = re.compile(r"(?P<title>.*\S)\s*\((?P<id>\d+)\)")
_IDS = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_KEPT = ("EX", "N/A")


def write(source: Source) -> list[Path]:
    path = source.options.gradebook
    if path is None:
        raise UserError(
            "canvas fills in the gradebook that you exported: give it with --gradebook FILE"
        )
    sheet = Sheet.read(path)
    problems = fill(sheet, source.report, source.options.column or source.report.title)
    for problem in problems:
        source.options.tell(problem)
    return [source.put("canvas.csv", sheet.to_bytes())]


def fill(sheet: Sheet, report: ClassReport, wanted: str) -> list[Flag]:
    """Put each learner's score into the column of the assignment ``wanted``.

    Returns what could not be done. Raises :class:`UserError` for a file that is no
    gradebook, or has no such column.
    """
    columns = _Columns.of(sheet, wanted)
    rows = [row for row in range(1, len(sheet)) if not _is_no_learner(sheet, row, columns)]
    found, problems = match(report.grades, rows, _ways(sheet, columns), sheet.path.name)
    problems += _points_possible(sheet, columns, report)
    for row, grade in sorted(found.items()):
        there = sheet.get(row, columns.assignment)
        if grade.adjusted is None:
            continue
        if there.upper() in _KEPT:
            problems.append(_kept(grade, there, sheet))
        else:
            sheet.set(row, columns.assignment, shown(grade.adjusted))
    return problems


@dataclass(frozen=True)
class _Columns:
    """Where things stand: the assignment, and the columns that say who a learner is."""

    assignment: int
    ids: dict[str, int]
    name: tuple[int, ...]

    @classmethod
    def of(cls, sheet: Sheet, wanted: str) -> _Columns:
        header = sheet.header
        named = {title.strip(): place for place, title in enumerate(header)}
        whole = header[:2] == ["Student", "ID"] or header[:3] == ["LastName", "FirstName", "ID"]
        if not whole or "Section" not in named:
            raise UserError(
                f"{sheet.path} is no Canvas gradebook: its header must begin with Student,ID and "
                "have a column Section; export it in Canvas under Grades, Export"
            )
        place = _assignment(sheet, named["Section"] + 1, wanted)
        ids = {name: named[name] for name in _IDS if name in named}
        return cls(place, ids, (0,) if header[0] == "Student" else (1, 0))


def _assignment(sheet: Sheet, first: int, wanted: str) -> int:
    """The column with this title, or this id, or both; it must have an id already.

    Canvas makes a new assignment of a title that it does not know.
    """
    header = sheet.header
    known = {
        place: title
        for place, text in enumerate(header[first:], first)
        if (title := _TITLE.fullmatch(text))
    }
    asked = wanted.strip().casefold()
    fits = [
        place
        for place, title in known.items()
        if asked in {title[0].casefold(), title["title"].casefold(), title["id"]}
    ]
    if len(fits) == 1:
        return fits[0]
    if fits:
        several = ", ".join(header[place] for place in fits)
        raise UserError(f"{sheet.path} has {several}: say which with --column and its number")
    there = ", ".join(title[0] for title in known.values()) or "none with a number"
    raise UserError(
        f"{sheet.path} has no assignment {wanted!r}; it has: {there}. Make it in Canvas and "
        "export again, or name one with --column"
    )


def _is_no_learner(sheet: Sheet, row: int, columns: _Columns) -> bool:
    """The row of the points, that of the posting policies, and an empty one."""
    first = sheet.get(row, 0).strip()
    identified = any(sheet.get(row, place) for place in columns.ids.values())
    return first == "Points Possible" or not (first or identified)


def _ways(sheet: Sheet, columns: _Columns) -> list[Way]:
    by_column = [
        Way(lambda grade, name=name: under(grade, name), lambda row, at=at: [sheet.get(row, at)])  # type: ignore[misc]
        for name, at in columns.ids.items()
    ]

    def ids(row: int) -> list[str]:
        return [sheet.get(row, at) for at in columns.ids.values()]

    def name(row: int) -> list[str]:
        written = " ".join(sheet.get(row, at) for at in columns.name)
        return [written, " ".join(reversed(written.split(", ", 1)))]

    return [*by_column, Way(lambda grade: [grade.student], ids), Way(emails, ids), Way(names, name)]


def _points_possible(sheet: Sheet, columns: _Columns, report: ClassReport) -> list[Flag]:
    """Canvas must count out of what we count out of. What it says is never changed."""
    said = next(
        (
            sheet.get(row, columns.assignment)
            for row in range(1, len(sheet))
            if sheet.get(row, 0).strip() == "Points Possible"
        ),
        "",
    )
    ours = {shown(grade.possible) for grade in report.grades}
    try:
        same = not said or ours <= {shown(float(said.replace(",", ".")))}
    except ValueError:
        same = False
    if same:
        return []
    return [
        Flag(
            "other_points_possible",
            f"{sheet.path.name} counts out of {said}, the report out of "
            f"{' or '.join(sorted(ours))}: set the points of the assignment in Canvas",
            sheet.path.name,
        )
    ]


def _kept(grade: Grade, there: str, sheet: Sheet) -> Flag:
    why = "is excused" if there.upper() == "EX" else "does not have this assignment"
    return Flag(
        "kept_in_file",
        f"{grade.student} {why} in {sheet.path.name}, which stays so: the score of "
        f"{shown(grade.adjusted)} was not written",
        sheet.path.name,
    )
