"""Which function is behind a crash that shows no frame of the learner's?

A view that returns nothing fails later, in Flask's own code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from checker.harness.failure import Location
from checker.harness.ground import Ground

if TYPE_CHECKING:
    from flask import Flask


def suspect(
    error: BaseException, endpoint: str | None, app: Flask, ground: Ground
) -> tuple[str | None, Location] | None:
    """The learner's function that Flask choked on, with a sentence where there is a better one."""
    text = str(error)
    if isinstance(error, TypeError | AttributeError) and "'NoneType' object" in text:
        return _silent_hook(app, ground)
    view = app.view_functions.get(endpoint or "")
    place = _place(view, ground) if view else None
    if place is None:
        return None
    if isinstance(error, TypeError) and "did not return a valid response" in text:
        what = "None" if "returned None" in text else _between(text, "but it was a ", ".")
        said = f"the view {place.function} returned {what or 'something else'}"
        return f"{said}: a view must return a response", place
    return None, place


def _silent_hook(app: Flask, ground: Ground) -> tuple[str, Location] | None:
    hooks = [hook for hooks in app.after_request_funcs.values() for hook in hooks]
    places = [place for hook in hooks if (place := _place(hook, ground)) is not None]
    if not places:
        return None
    names = " or ".join(str(place.function) for place in places)
    return (
        f"the hook {names} returned None: after_request must return the response",
        places[0],
    )


def _place(function: Callable[..., Any], ground: Ground) -> Location | None:
    target = inspect.unwrap(function)
    view_class = getattr(target, "view_class", None)
    try:
        file = inspect.getsourcefile(view_class or target)
        line = inspect.getsourcelines(view_class or target)[1]
    except (OSError, TypeError):
        return None
    if file is None or ground.owner(file) != "learner":
        return None
    name = (view_class or target).__name__
    return ground.definition(Location(ground.relative(file), line, name))


def _between(text: str, start: str, end: str) -> str | None:
    _, found, rest = text.partition(start)
    return rest.partition(end)[0] if found else None
