"""From an exception in a test to words for the learner, and whose trouble it is."""

from __future__ import annotations

import ast
import linecache
import re
import traceback
from dataclasses import dataclass, replace
from typing import Literal

from checker.harness.errors import (
    AuthorError,
    LoadError,
    Raised,
    SubjectDied,
    Unreadable,
)
from checker.harness.failure import Failure, Location
from checker.harness.ground import Ground, details
from checker.harness.record import Comparison, Record, spoken_request
from checker.harness.words import FAULT, RAISED, UNREADABLE, one_line, raised, sentence

Kind = Literal["not_yet", "does_not_load", "environment", "fault"]

_PRINTED = 2_000
_DISK = re.compile("No space left on device|database or disk is full")

# Errors that an odd answer cannot cause: the test itself is wrong.
_OURS = (NameError, ImportError, SyntaxError, AuthorError)


@dataclass(frozen=True)
class Explanation:
    """Why a test did not pass, and who can do something about it.

    ``final`` says that the tests after this one have nothing to run against.
    """

    failure: Failure
    kind: Kind
    final: bool = False

    def of_the_learner(self) -> Explanation:
        """The same, where the learner's code alone can be the cause, whatever it says.

        The course's tests and the machine have been tried with the solution.
        """
        if self.kind in {"not_yet", "does_not_load"}:
            return self
        return replace(self, kind="does_not_load" if self.final else "not_yet")

    def with_printed(self, printed: str) -> Explanation:
        """The same, with the end of what the learner's code printed."""
        return replace(self, failure=replace(self.failure, printed=printed[-_PRINTED:]))

    @property
    def text(self) -> str:
        """The failure for a plain terminal, one fact a line."""
        failure = self.failure
        facts = [
            ("asked", failure.asked),
            ("expected", failure.expected),
            ("got", failure.got),
            ("where", failure.where),
        ]
        lines = [f"{name:<10}{value}" for name, value in facts if value is not None]
        return "\n".join([failure.message, *lines])


def explain(error: BaseException, test: str, record: Record, ground: Ground) -> Explanation:
    """What ``error``, raised in the test called ``test``, says to the learner."""
    return _Case(error, test, record, ground).explanation()


@dataclass(frozen=True)
class _Case:
    error: BaseException
    test: str
    record: Record
    ground: Ground

    def explanation(self) -> Explanation:
        error = self.error
        if isinstance(error, LoadError):
            kind: Kind = "environment" if error.environment else "does_not_load"
            return Explanation(error.failure, kind, final=True)
        if _DISK.search(str(error)):
            return Explanation(Failure("the disk is full", details=details(error)), "environment")
        crash = self.record.answer.crash if self.record.answer else None
        if crash is not None and _DISK.search(crash.message):
            return Explanation(Failure("the disk is full", details=crash.details), "environment")
        if crash is not None and crash.blame == "learner" and not isinstance(error, _OURS):
            return self.not_yet(_said(crash.type, crash.message), crash.where, crash.details)
        if isinstance(error, Raised):
            if error.blame == "learner":
                return self.not_yet(_said(error.type, error.message), error.where, error.details)
            return self.unreadable(str(error), error.details)
        if isinstance(error, SubjectDied):
            return self.not_yet(str(error), error.where)
        if isinstance(error, Unreadable):
            return self.unreadable(str(error))
        if _is_verdict(error):
            return self.not_yet(self.sentence(), None)
        if not self.record.empty and not isinstance(error, _OURS) and _is_plain(error):
            return self.unreadable(sentence(*raised(error)))
        return self.fault()

    def not_yet(self, message: str, where: Location | None, more: str = "") -> Explanation:
        comparison = self.record.comparison if _is_verdict(self.error) else None
        status = str(self.record.answer.code) if self.record.answer else None
        listed = comparison is not None and _lists_what_is_right(self.error, comparison.operator)
        expected, got = _sides(comparison, status, listed)
        failure = Failure(
            message=message,
            asked=self.record.asked,
            expected=expected,
            got=got or self.record.got,
            where=where or self.place(message),
            details=more or details(self.error),
        )
        return Explanation(failure, "not_yet")

    def unreadable(self, what: str, more: str = "") -> Explanation:
        return self.not_yet(f"{UNREADABLE}: {what}", None, more)

    def fault(self) -> Explanation:
        said = sentence(*raised(self.error))
        failure = Failure(
            f"{FAULT}: {said}",
            asked=self.record.asked,
            details=details(self.error),
        )
        return Explanation(failure, "fault")

    def place(self, message: str) -> Location | None:
        """The learner's function that ran last, else the first of the first file to edit.

        The last to return is the outermost: the view or the service, not what it asked for
        help. What only cleans up speaks where nothing else ran. A call that touched nothing
        of the learner's looks at what the request before it has done. Where the test is about
        one file, what ran in others says nothing; where nothing ran, the message may name a
        place, and else it is about what it read. What a suite missed, no function of it did.
        """
        prints, (about, word, *_) = self.record.footprints, (*self.record.about, None, None)
        if about is not None and word is not None:
            found = self.ground.definition_with(about, word)
            if found is not None:
                return found
        answering = [place.answering for place in prints if place.answering]
        last = [place.last for place in prints if place.last]
        places = answering or last
        if about is not None:
            places = [place for place in places if place.file == about]
        if places:
            return self.ground.definition(places[-1])
        read = self.record.read if self.record.read in self.ground.edit else None
        named = None if about else self.ground.named_in(message)
        if named is None and self.record.suite:
            return self.ground.suite()
        return named or self.ground.first_definition(about or read)

    def sentence(self) -> str:
        """The test's own words; where it has none, what it compared, or its name."""
        words = _words(self.error)
        if words:
            return one_line(words, 400)
        return self.status() or self.name()

    def status(self) -> str | None:
        """A comparison of the last answer's status, which speaks for itself."""
        record, comparison = self.record, self.record.comparison
        if record.request is None or record.answer is None or comparison is None:
            return None
        two = (comparison.operator, comparison.left) == ("==", str(record.answer.code))
        if not two or re.fullmatch(r"\d{3}", comparison.right) is None:
            return None
        asked = spoken_request(record.request)
        return f"{asked} answered {comparison.left}, not {comparison.right}"

    def name(self) -> str:
        """The test's name, which is a sentence."""
        name, _, case = self.test.partition("[")
        said = name.removeprefix("test_").replace("_", " ")
        return f"not so yet: {said} ({case.rstrip(']')})" if case else f"not so yet: {said}"


