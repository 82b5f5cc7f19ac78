"""Stacks: the order in which the decorators of a view stand."""

from collections.abc import Callable
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
        step, last, seen = 0, "", []
        for layer in reversed(getattr(view, "layers", ())):
            here = LAYERS.index(layer)
            if here < step:
                raise StackError(f"{endpoint} goes up again, from {last} to {layer}")
            seen.append(layer)
            last, step = layer, here if layer == "validation" else here + 1
        if seen.count("caching") > seen.count("permissions"):
            raise StackError(f"{endpoint} has caching, but nothing that says who may see it")
