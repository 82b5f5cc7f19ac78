"""Bodies: what JSON can spell, and nothing behind this door can hold."""

from collections.abc import Iterator
from typing import Any

from flask.json.provider import DefaultJSONProvider


class StrictJSON(DefaultJSONProvider):
    """Flask's own, which also refuses what would crash further in.

    That is half a character (``"\\ud800"``, which UTF-8 cannot spell, so that no hash and no
    database takes it), the character NUL, which PostgreSQL does not store, and lists within
    lists without end. Raises ``ValueError``, which Flask answers with 400.
    """

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        text = s if isinstance(s, str) else s.decode()  # UTF-8 and nothing else: RFC 8259, 8.1
        try:
            value = super().loads(text, **kwargs)
            # Half a character is a UnicodeError here, which is a ValueError.
            has_nul = any(b"\0" in found.encode() for found in texts(value))
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if has_nul:
            raise ValueError("holds the character NUL")
        return value


def texts(value: Any) -> Iterator[str]:
    """Every text in what was read, wherever it stands; names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
