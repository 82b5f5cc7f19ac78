"""What schemathesis is told besides the document: who asks, and a good request for each operation.

Loaded by ``SCHEMATHESIS_HOOKS``, in the process of schemathesis. ``CONTRACT`` names a folder:

``samples.json``
    By operation id, a request that an operation answers with success.
``subject.txt``
    For whom each token is made, the claim ``sub``; empty: nobody, no token at all.
``key.txt``
    The key ``kid:secret`` that signs them. Each request has a token of its own, because some
    operations take the token back that they were asked with.
``seen.txt``
    Written here, a line for each answer: operation id, status, and by what it was asked: ``ours``
    (a token that was made here), ``nothing`` (no credentials at all), or ``other``: made up, or
    found in an earlier answer, which schemathesis does by itself.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import schemathesis
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.auths import GLOBAL_AUTH_STORAGE

FOLDER = Path(os.environ["CONTRACT"])
SAMPLES: dict[str, dict[str, Any]] = json.loads((FOLDER / "samples.json").read_text("utf-8"))
SUBJECT = (FOLDER / "subject.txt").read_text("utf-8")
KID, _, SECRET = (FOLDER / "key.txt").read_text("utf-8").partition(":")
CREDENTIALS = ("Authorization", "X-API-Key", "X-Admin-Key")
MADE: set[str | None] = set()
EVERYTHING = "books:read books:write loans:read loans:write users:read users:write admin"


def new_token() -> str:
    """As the library makes it, signed with the key that it was given."""
    now = int(time.time())
    who = {"sub": SUBJECT, "iss": "library", "aud": "library-api", "scope": EVERYTHING}
    when = {"iat": now, "nbf": now, "exp": now + 900, "jti": uuid.uuid4().hex}
    token = jwt.encode(who | when, SECRET, algorithm="HS256", headers={"kid": KID})
    MADE.add(f"Bearer {token}")
    return token


class FreshToken:
    """A token for each case."""

    def get(self, case: Case, context: AuthContext) -> str:
        return new_token()

    def set(self, case: Case, token: str, context: AuthContext) -> None:
        case.headers["Authorization"] = f"Bearer {token}"


if SUBJECT:
    schemathesis.auth(refresh_interval=None)(FreshToken)


def id_of(operation: Any) -> str:
    identity: str = operation.definition.raw["operationId"]
    return identity


@schemathesis.hook
def before_add_examples(context: HookContext, examples: list[Case]) -> None:
    """First of all comes what must succeed, while the rows that it needs are there."""
    assert context.operation is not None
    sample = context.operation.Case(**SAMPLES.get(id_of(context.operation), {}))
    if SUBJECT and "Authorization" not in sample.headers:
        GLOBAL_AUTH_STORAGE.set(sample, AuthContext(context.operation, None))
    examples.insert(0, sample)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if (response.request.method or "").lower() != case.operation.method.lower():
        return  # OPTIONS, or a method that the operation is not: no answer of this operation
    sent = response.request.headers
    if sent.get("Authorization") in MADE:
        by = "ours"
    else:
        by = "other" if any(name in sent for name in CREDENTIALS) else "nothing"
    with (FOLDER / "seen.txt").open("a", encoding="utf-8") as seen:
        seen.write(f"{id_of(case.operation)} {response.status_code} {by}\n")
