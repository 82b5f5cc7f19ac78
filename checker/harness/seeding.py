"""Random values that a seed brings back, for whoever must get the same results twice.

Tests draw their values from ``secrets`` and ``random``. With a seed these, ``uuid4`` and all
else that asks the system for random bytes get bytes that depend on the seed and the test
alone. Whoever does not know the seed can foretell none of them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import random
from itertools import count


class Seeds:
    """The random bytes of each test in turn. Does nothing where there is no ``seed``."""

    def __init__(self, seed: str | None) -> None:
        self._seed = seed
        self._stream = _Stream() if seed is not None else None
        self.app: str | None = None
        """What the app's process may know: enough for the same values there, in hexadecimal."""

    def begin(self, test: str) -> None:
        """From here on the values are those of ``test``, a name."""
        if self._seed is None or self._stream is None:
            return
        self._stream.begin(derived(self._seed, f"test {test}"))
        # Another key, from which nobody finds back: the app's process must not know what the
        # test will ask next.
        self.app = derived(self._seed, f"app {test}").hex()


class _Stream:
    """Stands in for ``os.urandom`` in this process from when it is made."""

    def __init__(self) -> None:
        self.begin(b"")
        os.urandom = self
        random._urandom = self  # type: ignore[attr-defined]

    def begin(self, key: bytes) -> None:
        self._key, self._numbers = key, count()
        random.seed(key)

    def __call__(self, size: int, /) -> bytes:
        number = next(self._numbers).to_bytes(8, "big")
        return hashlib.shake_256(self._key + number).digest(size)


_here: list[_Stream] = []


def begin(key: str) -> None:
    """From here on this process draws its random values from ``key``, in hexadecimal."""
    if not _here:
        _here.append(_Stream())
    _here[0].begin(bytes.fromhex(key))


def derived(seed: str, purpose: str) -> bytes:
    """A key for one purpose, which tells nothing of the seed nor of the other keys."""
    return hmac.digest(seed.encode(), purpose.encode(), "sha256")
