"""Which submissions share code that the course did not give them: hints for a human to look at.

Winnowing, after Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for Document
Fingerprinting" (SIGMOD 2003): of each run of ``WINDOW`` hashes over ``LENGTH`` tokens the
smallest is kept, so that any shared run of ``WINDOW + LENGTH - 1`` tokens is found. All names
count as one, so are all texts and all numbers, and comments and layout do not count: renaming
and reformatting hide nothing. What the starter has is no finding, nor is what much of the class
has: there are not many ways to write five lines.

Nothing leaves the machine. Two people can have the same idea; this never says that they did not.
"""

from __future__ import annotations

import keyword
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from checker.course import Course

LENGTH = 18
"""Tokens in one hash: some two lines of code."""

WINDOW = 8
"""Hashes of which one is kept."""

COMMON = 0.1
"""What a larger share of the class has is an idiom, not a copy …"""

ALWAYS_KEPT = 4
"""… but what no more learners than that have is looked at, however small the class."""

LEAST = 12
"""Shared fingerprints below that number are chance."""

SHARE = 0.4
"""Pairs that share less of their own code than that are not told."""

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>(?i:[rbuf]{0,2})(?:\"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)|'''(?:[^\\]|\\.)*?(?:'''|\Z)
        |"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?))
    |(?P<number>\.?\d[\w.]*)
    |(?P<name>\w+)
    |(?P<sign>[-+*/%&|^=<>!:@~]{1,3}|[^\s\w])""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset(keyword.kwlist) - {"None", "True", "False"}
_BASE = 1_000_003
_MODULUS = (1 << 61) - 1
_TOP = pow(_BASE, LENGTH - 1, _MODULUS)

Files = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Lines of one submission and the lines of another that read the same."""

    file: str
    lines: tuple[int, int]
    other_file: str
    other_lines: tuple[int, int]


@dataclass(frozen=True)
class Pair:
    """Two submissions. ``share`` of the smaller one's own code, from 0 to 1, is in both."""

    one: str
    other: str
    share: float
    places: tuple[Place, ...]


def starter_files(course: Course, steps: Iterable[str]) -> dict[str, str]:
    """What the exercises of these steps hand out to be edited: path with the step, and text."""
    files: dict[str, str] = {}
    for name in steps:
        step = course.step(name)
        for exercise in step.exercises:
            for path in exercise.edit:
                text = (step.path / path).read_text(encoding="utf-8")
                files[f"{step.name}/{path}"] = text
    return files


def compare(sources: Mapping[str, Files], starter: Files, most: int = 50) -> tuple[Pair, ...]:
    """The pairs that share most, at most ``most`` of them, the largest share first.

    ``sources`` holds each learner's files by path. Only files that the starter has too are
    looked at, so that nobody is compared by what a tool left behind.
    """
    reader = _Reader(starter)
    marks = {student: reader.fingerprints(files) for student, files in sorted(sources.items())}
    _drop_common(marks)
    shared: Counter[tuple[str, str]] = Counter()
    owners: dict[int, list[str]] = defaultdict(list)
    for student, own in marks.items():
        for mark in own:
            owners[mark].append(student)
    for students in owners.values():
        shared.update(combinations(students, 2))
    found = [
        (count / min(len(marks[one]), len(marks[other])), one, other)
        for (one, other), count in shared.items()
        if count >= LEAST
    ]
    told = sorted((each for each in found if each[0] >= SHARE), key=lambda e: (-e[0], *e[1:]))
    return tuple(
        Pair(one, other, share, _places(marks[one], marks[other]))
        for share, one, other in told[:most]
    )


@dataclass(frozen=True)
class _Spot:
    """Where a fingerprint was found first."""

    file: str
    first: int
    last: int


_Marks = dict[int, _Spot]


class _Reader:
    """Fingerprints of files; what many hand in unchanged is read once."""

    def __init__(self, starter: Files) -> None:
        self.starter = starter
        self.given: dict[str, frozenset[int]] = {}
        for path, text in starter.items():
            step = path.partition("/")[0]
            hashes = frozenset(code for code, _, _ in hashes_of(text))
            self.given[step] = self.given.get(step, frozenset()) | hashes
        self.seen: dict[tuple[str, str], list[tuple[int, int, int]]] = {}

    def fingerprints(self, files: Files) -> _Marks:
        marks: _Marks = {}
        for path, text in sorted(files.items()):
            if path not in self.starter or text == self.starter[path]:
                continue
            step = path.partition("/")[0]
            if (step, text) not in self.seen:
                given = self.given[step]
                kept = winnowed(hashes_of(text))
                self.seen[step, text] = [mark for mark in kept if mark[0] not in given]
            for code, first, last in self.seen[step, text]:
                marks.setdefault(code, _Spot(path, first, last))
        return marks


def _drop_common(marks: Mapping[str, _Marks]) -> None:
    counts = Counter(code for own in marks.values() for code in own)
    limit = max(ALWAYS_KEPT, COMMON * len(marks))
    for own in marks.values():
        for code in [code for code in own if counts[code] > limit]:
            del own[code]


def tokens(text: str) -> Iterator[tuple[int, int]]:
    """Each token as a number that is the same for all names, texts or numbers; and its line.

    It reads what Python would refuse, too: half a submission can be copied as well.
    """
    line, place = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", place, match.start())
        place = match.start()
        kind = match.lastgroup
        if kind == "comment":
            continue
        word = match[0] if kind == "sign" or match[0] in _KEYWORDS else str(kind)
        yield _number(word), line


_NUMBERS: dict[str, int] = {}


def _number(word: str) -> int:
    number = _NUMBERS.get(word)
    if number is None:
        number = _NUMBERS[word] = zlib.crc32(word.encode("utf-8", "surrogatepass"))
    return number


def hashes_of(text: str) -> list[tuple[int, int, int]]:
    """The hash of each run of ``LENGTH`` tokens, with its first and last line."""
    stream = list(tokens(text))
    if len(stream) < LENGTH:
        return []
    code = 0
    hashes: list[tuple[int, int, int]] = []
    for place, (token, line) in enumerate(stream):
        if place >= LENGTH:
            code -= stream[place - LENGTH][0] * _TOP
        code = (code * _BASE + token) % _MODULUS
        if place >= LENGTH - 1:
            hashes.append((code, stream[place - LENGTH + 1][1], line))
    return hashes


def winnowed(hashes: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of each window the smallest hash, the rightmost of those that are equal; each once."""
    kept: dict[int, tuple[int, int, int]] = {}
    best = -1
    for end in range(max(min(WINDOW, len(hashes)) - 1, 0), len(hashes)):
        start = max(end - WINDOW + 1, 0)
        if best < start:
            best = min(range(start, end + 1), key=lambda place: (hashes[place][0], -place))
        elif hashes[end][0] <= hashes[best][0]:
            best = end
        kept[best] = hashes[best]
    return list(kept.values())


def _places(one: _Marks, other: _Marks) -> tuple[Place, ...]:
    """The shared fingerprints as ranges of lines; those that follow each other are one."""
    spots = sorted(
        ((one[code], other[code]) for code in one.keys() & other.keys()),
        key=lambda pair: (pair[0].file, pair[1].file, pair[0].first, pair[1].first),
    )
    places: list[Place] = []
    for mine, theirs in spots:
        if places and _follows(places[-1], mine, theirs):
            last = places.pop()
            lines = last.lines[0], max(last.lines[1], mine.last)
            first = min(last.other_lines[0], theirs.first)
            other_lines = first, max(last.other_lines[1], theirs.last)
        else:
            lines = mine.first, mine.last
            other_lines = theirs.first, theirs.last
        places.append(Place(mine.file, lines, theirs.file, other_lines))
    return tuple(places)


def _follows(place: Place, mine: _Spot, theirs: _Spot) -> bool:
    same_files = (place.file, place.other_file) == (mine.file, theirs.file)
    near = mine.first <= place.lines[1] + 1 and theirs.first <= place.other_lines[1] + 1
    return same_files and near and theirs.last >= place.other_lines[0] - 1
