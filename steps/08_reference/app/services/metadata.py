"""What others know about a book: asked of a service that is not ours, and that may be down."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from pybreaker import CircuitBreaker, CircuitBreakerError
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

ATTEMPTS = 3
FAILURES = 5
TIMEOUT = httpx.Timeout(2, connect=1)
PASSING = (429, 502, 503, 504)


class Passing(Exception):
    """It may be better next time."""


class Useless(Exception):
    """What came back is not what was asked for, and would not be next time."""


@dataclass(frozen=True)
class Metadata:
    """What is known; ``available`` is false where nobody could be asked."""

    available: bool
    publisher: str | None = None
    pages: int | None = None


UNAVAILABLE = Metadata(available=False)


class MetadataClient:
    """Asks the service at ``base_url``; ``""`` is nobody. One for each app, for all its threads.

    ``transport`` and ``sleep`` are what it asks and waits with, ``reset_seconds`` how long an
    open circuit stays open: tests have others.
    """

    def __init__(
        self,
        base_url: str,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        reset_seconds: float = 30,
    ) -> None:
        self.base_url = base_url
        self.transport = transport
        self.breaker = CircuitBreaker(fail_max=FAILURES, reset_timeout=reset_seconds)
        self.retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=0.2) + wait_random(0, 0.2),
            retry=retry_if_exception_type((Passing, httpx.TransportError)),
            sleep=sleep,
            reraise=True,
        )

    @cached_property
    def client(self) -> httpx.Client:
        """Made when it is first needed: reading the certificates of the world takes its time."""
        return httpx.Client(
            transport=self.transport, timeout=TIMEOUT, headers={"Accept": "application/json"}
        )

    @property
    def state(self) -> str:
        """Of the circuit: ``closed``, ``open`` or ``half-open``."""
        return self.breaker.current_state

    def look_up(self, isbn13: str) -> Metadata:
        """What is known about a book. Never raises: ``UNAVAILABLE`` where it cannot be known.

        Asked
            ``GET {base_url}/isbn/{isbn13}``. 200 brings a JSON object: ``publisher``, a text or
            ``null``, and ``pages``, a whole number from 1 on or ``null``; either may be missing,
            and what else is in it does not matter. 404 says that nothing is known: available,
            and both ``None``. No redirect is followed.
        Timeouts
            For each attempt: 1 second to connect, 2 for a connection out of the pool, for
            sending, and for each wait while reading.
        Retried
            What may be better next time: ``httpx.TransportError`` (no connection, a timeout),
            and the statuses 429, 502, 503 and 504. ``ATTEMPTS`` in all, at most. Between two of
            them it waits, by ``sleep``: 0.2 seconds after the first, 0.4 after the second, and
            each time up to 0.2 more, by chance, so that all who have failed together do not
            come back together.
        Not retried
            Every other status, and a 200 that is not as above: the same question would get the
            same answer.
        Circuit
            A look-up that ends with neither such a 200 nor a 404 has failed, its attempts
            counting as one. After ``FAILURES`` in a row the circuit is open: nobody is asked.
            After ``reset_seconds`` one look-up may try: if it fails, the circuit is open again,
            if not, closed.
        Without a ``base_url``
            nobody is asked, and nothing has failed.
        """
        if not self.base_url:
            return UNAVAILABLE
        try:
            found: Metadata = self.breaker.call(self.retrying, self.ask, isbn13)
        except (CircuitBreakerError, Passing, Useless, httpx.HTTPError):
            return UNAVAILABLE
        return found

    def ask(self, isbn13: str) -> Metadata:
        """One attempt."""
        response = self.client.get(f"{self.base_url}/isbn/{isbn13}")
        if response.status_code == 404:
            return Metadata(available=True)
        if response.status_code in PASSING:
            raise Passing
        if response.status_code != 200:
            raise Useless
        return read(response)


def read(response: httpx.Response) -> Metadata:
    try:
        body: Any = response.json()
    except ValueError:
        raise Useless from None
    if not isinstance(body, dict):
        raise Useless
    publisher, pages = body.get("publisher"), body.get("pages")
    if not (publisher is None or isinstance(publisher, str)):
        raise Useless
    if not (pages is None or (type(pages) is int and pages >= 1)):
        raise Useless
    return Metadata(available=True, publisher=publisher, pages=pages)
