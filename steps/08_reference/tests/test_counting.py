"""How limits are counted where there is no Redis."""

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app import counting

THREE = parse("3 per minute")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000_000.0]
    monkeypatch.setattr(counting.time, "time", lambda: now[0])
    return now


@pytest.fixture
def limiter(clock: list[float]) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(counting.URI))


def test_a_window_ends_and_a_new_one_begins(
    limiter: FixedWindowRateLimiter, clock: list[float]
) -> None:
    assert [limiter.hit(THREE, "ada") for _ in range(4)] == [True, True, True, False]
    assert limiter.get_window_stats(THREE, "ada") == (clock[0] + 60, 0)
    assert limiter.hit(THREE, "tove")

    clock[0] += 60
    assert limiter.test(THREE, "ada")
    assert limiter.get_window_stats(THREE, "ada") == (clock[0], 3)
    assert limiter.hit(THREE, "ada")


def test_what_has_ended_is_forgotten(limiter: FixedWindowRateLimiter, clock: list[float]) -> None:
    for number in range(50):
        limiter.hit(THREE, str(number))
    clock[0] += 100
    limiter.hit(THREE, "ada")

    assert limiter.storage.reset() == 1


def test_one_can_be_forgotten(limiter: FixedWindowRateLimiter) -> None:
    limiter.hit(THREE, "ada", cost=3)
    limiter.hit(THREE, "tove", cost=3)
    limiter.clear(THREE, "ada")

    assert limiter.test(THREE, "ada")
    assert not limiter.test(THREE, "tove")
