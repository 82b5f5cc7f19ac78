"""URL rules that are quick to make again: a new app for each test has the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from flask import Flask
from werkzeug.routing import Rule


class RememberedRule(Rule):
    """A rule that makes its address builders when one is asked for, once for all its likes.

    werkzeug compiles two functions for each rule, which is half the time of making an app, and
    most are never called. They depend on the rule's parts alone; where a rule has defaults, it
    makes its own.
    """

    _builders: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

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
