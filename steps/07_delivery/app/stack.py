"""Stacks: the order in which the decorators of a view stand."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from flask import Flask

LAYERS = ("permissions", "validation", "caching", "response")
"""From the route down to the view."""


class StackError(Exception):
    """A view's decorators stand in an order that does harm. The message names the endpoint."""


def add_layer(view: Callable[..., Any], layer: str) -> None:
    """Note that a decorator of this ``layer`` was put on ``view``, above those noted before.

    The notes are a list of names, ``view.layers``, the lowest first: ``functools.wraps``
    carries it upwards.
    """
    view.__dict__["layers"] = [*getattr(view, "layers", []), layer]


def check_stacks(app: Flask) -> None:
    """Refuse an ``app`` in which decorators stand in the wrong order; the factory's last word.

    Raises ``StackError`` for a view whose ``layers`` do not come in the order of ``LAYERS``,
    from above: each in its place, where it is there at all, and once. Validation above
    permissions tells strangers what a field must look like; caching above validation keeps
    answers under keys that nobody has validated; a response above caching is made anew for
    each hit. ``accepts`` may stand there for the body and for the query: validation twice, one
    right above the other, is in order.

    Raises it, too, for caching without permissions: a view that does not say who may see its
    answers must not hand them around. A view without any ``layers`` is left alone.

    The message names the endpoint, and of what is wrong: both layers that stand the wrong way
    round, the one that stands there twice, or ``caching``.
    """
    for endpoint, view in app.view_functions.items():
        layers = list(reversed(getattr(view, "layers", [])))
        for upper, lower in pairwise(layers):
            twice = upper == lower != "validation"
            if twice or LAYERS.index(upper) > LAYERS.index(lower):
                raise StackError(f"{endpoint}: {upper} stands above {lower}")
        if "caching" in layers and "permissions" not in layers:
            raise StackError(f"{endpoint}: caching, and nobody has said who may see it")
