"""A CSV file that somebody else made: single cells change, every other byte stays."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from checker.errors import UserError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", ";", "\t", "|")


@dataclass
class Row:
    """The cells as they stand in the file, quotes and all, and what ends the line."""

    raw: list[str]
    end: str


@dataclass
class Sheet:
    """A file as rows of raw cells. The first row is the header."""

    path: Path
    mark: bytes
    encoding: str
    delimiter: str
    rows: list[Row]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """Read a file with any of the usual delimiters, line ends and encodings.

        Raises :class:`UserError` where it is none, or holds no row.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error
        mark, encoding = next(
            ((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8")
        )
        try:
            text = content[len(mark) :].decode(encoding)
        except UnicodeDecodeError:
            # An old spreadsheet's own encoding. Latin-1 gives every byte back as it was.
            encoding, text = "latin-1", content.decode("latin-1")
        first = re.sub(r'"(?:[^"]|"")*"', "", text).partition("\n")[0]
        delimiter = max(_DELIMITERS, key=first.count)
        rows = _rows(text, delimiter)
        if not rows:
            raise UserError(f"{path} is empty: download it again")
        return cls(path, mark, encoding, delimiter, rows)

    @property
    def header(self) -> list[str]:
        return [_value(cell) for cell in self.rows[0].raw]

    def __len__(self) -> int:
        return len(self.rows)

    def get(self, row: int, column: int) -> str:
        """What a cell says; empty where the row is too short to have it."""
        raw = self.rows[row].raw
        return _value(raw[column]) if column < len(raw) else ""

    def set(self, row: int, column: int, value: str) -> None:
        """Put ``value`` into a cell, in quotes where its neighbours or its text ask for them."""
        raw = self.rows[row].raw
        # A row that was cut off short gets the cells that it lacks.
        raw += [""] * (column + 1 - len(raw))
        quoted = raw[column].startswith('"') or any(
            sign in value for sign in (self.delimiter, '"', "\n", "\r")
        )
        raw[column] = '"' + value.replace('"', '""') + '"' if quoted else value

    def to_bytes(self) -> bytes:
        text = "".join(self.delimiter.join(row.raw) + row.end for row in self.rows)
        return self.mark + text.encode(self.encoding)


def _rows(text: str, delimiter: str) -> list[Row]:
    """Cut ``text`` into cells without losing a character of it."""
    plain = rf"[^{re.escape(delimiter)}\r\n]*"
    token = re.compile(
        rf'(?P<cell>[ ]*"(?:[^"]|"")*"{plain}|{plain})(?P<end>{re.escape(delimiter)}|\r\n|\n|\r|\Z)'
    )
    rows: list[Row] = []
    cells: list[str] = []
    place = 0
    while place < len(text):
        match = token.match(text, place)
        assert match is not None, "a cell may be empty, and what follows it is an end"  # noqa: S101
        cells.append(match["cell"])
        place = match.end()
        if match["end"] != delimiter:
            rows.append(Row(cells, match["end"]))
            cells = []
    if cells:
        rows.append(Row([*cells, ""], ""))
    return rows


def _value(raw: str) -> str:
    text = raw.strip()
    if len(text) >= 2 and text.startswith('"') and text.endswith('"'):
        return text[1:-1].replace('""', '"')
    return text
