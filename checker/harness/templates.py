"""Templates that are compiled once, not once for each app: a new app for each test has the same."""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from flask import Flask
    from jinja2.bccache import Bucket


class _Remembered(BytecodeCache):
    """Code by a template's file and its text."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_CODES = _Remembered()


def remember_templates(app: Flask) -> None:
    """Have ``app`` use what others have compiled before, unless it has a cache of its own."""
    if "jinja_env" in vars(app):
        app.jinja_env.bytecode_cache = app.jinja_env.bytecode_cache or _CODES
    else:
        app.jinja_options = {"bytecode_cache": _CODES, **app.jinja_options}
