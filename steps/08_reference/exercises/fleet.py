"""Three instances of the app, and clients that never pause while their key is rotated.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import flask_jwt_extended.config
import flask_jwt_extended.tokens
import jwt
import jwt.api_jwt
from flask import Flask, current_app

import world

API = "/api/v1"
MINUTE, SECOND, ZERO = timedelta(minutes=1), timedelta(seconds=1), timedelta()
READERS_OF_THE_TIME = (jwt.api_jwt, flask_jwt_extended.tokens, flask_jwt_extended.config)


class TooOften(Exception):
    """Something was published, or waited for, again and again."""


class Fleet:
    """Instances that share a database. Each works with a ring of its own, taken up in its time.

    Right before an instance takes up a ring, right after, and in between, each of them issues
    tokens, and all are asked with what was issued so far and has not expired.
    """

    def __init__(self, app: Flask, ring: str) -> None:
        self.app, self.client = app, app.test_client()
        self.delay = timedelta(minutes=random.randrange(2, 30))
        self.rings, self.places = [ring] * 3, [0] * 3
        self.published = [ring]
        self.pending: list[tuple[timedelta, int, int]] = []
        self.now = timedelta()
        self.lifetime = timedelta(minutes=15)
        self.tokens: list[tuple[timedelta, str]] = []
        self.refused: list[str] = []
        self.steps = 0
        self.sessions: list[str] = []

    def begin(self) -> None:
        self.sessions = [self.sign_in() for _ in self.rings]
        self.meet()

    def ring(self) -> str:
        return self.published[-1]

    def publish(self, ring: str) -> None:
        self.published.append(ring)
        # At once, as one that is just starting; some time; as late as may be.
        moments = [ZERO, self.delay * random.random(), self.delay - SECOND]
        for instance, moment in enumerate(random.sample(moments, k=3)):
            self.pending.append((self.now + moment, instance, len(self.published) - 1))
        self.take_up()

    def wait(self, time: timedelta) -> None:
        end = self.now + time
        while self.now < end:
            moments = [one[0] - before for one in self.pending for before in (SECOND, ZERO)]
            ahead = [moment for moment in moments if self.now < moment < end]
            self.now = min([*ahead, end, self.now + max(self.lifetime / 2, time / 5)])
            self.take_up()

    def take_up(self) -> None:
        self.steps += 1
        if self.steps > 200:  # whoever waits by the minute comes to a hundred
            raise TooOften("the rotation does not come to an end")
        for _, instance, place in sorted(one for one in self.pending if one[0] <= self.now):
            self.places[instance] = max(place, self.places[instance])
            self.rings[instance] = self.published[self.places[instance]]
        self.pending = [one for one in self.pending if one[0] > self.now]
        self.meet()

    def meet(self) -> None:
        """Each instance issues a token; all are asked with the newest and the oldest of each key.

        Instances with the same ring are as one: only the first of them is asked.
        """
        instances = [self.rings.index(ring) for ring in dict.fromkeys(self.rings)]
        for instance in instances:
            self.sessions[instance] = self.refresh(instance)
        age = self.lifetime - 10 * SECOND
        live = [token for since, token in self.tokens if self.now - since < age]
        newest = {jwt.get_unverified_header(token)["kid"]: token for token in live}
        oldest = {jwt.get_unverified_header(token)["kid"]: token for token in reversed(live)}
        for instance in instances:
            for token in {*newest.values(), *oldest.values()}:
                self.call(instance, token)

    def ask(self, instance: int, method: str, path: str, **more: Any) -> Any:
        self.app.config["SIGNING_KEYS"] = self.rings[instance]
        # A context of its own: the one that we are in has a g, which the request would share.
        answer = Context().run(self.client.open, API + path, method=method, **more)
        if answer.status_code == 401:
            code = (answer.get_json(silent=True) or {}).get("code")
            told = f"{method} {path}: 401 {code}, {self.describe()}"
            self.refused.append(told)
        return answer.get_json(silent=True) or {}

    def sign_in(self) -> str:
        account = world.account("librarian")
        body = {"email": account["email"], "password": account["password"]}
        refresh_token: str = self.ask(0, "POST", "/auth/login", json=body).get("refresh_token", "")
        return refresh_token

    def refresh(self, instance: int) -> str:
        body = {"refresh_token": self.sessions[instance]}
        answer = self.ask(instance, "POST", "/auth/refresh", json=body)
        if "access_token" in answer:
            self.tokens.append((self.now, answer["access_token"]))
        refresh_token: str = answer.get("refresh_token", self.sessions[instance])
        return refresh_token

    def call(self, instance: int, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.ask(instance, "GET", "/users/me", headers=headers)

    def describe(self) -> str:
        stage = len(self.published) - 1
        return f"{self.now.total_seconds() / 60:.0f} minutes on, {stage} rings published"


@contextmanager
def time_of(fleet: Fleet) -> Iterator[None]:
    """Within, those who read the time read that of the fleet."""
    began, real = datetime.now(UTC), time.time

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Then(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return (began + fleet.now).astimezone(tz)

    try:
        time.time = lambda: real() + fleet.now.total_seconds()
        for module in READERS_OF_THE_TIME:
            module.datetime = Then  # type: ignore[attr-defined]
        yield
    finally:
        time.time = real
        for module in READERS_OF_THE_TIME:
            module.datetime = datetime  # type: ignore[attr-defined]


def key(kid: str = "") -> str:
    return f"{kid or secrets.token_hex(3)}:{secrets.token_urlsafe(32)}"


def drill(keys: int) -> dict[str, Any]:
    """A rotation from a ring of so many keys, and what the clients saw of it."""
    from app.rotation import rotate

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    app.config.update(AUTH_RATE_LIMIT="10000 per minute", RATE_LIMIT="100000 per minute")
    ring = " ".join(key() for _ in range(keys))
    before = current_app.config["SIGNING_KEYS"]
    current_app.config["SIGNING_KEYS"] = ring
    fleet, error = Fleet(app, ring), ""
    try:
        with time_of(fleet):
            fleet.begin()
            try:
                rotate(fleet)
            except TooOften as too_often:
                error = str(too_often)
            took = fleet.now
            fleet.wait(fleet.delay)
            refused = list(fleet.refused)
            kid, _, secret = ring.split()[0].partition(":")
            fleet.call(0, world.token(kid=kid, secret=secret))
    finally:
        current_app.config["SIGNING_KEYS"] = before
    last = fleet.published[-1].split()
    return {
        "error": error,
        "refused": refused[:3],
        "took": took.total_seconds() / 60,
        "most": (fleet.lifetime + 2 * fleet.delay + MINUTE).total_seconds() / 60,
        "forged": fleet.refused[-1] if len(fleet.refused) > len(refused) else "200",
        "last": len(last),
        "is_new": bool(last) and last[0].partition(":")[0] not in ring,
    }
