"""Moodle: the grading worksheet that the instructor downloaded, with the grades filled in.

Its headings are in the language of the site, so its columns are known by what they hold and
where they stand. Only the grade is changed. "Last modified (grade)" keeps what it says: by it
Moodle refuses to overwrite a grade that somebody gave after the download.
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

# "Participant 123", "Teilnehmer/in123": a word that is the same in each row, and a number
_PARTICIPANT = re.compile(r"(?P<word>\D*?)\s*(?P<number>\d+)")
_NUMBER = re.compile(r"\d+(?P<point>[.,]?)\d*")


def write(source: Source) -> list[Path]:
    path = source.options.worksheet
    if path is None:
        raise UserError(
            "moodle fills in the grading worksheet that you downloaded: give it with "
            "--worksheet FILE"
        )
    sheet = Sheet.read(path)
    for problem in fill(sheet, source.report):
        source.options.tell(problem)
    return [source.put("moodle.csv", sheet.to_bytes())]


def fill(sheet: Sheet, report: ClassReport) -> list[Flag]:
    """Put each learner's score into the column of the grade; returns what could not be done.

    Raises :class:`UserError` for a file that is no grading worksheet.
    """
    columns = _Columns.of(sheet)
    rows = [row for row in range(1, len(sheet)) if sheet.get(row, 0)]
    found, problems = match(report.grades, rows, _ways(sheet, columns), sheet.path.name)
    comma = _writes_commas(sheet, columns)
    problems += _maximum(sheet, columns, found)
    for row, grade in found.items():
        if grade.adjusted is not None:
            points = shown(grade.adjusted)
            sheet.set(row, columns.grade, points.replace(".", ",") if comma else points)
    return problems


@dataclass(frozen=True)
class _Columns:
    """Where things stand. ``maximum`` is missing where the assignment uses a scale."""

    grade: int
    modified: int
    email: int | None
    maximum: int | None

    @classmethod
    def of(cls, sheet: Sheet) -> _Columns:
        header = [title.strip() for title in sheet.header]
        first = [sheet.get(row, 0) for row in range(1, len(sheet))]
        people = [_PARTICIPANT.fullmatch(cell) for cell in first if cell]
        words = {person["word"] for person in people if person}
        pair = _grade_and_modified(header)
        if pair is None or not all(people) or len(words) > 1:
            raise UserError(
                f"{sheet.path} is no grading worksheet of Moodle: its first column must hold "
                "each participant's identifier, and there must be a column of grades and one "
                "of when they were last modified. Switch the worksheet on in the settings of "
                'the assignment (feedback types), then choose "Download grading worksheet"'
            )
        grade, modified = pair
        return cls(grade, modified, _email(sheet), _maximum_column(sheet, grade))


def _grade_and_modified(header: list[str]) -> tuple[int, int] | None:
    """``Grade`` and ``Last modified (grade)``: the second has the first in brackets.

    That holds in each language, as both headings are made of the same word.
    """
    folded = [title.casefold() for title in header]
    for modified, title in enumerate(folded):
        inner = re.fullmatch(r".*[(（](.+)[)）]", title)
        if inner and inner[1].strip() in folded:
            return folded.index(inner[1].strip()), modified
    return None


def _email(sheet: Sheet) -> int | None:
    """The column in which each cell that is filled holds an address."""
    for column in range(1, len(sheet.header)):
        cells = [cell for row in range(1, len(sheet)) if (cell := sheet.get(row, column))]
        if cells and all(re.fullmatch(r"[^@\s]+@[^@\s]+", cell) for cell in cells):
            return column
    return None


def _maximum_column(sheet: Sheet, grade: int) -> int | None:
    """It stands right of the grade, and says the same number in each row."""
    if grade + 1 >= len(sheet.header):
        return None
    cells = {sheet.get(row, grade + 1) for row in range(1, len(sheet))} - {""}
    same = len(cells) == 1 and _NUMBER.fullmatch(next(iter(cells)))
    return grade + 1 if same else None


def _ways(sheet: Sheet, columns: _Columns) -> list[Way]:
    def number(row: int) -> list[str]:
        person = _PARTICIPANT.fullmatch(sheet.get(row, 0))
        return [person["number"]] if person else []

    def own_number(grade: Grade) -> list[str]:
        """``Participant 123``, ``Participant_123`` or ``123``, as id or in the roster."""
        word = next(iter({_PARTICIPANT.fullmatch(sheet.get(1, 0))["word"]}), "")  # type: ignore[index]
        own = re.compile(rf"(?:{re.escape(word)}[\s_]*)?(\d+)", re.IGNORECASE)
        written = [grade.student, *under(grade, sheet.header[0])]
        return [found[1] for text in written if (found := own.fullmatch(text.strip()))]

    def same_heading(column: int) -> Way:
        title = sheet.header[column]
        return Way(lambda grade: under(grade, title), lambda row: [sheet.get(row, column)])

    others = [
        column
        for column in range(1, len(sheet.header))
        if column not in {columns.grade, columns.modified, columns.maximum}
    ]
    ways = [Way(own_number, number)]
    if columns.email is not None:
        at = columns.email
        ways.append(Way(emails, lambda row: [sheet.get(row, at)]))
    ways += [same_heading(column) for column in others]
    # The full name is the second column, in each language.
    ways.append(Way(names, lambda row: [sheet.get(row, 1)]))
    return ways


def _writes_commas(sheet: Sheet, columns: _Columns) -> bool:
    """Whether the site writes 7,50 for 7.50: as the other numbers of the worksheet do."""
    places = [columns.grade, *([columns.maximum] if columns.maximum is not None else [])]
    cells = (sheet.get(row, place) for place in places for row in range(1, len(sheet)))
    return any((number := _NUMBER.fullmatch(cell)) and number["point"] == "," for cell in cells)


def _maximum(sheet: Sheet, columns: _Columns, found: dict[int, Grade]) -> list[Flag]:
    """Moodle must count out of what we count out of: it passes over what is more, in silence."""
    if columns.maximum is None or not found:
        return []
    said = sheet.get(next(iter(found)), columns.maximum)
    ours = {shown(grade.possible) for grade in found.values()}
    if ours <= {shown(float(said.replace(",", ".")))}:
        return []
    return [
        Flag(
            "other_points_possible",
            f"{sheet.path.name} counts out of {said}, the report out of "
            f"{' or '.join(sorted(ours))}: set the maximum grade of the assignment in Moodle",
            sheet.path.name,
        )
    ]
