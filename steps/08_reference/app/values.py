"""Values: what the text of a setting may be. Each reader says what it must be, never what it is."""

import re
from collections.abc import Callable, Sequence

import limits
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

MIN_SECRET_BYTES = 32
WELL_KNOWN = (
    "change",
    "default",
    "example",
    "insecure",
    "password",
    "placeholder",
    "secret",
)
HINT = "make one with: python -c 'import secrets; print(secrets.token_hex(32))'"


class ConfigError(Exception):
    """Settings are missing or wrong. The message names each environment variable."""


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return read


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ValueError("must be a whole number, from 0 on")
    return int(text)


def rate(text: str) -> str:
    try:
        limits.parse(text)
    except ValueError:
        raise ValueError("must be a rate, such as 600 per minute") from None
    return text


def redis_url(text: str) -> str:
    if text and not text.startswith(("redis://", "rediss://")):
        raise ValueError("must be an address that begins with redis:// or rediss://")
    return text


def web_url(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^\s/?#]+[^\s?#]*", text):
        raise ValueError("must be an address that begins with https:// or http://")
    return text.rstrip("/")


def size(text: str) -> int:
    try:
        found = int(text)
    except ValueError:
        found = 0
    if found < 1:
        raise ValueError("must be a whole number of bytes, from 1 on")
    return found


def database_url(text: str) -> str:
    try:
        make_url(text).get_dialect()
    except (ArgumentError, ValueError):
        raise ValueError("must be the address of a database") from None
    return text


def strong_secret(text: str) -> str:
    if len(text.encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"is missing or shorter than {MIN_SECRET_BYTES} bytes; {HINT}")
    if any(word in text.lower() for word in WELL_KNOWN):
        raise ValueError(f"looks like a placeholder that others know too; {HINT}")
    return text


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def shares(text: str) -> dict[str, int]:
    """``long-loans=25 other=100``: for whom out of a hundred each feature is on."""
    found = {}
    for word in text.split():
        name, _, percent = word.partition("=")
        if not (name and re.fullmatch("[0-9]{1,3}", percent) and int(percent) <= 100):
            raise ValueError("must be features and whole percentages, such as long-loans=25")
        found[name] = int(percent)
    return found
