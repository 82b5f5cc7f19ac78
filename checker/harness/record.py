"""What a test did last: its request, its call, its comparison. The ground for an explanation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from checker.harness.errors import AuthorError
from checker.harness.messages import Answer, Footprints, Request
from checker.harness.shipping import Shipped, plain, ship
from checker.harness.subject import Subject
from checker.harness.words import both_shown, one_line


@dataclass(frozen=True)
class Comparison:
    """The two sides of a failed comparison, already as text: they may change later."""

    operator: str
    left: str
    right: str


@dataclass
class Record:
    """Filled while a test runs. ``call`` is set where a call followed the last request.

    ``about`` is the file that the test is about, where its author says so, with a word of the
    function that it is about, and ``read`` the file that it read last. ``suite`` is set where
    it ran the learner's own tests.
    """

    request: Request | None = None
    answer: Answer | None = None
    call: str | None = None
    footprints: list[Footprints] = field(default_factory=list)
    comparison: Comparison | None = None
    about: tuple[str, ...] = ()
    read: str | None = None
    suite: bool = False

    @property
    def asked(self) -> str | None:
        """``GET /books``, ``count()``, or both where a call followed a request."""
        request = spoken_request(self.request) if self.request else None
        call = f"{self.call}()" if self.call else None
        if request and call:
            return f"{request}, then {call}"
        return request or call

    @property
    def got(self) -> str | None:
        """The last answer in one line."""
        return spoken_answer(self.answer) if self.answer else None

    @property
    def empty(self) -> bool:
        """Whether the app was never asked for anything."""
        return self.request is None and self.call is None

    def ask(self, request: Request) -> None:
        self.request, self.answer, self.call = request, None, None

    def compare(self, operator: str, left: object, right: object) -> None:
        self.comparison = Comparison(operator, *both_shown(left, right))


class Recorder:
    """A subject whose use leaves a record."""

    def __init__(self, subject: Subject, record: Record, on_ask: Callable[[str], object]) -> None:
        self._subject = subject
        self._record = record
        self._on_ask = on_ask

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The app as a WSGI callable. Safe to call from several threads."""
        __tracebackhide__ = True
        texts = {key: value for key, value in environ.items() if isinstance(value, str)}
        length = int(texts.get("CONTENT_LENGTH") or 0)
        request = Request(texts, environ["wsgi.input"].read(length) if length else b"")
        self._record.ask(request)
        self._on_ask(spoken_request(request))
        answer = self._subject.request(request)
        self._record.answer = answer
        self._record.footprints.append(answer.footprints)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def inside(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run ``function`` within the app's process and context; see ``checker.harness.plugin``."""
        __tracebackhide__ = True
        shipped = ship(function)
        try:
            sent = plain([list(args), kwargs], f"an argument of inside({shipped.name})")
        except TypeError as error:
            raise AuthorError(str(error)) from None
        self._record.call = shipped.name
        self._on_ask(self._record.asked or shipped.name)
        found = self._subject.call(shipped, *sent)
        self._record.footprints.append(found.footprints)
        return found.value

    def aside(self, function: Shipped, *args: str) -> Any:
        """Run ``function`` as ``inside`` does, and leave no record: the test asked nothing yet."""
        return self._subject.call(function, list(args), {}).value


def spoken_request(request: Request) -> str:
    """``POST /books?page=2 {"title": "…"}``, in one line."""
    environ = request.environ
    path = environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/")
    body = f" {request.body[:400].decode('utf-8', 'replace')}" if request.body else ""
    return one_line(f"{environ.get('REQUEST_METHOD', 'GET')} {path}{body}")


def spoken_answer(answer: Answer) -> str:
    """``404 {"code": "not_found"}``: the status and the beginning of the body, in one line."""
    body = answer.body[:2000].decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(answer.body), ensure_ascii=False)
    return one_line(f"{answer.code} {body}".strip())