def _said(kind: str, message: str) -> str:
    """What the learner's code raised; a message without a class speaks for itself."""
    if kind == "SystemExit":
        return "your code called sys.exit()"
    if kind in {"", "Forbidden"}:
        return message
    return f"{RAISED} {sentence(kind, message)}"


def _is_verdict(error: BaseException) -> bool:
    """An assertion, ``pytest.fail``, a ``pytest.raises`` that saw nothing: a judgement."""
    return isinstance(error, AssertionError) or type(error).__name__ == "Failed"


def _is_plain(error: BaseException) -> bool:
    return isinstance(error, Exception)


def _words(error: BaseException) -> str:
    """The message that the test's author wrote, without pytest's account of the comparison."""
    text = str(getattr(error, "msg", None) or error)
    if text.startswith(("assert ", "DID NOT RAISE")):
        return ""
    return re.split(r"^assert ", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _lists_what_is_right(error: BaseException, operator: str) -> bool:
    """Whether the test asks for one of those that it writes out: ``kind in {"a", "b"}``.

    Elsewhere the right side is what came, and the left one is looked for in it.
    """
    kind = {"in": ast.In, "not in": ast.NotIn}.get(operator)
    frames = list(traceback.walk_tb(error.__traceback__))
    if kind is None or not frames:
        return False
    frame, line = frames[-1]
    try:
        tree = ast.parse("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))
    except (SyntaxError, ValueError, RecursionError):
        return False
    return any(
        isinstance(compared, ast.Compare)
        and isinstance(compared.ops[0], kind)
        and not isinstance(compared.left, ast.Constant)
        and isinstance(compared.comparators[0], (ast.Set, ast.Tuple, ast.List))
        for stated in ast.walk(tree)
        if isinstance(stated, ast.Assert) and stated.lineno <= line <= (stated.end_lineno or 0)
        for compared in ast.walk(stated.test)
    )


def _sides(
    comparison: Comparison | None, status: str | None, listed: bool
) -> tuple[str | None, str | None]:
    """What was expected and what came; ``status`` is that of the last answer.

    ``listed`` says that the right side is what the test wrote out.
    """
    if comparison is None:
        return None, None
    left, right = comparison.left, comparison.right
    match comparison.operator:
        case "in" | "not in" if listed or left == status:
            which = right.strip("{}()[]")
            return (f"one of {which}" if comparison.operator == "in" else f"none of {which}"), left
        case "==" | "is":
            return right, left
        case "in":
            return f"something with {left}", right
        case "not in":
            return f"nothing with {left}", right
        case "!=" | "is not":
            return f"anything but {right}", left
        case operator:
            return f"{operator} {right}", left
