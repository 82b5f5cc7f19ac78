"""Whose row is whose: the learners of a report in a file of somebody else's."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from checker.grade.model import Flag, Grade

# The keys by which a learner may be found, the surest first: what the learner has, what the
# row has. Two that are equal belong together.
Keys = Callable[[Grade], Iterable[str]]
RowKeys = Callable[[int], Iterable[str]]


@dataclass(frozen=True)
class Way:
    """One way to tell who a row belongs to."""

    of_learner: Keys
    of_row: RowKeys


def match(
    grades: Sequence[Grade], rows: Sequence[int], ways: Sequence[Way], file: str
) -> tuple[dict[int, Grade], list[Flag]]:
    """The learner of each row, and what is wrong with those that have none, or share one.

    A learner takes the first way that leads to exactly one row. A row that two learners
    claim goes to neither.
    """
    indexes = [_index(rows, way.of_row) for way in ways]
    claims: dict[int, list[Grade]] = defaultdict(list)
    problems: list[Flag] = []
    for grade in grades:
        found = [_found(grade, way, index) for way, index in zip(ways, indexes, strict=True)]
        row = next((min(places) for places in found if len(places) == 1), None)
        if row is not None:
            claims[row].append(grade)
        elif any(found):
            problems.append(_several(grade, file))
        else:
            problems.append(_nobody(grade, file))
    for claimants in claims.values():
        if len(claimants) > 1:
            problems += [_shared(grade, claimants, file) for grade in claimants]
    return {row: found[0] for row, found in claims.items() if len(found) == 1}, problems


def _index(rows: Sequence[int], keys: RowKeys) -> dict[str, set[int]]:
    index: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for key in _folded(keys(row)):
            index[key].add(row)
    return index


def _found(grade: Grade, way: Way, index: dict[str, set[int]]) -> set[int]:
    return {row for key in _folded(way.of_learner(grade)) for row in index.get(key, ())}


def _folded(keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        folded = " ".join(unicodedata.normalize("NFC", key).casefold().split())
        if folded:
            yield folded


def emails(grade: Grade) -> list[str]:
    return [each for each in (grade.student, *grade.member_ids.values()) if "@" in each]


def names(grade: Grade) -> list[str]:
    """The name as it is and turned around: ``Ada Lovelace``, ``Lovelace, Ada``."""
    written = [grade.name] if grade.name else []
    written += [
        value
        for column, value in grade.member_ids.items()
        if re.fullmatch(r"(full[ _]?)?name|student", column.strip(), re.IGNORECASE)
    ]
    turned = [" ".join(reversed(name.split(", ", 1))) for name in written if ", " in name]
    return written + turned


def under(grade: Grade, column: str) -> list[str]:
    """What the roster has in a column of the same name."""
    wanted = column.strip().casefold()
    return [value for name, value in grade.member_ids.items() if name.strip().casefold() == wanted]


def _nobody(grade: Grade, file: str) -> Flag:
    return Flag("not_in_file", f"{grade.student} is not in {file}: no grade was written", file)


def _several(grade: Grade, file: str) -> Flag:
    return Flag(
        "ambiguous_in_file",
        f"{grade.student} could be one of several in {file}: no grade was written; give the "
        "roster a column with the same heading as one of the file's, such as ID",
        file,
    )


def _shared(grade: Grade, claimants: list[Grade], file: str) -> Flag:
    others = ", ".join(each.student for each in claimants if each is not grade)
    return Flag(
        "shared_row_in_file",
        f"{grade.student} and {others} have the same row in {file}: no grade was written",
        file,
    )
