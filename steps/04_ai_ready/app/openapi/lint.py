"""Lint: what a document lacks that is valid, and of no use to whoever has only the document."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Finding(NamedTuple):
    """``where`` is a JSON Pointer (RFC 6901) into the document, ``rule`` a name from below.

    It points at the object that holds the ``$ref``, at the property that lacks a description,
    at whatever openapi-spec-validator names, and for all other rules at the operation.
    """

    where: str
    rule: str
    message: str


def lint(document: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with ``document``, OpenAPI 3.1, sorted; nothing for a good one.

    ``invalid``
        It is no OpenAPI 3.1: one finding for each error of openapi-spec-validator, and
        nothing else is looked at.
    ``unresolved-ref``
        A ``$ref`` that begins with ``#`` leads nowhere, wherever it stands. If there is one,
        nothing else is looked at.
    ``operation-id``, ``summary``, ``security``
        An operation has none, or an empty one. An empty list for ``security`` is one: it says
        that nothing is needed.
    ``no-4xx``
        An operation that has parameters (its path's count), a body or demands credentials has
        no response of 400 to 499 (``4XX`` is one).
    ``description``
        A parameter, or a property of a schema among the components, has none, or an empty
        one. Also deeper down, in ``properties`` and ``items``. What is a ``$ref`` is
        described where that leads.
    ``example``
        The JSON body of a request has neither ``example`` nor ``examples`` beside its schema.
    ``wrong-example``
        It has an ``example``, which its schema does not accept.
    """
    return []  # exercise 4.6 starts here
