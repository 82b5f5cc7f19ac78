"""Idempotency: a request that is sent twice under one key does its work once."""

from collections.abc import Callable
from datetime import timedelta

from flask import Response

KEPT = timedelta(hours=24)
PATIENCE_SECONDS = 30


def answer_once(make: Callable[[], Response]) -> Response:
    """What ``make()`` answers to the current request, made once for each ``Idempotency-Key``.

    Without this header
        ``make()`` answers, and nothing is kept.
    The key
        is 1 to 64 of the characters ``A-Z a-z 0-9 . _ -``; anything else is 400, code
        ``idempotency_key_invalid``. It belongs to the principal's ``subject``: the same word of
        somebody else is another key.
    The first time
        ``make()`` is called within ``one_transaction()``, so that what its services commit and
        the row of ``IdempotencyKey`` that keeps the answer are committed together, in the end:
        both or neither. ``request_hash`` is made of the method, the path, the query string and
        the body, byte for byte; ``headers`` are ``Content-Type``, ``ETag`` and ``Location``,
        those that the answer has; ``expires_at`` is ``KEPT`` from now.
    The same request again
        gets the kept status, headers and body, byte for byte, and ``Idempotency-Replayed:
        true``. ``make()`` is not called.
    Another request under the same key
        is 422, code ``idempotency_key_reused``, and ``make()`` is not called.
    While the first one is at it
        every other one with the key, the same or not, is 409, code ``idempotency_key_in_use``,
        at once: nobody waits, and the database is not even asked. Who is at it lies in
        ``app.extensions.cache``, until the answer is there, and for ``PATIENCE_SECONDS`` at
        most. Whatever the cache says, or where it does not answer (``RedisError``), the unique
        constraint decides: whoever cannot store their row is answered with the same 409, and
        nothing of what they did is stored.
    What fails is not kept
        Where ``make()`` raises, which is passed on, or answers with 400 or more, nothing that it
        did is stored, and the key is free: the next one tries again.
    In the end
        From ``expires_at`` on a row counts as not there. Whenever a row is stored, those of its
        principal that have expired are removed.

    All of these errors are ``ApiError``.
    """
    return make()  # exercise 7.7 starts here
