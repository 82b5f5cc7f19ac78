"""Rotation: another key signs the access tokens, and nobody notices.

A *ring* is the text of ``SIGNING_KEYS``, as ``app/auth/keys.py`` reads it: the first key signs, all
verify. Several instances of the app run, and each takes up a new ring at a moment of its own. So
the key changes in three stages, with time between them.
"""

import secrets
from datetime import timedelta
from typing import Protocol

from app.auth.keys import read_keys
from app.auth.tokens import LIFETIME
from app.values import ConfigError

KID_BYTES, SECRET_BYTES = 8, 32


class Fleet(Protocol):
    """The instances that run, and where their ring is published."""

    delay: timedelta
    """How long it takes, at most, until every instance has taken up what was published."""

    def ring(self) -> str:
        """The ring that was published last."""

    def publish(self, ring: str) -> None:
        """Publish a ring; returns at once."""

    def wait(self, time: timedelta) -> None:
        """Let so much time go by."""


def prepare(ring: str) -> str:
    """The ring with one key more, at its end: it verifies, and does not sign yet.

    The keys that are there stay as they are, in their order. The ``kid`` of the new one is not
    among theirs, its secret is random, from 32 bytes of randomness or more, and another each time.
    Raises ``ConfigError``, whose message names ``SIGNING_KEYS`` and no secret, for a text that
    lists no key (the derived one cannot be listed), and for one that ``read_keys`` refuses.
    """
    new = f"{secrets.token_hex(KID_BYTES)}:{secrets.token_urlsafe(SECRET_BYTES)}"
    return " ".join([*entries_of(ring), new])


def switch(ring: str) -> str:
    """The ring with its last key at the front: now that one signs. The others keep their order.

    Raises ``ConfigError`` as ``prepare`` does, and for a ring of less than two keys.
    """
    last, *others = reversed(entries_of(ring))
    if not others:
        raise ConfigError("SIGNING_KEYS: has one key, and switching needs two: prepare first")
    return " ".join([last, *reversed(others)])


def retire(ring: str) -> str:
    """The key that signs, and no other. Raises ``ConfigError`` as ``prepare`` does."""
    return entries_of(ring)[0]


def rotate(fleet: Fleet) -> None:
    """Rotate the key of all that run: at the end one signs that was not there, and it is alone.

    Meanwhile every instance accepts each token that any of them has issued, and goes on issuing,
    until the token expires (``LIFETIME`` in ``app/auth/tokens.py``). It takes no longer than it
    must: ``LIFETIME`` and two times ``fleet.delay``, and a minute more at most. Also from a ring of
    several keys.
    """
    stages = [
        (prepare, fleet.delay),
        (switch, fleet.delay + LIFETIME + timedelta(seconds=30)),
        (retire, timedelta()),
    ]
    for stage, time in stages:
        fleet.publish(stage(fleet.ring()))
        if time:
            fleet.wait(time)


def entries_of(ring: str) -> list[str]:
    """The keys of a ring, as they are written; at least one."""
    entries = ring.split()
    if not entries:
        raise ConfigError("SIGNING_KEYS: lists no key, and the derived one cannot be rotated")
    read_keys({"SIGNING_KEYS": ring})
    return entries
