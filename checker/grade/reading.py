"""Reads results back, strictly: an unknown key, a missing one or a wrong kind is an error."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from checker.errors import UserError
from checker.grade.model import ClassReport

Read = Callable[[Any, str], Any]
Kind = TypeVar("Kind")


class Unreadable(ValueError):
    """A value is not of the form that was promised: says where, and what it should be."""


def from_json(kind: type[Kind], value: Any, where: str = "") -> Kind:
    """A dataclass from what :func:`dataclasses.asdict` and JSON made of it."""
    made: Kind = _reader_of(kind)(value, where or kind.__name__)
    return made


def read_report(file: Path) -> ClassReport:
    """The class report in ``file``; :class:`UserError` where it is none."""
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{file} is not JSON: {error}") from error
    if isinstance(table, dict):
        table.pop("version", None)
        table.pop("$schema", None)
    try:
        return from_json(ClassReport, table)
    except Unreadable as error:
        raise UserError(f"{file} is no report of this checker: {error}") from error


def _reader_of(kind: Any) -> Read:
    read: Read = _reader(kind)
    return read


@cache
def _reader(kind: Any) -> Read:
    """How to read one type; made once for each."""
    origin, arguments = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _record(kind)
    if origin is Literal:
        return _one_of(arguments)
    if origin in (Union, types.UnionType):
        return _either(arguments)
    if origin is tuple:
        return _sequence(_reader_of(arguments[0]))
    if origin in (dict, Mapping):
        return _mapping(_reader_of(arguments[1]))
    return _plain(kind)


def _record(kind: Any) -> Read:
    hints = get_type_hints(kind)
    fields = {field.name: _reader_of(hints[field.name]) for field in dataclasses.fields(kind)}
    required = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is field.default_factory is dataclasses.MISSING
    }

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise Unreadable(f"{where} must be an object, not {_shown(value)}")
        if not value.keys() <= fields.keys():
            unknown = sorted(map(str, value.keys() - fields.keys()))
            raise Unreadable(f"{where} has unknown keys: {', '.join(unknown)}")
        if not required <= value.keys():
            raise Unreadable(f"{where} lacks {', '.join(sorted(required - value.keys()))}")
        return kind(**{name: fields[name](each, f"{where}.{name}") for name, each in value.items()})

    return read


def _one_of(choices: tuple[Any, ...]) -> Read:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise Unreadable(f"{where} must be one of {', '.join(choices)}, not {_shown(value)}")
        return value

    return read


def _either(choices: tuple[Any, ...]) -> Read:
    """A value or ``None``, or one of several literals; the first kind that fits."""
    readers = [_reader_of(choice) for choice in choices if choice is not type(None)]
    optional = type(None) in choices

    def read(value: Any, where: str) -> Any:
        if value is None and optional:
            return None
        for reader in readers[:-1]:
            try:
                return reader(value, where)
            except Unreadable:
                continue
        return readers[-1](value, where)

    return read


def _sequence(item: Read) -> Read:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, list):
            raise Unreadable(f"{where} must be an array, not {_shown(value)}")
        return tuple(item(each, f"{where}[{at}]") for at, each in enumerate(value))

    return read


def _mapping(item: Read) -> Read:
    def read(value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise Unreadable(f"{where} must be an object, not {_shown(value)}")
        return {name: item(each, f"{where}.{name}") for name, each in value.items()}

    return read


def _plain(kind: Any) -> Read:
    wanted = (int, float) if kind is float else kind

    def read(value: Any, where: str) -> Any:
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            raise Unreadable(f"{where} must be {kind.__name__}, not {_shown(value)}")
        return value

    return read


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
