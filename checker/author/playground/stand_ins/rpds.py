"""Collections that never change, for a page: the module that ``jsonschema`` asks for, in Python.

Elsewhere they are machine code, and share what two of them have in common. These copy all of it:
what a document of this course is made of is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class HashTrieMap(Mapping[Any, Any]):
    """A mapping; whatever changes it makes another."""

    def __init__(
        self, value: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (), **more: Any
    ) -> None:
        self._values = {**dict(value), **more}

    @classmethod
    def convert(cls, value: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> HashTrieMap:
        return value if isinstance(value, cls) else cls(value)

    @classmethod
    def fromkeys(cls, keys: Iterable[Any], value: Any = None) -> HashTrieMap:
        return cls(dict.fromkeys(keys, value))

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"HashTrieMap({self._values!r})"

    def insert(self, key: Any, value: Any) -> HashTrieMap:
        return self.update({key: value})

    def remove(self, key: Any) -> HashTrieMap:
        if key not in self._values:
            raise KeyError(key)
        return self.discard(key)

    def discard(self, key: Any) -> HashTrieMap:
        return HashTrieMap((k, v) for k, v in self._values.items() if k != key)

    def update(
        self, *others: Mapping[Any, Any] | Iterable[tuple[Any, Any]], **more: Any
    ) -> HashTrieMap:
        values = dict(self._values)
        for other in others:
            values.update(other)
        return HashTrieMap(values | more)


class HashTrieSet(frozenset[Any]):
    """A set; whatever changes it makes another."""

    def insert(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self | {value})

    def remove(self, value: Any) -> HashTrieSet:
        if value not in self:
            raise KeyError(value)
        return self.discard(value)

    def discard(self, value: Any) -> HashTrieSet:
        return HashTrieSet(self - {value})

    def update(self, *others: Iterable[Any]) -> HashTrieSet:
        return HashTrieSet(self.union(*others))


class List(tuple[Any, ...]):
    """A list; whatever changes it makes another."""

    __slots__ = ()

    def __new__(cls, value: Iterable[Any] = (), *more: Any) -> List:
        return super().__new__(cls, (value, *more) if more else value)

    def push_front(self, value: Any) -> List:
        return List([value, *self])

    def drop_first(self) -> List:
        if not self:
            raise IndexError("empty list")
        return List(self[1:])

    @property
    def first(self) -> Any:
        return self[0]

    @property
    def rest(self) -> List:
        return List(self[1:])
