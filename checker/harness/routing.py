"""URL rules that are quick to make again: a new app for each test has the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask import Flask
from werkzeug.routing import BaseConverter, Rule
from werkzeug.routing.rules import RulePart

_Asked = tuple[str, str, tuple[Any, ...], Mapping[str, Any]]


@dataclass
class _Read:
    """What werkzeug has read from a rule's text, and the converters it asked for."""

    parts: list[RulePart] = field(default_factory=list)
    trace: list[tuple[bool, str]] = field(default_factory=list)
    asked: list[tuple[_Asked, type[BaseConverter]]] = field(default_factory=list)


class RememberedRule(Rule):
    """A rule that is read once for all its likes, and makes address builders when asked for one.

    werkzeug compiles two functions for each rule, which is half the time of making an app, and
    most are never called. They depend on the rule's parts alone; where a rule has defaults, it
    makes its own. The parts depend on the rule's text, and on the converters it names: those of
    werkzeug do so on nothing else.
    """

    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}
    _texts: ClassVar[dict[object, _Read]] = {}

    def _parse_rule(self, rule: str) -> Iterator[RulePart]:
        known = self._texts.get(rule)
        if known is not None and all(self._has(*asked) for asked in known.asked):
            self._trace += known.trace
            for asked, _ in known.asked:
                self._converters[asked[0]] = super().get_converter(*asked)
                self.arguments.add(asked[0])
            yield from known.parts
            return
        self._reading = read = _Read()
        begin = len(self._trace)
        read.parts += super()._parse_rule(rule)
        read.trace += self._trace[begin:]
        if all(kind.__module__.startswith("werkzeug.") for _, kind in read.asked):
            self._texts[rule] = read
        yield from read.parts

    def get_converter(
        self, variable_name: str, converter_name: str, args: Any, kwargs: Any
    ) -> BaseConverter:
        made = super().get_converter(variable_name, converter_name, args, kwargs)
        asked = (variable_name, converter_name, args, kwargs)
        self._reading.asked.append((asked, type(made)))
        return made

    def _has(self, asked: _Asked, kind: type[BaseConverter]) -> bool:
        return self.map.converters.get(asked[1]) is kind

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder
        if self.defaults:
            return compiled(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            known = self._builders.get(key)
            if known is None:
                known = self._builders[key] = compiled(append_unknown)
            return known(rule, **values)

        return build


@contextmanager
def remembered_rules() -> Iterator[None]:
    """Within, apps make their rules from what others have made before."""
    before: Any = Flask.url_rule_class
    Flask.url_rule_class = RememberedRule
    try:
        yield
    finally:
        Flask.url_rule_class = before
