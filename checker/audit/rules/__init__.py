"""Every rule, in the order of their ids; the first digit is the section of the handbook."""

from __future__ import annotations

from checker.audit.model import Rule
from checker.audit.rules import (
    api,
    auth,
    built,
    caching,
    compose,
    container,
    data,
    delivery,
    factory,
    hygiene,
    injection,
    itself,
    limiting,
    patterns,
    pipeline,
    quality,
    settings,
    web,
)

FAMILIES = {
    "The audit itself": (itself,),
    "1 Modern Flask architecture": (factory, settings),
    "2 Data layer": (data,),
    "3 Authentication and token management": (auth, web, injection),
    "4 AI-ready APIs": (api,),
    "5 Advanced patterns and observability": (patterns, limiting, caching, hygiene),
    "6 Testing and quality gates": (quality,),
    "7 Delivery, operations, production readiness": (container, compose, delivery, pipeline),
    "The app, built": (built,),
}


def _rules_of(module: object) -> list[Rule]:
    return [value for value in vars(module).values() if isinstance(value, Rule)]


BY_FAMILY: dict[str, list[Rule]] = {
    title: sorted((rule for module in modules for rule in _rules_of(module)), key=lambda r: r.id)
    for title, modules in FAMILIES.items()
}
RULES: tuple[Rule, ...] = tuple(rule for rules in BY_FAMILY.values() for rule in rules)
BY_ID = {rule.id: rule for rule in RULES}
