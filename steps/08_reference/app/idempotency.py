"""Idempotency: a request that is sent twice under one key does its work once."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from flask import Response, request
from redis.exceptions import RedisError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.auth.opaque import fingerprint
from app.auth.principal import current_principal
from app.errors import ApiError, Conflict
from app.extensions import cache, db
from app.models import IdempotencyKey
from app.services.transaction import one_transaction

KEPT = timedelta(hours=24)
PATIENCE_SECONDS = 30
KEY = re.compile("[A-Za-z0-9._-]{1,64}")
HEADERS = ("Content-Type", "ETag", "Location")


class KeyInvalid(ApiError):
    """What the client has sent is no key."""

    status = 400

    def __init__(self) -> None:
        message = "an Idempotency-Key is 1 to 64 of the characters A-Z a-z 0-9 . _ -"
        super().__init__("idempotency_key_invalid", message)


class KeyReused(ApiError):
    """The key was sent with another request."""

    status = 422

    def __init__(self) -> None:
        message = "another request was sent with this Idempotency-Key: make a new one"
        super().__init__("idempotency_key_reused", message)


class Failed(Exception):
    """An answer that is not kept."""

    def __init__(self, response: Response) -> None:
        self.response = response


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
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return make()
    if KEY.fullmatch(key) is None:
        raise KeyInvalid
    principal = current_principal().subject
    with claimed(principal, key):
        kept = find(principal, key)
        if kept is not None:
            return replay(kept)
        try:
            return make_and_keep(make, principal, key)
        except Failed as failed:
            return failed.response


@contextmanager
def claimed(principal: str, key: str) -> Iterator[None]:
    """Within, nobody else answers a request with this key, as far as the cache knows."""
    name = "idempotency:" + fingerprint(f"{principal} {key}")
    is_free = True
    with suppress(RedisError):  # the unique constraint is still there
        is_free = cache.add(name, 1, timeout=PATIENCE_SECONDS)
    if not is_free:
        raise in_use()
    try:
        yield
    finally:
        with suppress(RedisError):
            cache.delete(name)


def find(principal: str, key: str) -> IdempotencyKey | None:
    query = select(IdempotencyKey).where(
        IdempotencyKey.principal == principal,
        IdempotencyKey.key == key,
        IdempotencyKey.expires_at > datetime.now(UTC),
    )
    return db.session.scalars(query).one_or_none()


def replay(kept: IdempotencyKey) -> Response:
    if kept.request_hash != hash_of_request():
        raise KeyReused
    response = Response(kept.body, kept.status, kept.headers)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def make_and_keep(make: Callable[[], Response], principal: str, key: str) -> Response:
    with one_transaction():
        response = make()
        if response.status_code >= 400:
            raise Failed(response)
        now = datetime.now(UTC)
        expired = delete(IdempotencyKey).where(
            IdempotencyKey.principal == principal, IdempotencyKey.expires_at <= now
        )
        db.session.execute(expired)
        db.session.add(
            IdempotencyKey(
                principal=principal,
                key=key,
                request_hash=hash_of_request(),
                status=response.status_code,
                headers={name: value for name, value in response.headers if name in HEADERS},
                body=response.get_data(as_text=True),
                expires_at=now + KEPT,
            )
        )
        try:
            db.session.flush()
        except IntegrityError:
            raise in_use() from None
    return response


def in_use() -> Conflict:
    message = "a request with this Idempotency-Key is being answered: ask again in a moment"
    return Conflict("idempotency_key_in_use", message)


def hash_of_request() -> str:
    digest = hashlib.sha256()
    for part in (request.method, request.path, request.query_string, request.get_data()):
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:%b" % (len(data), data))
    return digest.hexdigest()
