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
import string
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
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

# Texts and comments, in one pass from the left: only so is it known what is in what.
_TEXT_OR_COMMENT = re.compile(
    r"""\#[^\n]*
    |(?i:\b[rbuf]{1,2})?(?:
        \"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z)
        |\'\'\'(?:[^\\]|\\.)*?(?:\'\'\'|\Z)
        |"(?:[^"\\\n]|\\.)*"?
        |'(?:[^'\\\n]|\\.)*'?)""",
    re.VERBOSE | re.DOTALL,
)
# fmt: off
_LONG_SIGNS = (
    "**=", "//=", ">>=", "<<=", "...", "!=", "->", ":=", "**", "//", "<<", ">>", "<=", ">=",
    "==", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
)
# fmt: on
_SIGN = "|".join(map(re.escape, _LONG_SIGNS))
_TOKEN = re.compile(rf"(?P<number>\.?\d[\w.]*)|(?P<name>\w+)|(?P<sign>{_SIGN}|[^\s\w])")
# None, True and False are values, as names are.
_KEYWORDS = sorted(set(keyword.kwlist) - {"None", "True", "False"})
_ALPHABET = ["other", "name", "number", *_KEYWORDS, *_LONG_SIGNS, *string.punctuation]
_BYTES = {word: bytes([place]) for place, word in enumerate(_ALPHABET)}

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


def tokens(text: str) -> tuple[bytes, list[int]]:
    """The tokens, each as one byte that is the same for all names, texts or numbers; their lines.

    It reads what Python would refuse, too: half a submission can be copied as well.
    """
    bare = _TEXT_OR_COMMENT.sub(_blank, text)
    pieces: list[bytes] = []
    lines: list[int] = []
    for number, line in enumerate(bare.split("\n"), 1):
        piece = _line(line)
        if piece:
            pieces.append(piece)
            lines += [number] * len(piece)
    return b"".join(pieces), lines


def _blank(match: re.Match[str]) -> str:
    """A quote for a text, nothing for a comment, and the line ends that were within."""
    return ("" if match[0].startswith("#") else '"') + "\n" * match[0].count("\n")


@lru_cache(maxsize=100_000)  # most lines of a class are the same lines
def _line(line: str) -> bytes:
    return b"".join(
        _BYTES["number" if match["number"] else _word(match["name"] or match["sign"])]
        for match in _TOKEN.finditer(line)
    )


def _word(word: str) -> str:
    if word in _BYTES:
        return word
    return "name" if word[0].isalnum() or word[0] == "_" else "other"


def hashes_of(text: str) -> list[tuple[int, int, int]]:
    """The hash of each run of ``LENGTH`` tokens, with its first and last line."""
    stream, lines = tokens(text)
    runs = (stream[start : start + LENGTH] for start in range(len(stream) - LENGTH + 1))
    return list(zip(map(zlib.crc32, runs), lines, lines[LENGTH - 1 :], strict=False))


def winnowed(hashes: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Of each window the smallest hash, the rightmost of those that are equal; each once."""
    codes = [code for code, _, _ in hashes]
    kept: list[int] = []
    best = -1
    # What is shorter than a window is one.
    for end in range(max(min(WINDOW, len(codes)) - 1, 0), len(codes)):
        if best <= end - WINDOW or best < 0:
            window = codes[max(end - WINDOW + 1, 0) : end + 1]
            best = end - window[::-1].index(min(window))
            kept.append(best)
        elif codes[end] <= codes[best]:
            best = end
            kept.append(best)
    return [hashes[place] for place in kept]


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
