"""The learner's factory gave something odd, and ``world.py`` stumbled over it.

Its traceback then ends in the course's own file, which is not where the learner can mend it.
"""

from __future__ import annotations

from importlib import import_module
from types import FrameType, FunctionType, TracebackType

from checker.harness.errors import AuthorError, LoadError
from checker.harness.failure import Failure, Location
from checker.harness.ground import Ground, details
from checker.harness.words import RAISED, raised, sentence

_NONE = "'NoneType' object"


def odd_factory(error: BaseException, ground: Ground) -> LoadError | None:
    """What ``error``, raised in ``world.py`` itself, says of the factory that it called."""
    frame = _innermost(error.__traceback__, ground)
    factory = _learners_function(frame, ground) if frame is not None else None
    if factory is None:
        return None
    if isinstance(error, AttributeError | TypeError) and _NONE in str(error):
        return _returned(factory, None, ground)
    if isinstance(error, AttributeError) and not _is_app(error.obj):
        return _returned(factory, error.obj, ground)
    said = f"{RAISED} {sentence(*raised(error))} while the app was built"
    return LoadError(Failure(said, where=_place(factory, ground), details=details(error)))


def no_app(made: object, ground: Ground) -> LoadError | AuthorError:
    """``world.build()`` gave ``made``, which is no Flask app."""
    factory = getattr(import_module("app"), "create_app", None)
    if isinstance(factory, FunctionType) and _is_learners(factory, ground):
        return _returned(factory, made, ground)
    return AuthorError(f"world.build() must return a Flask app, not {type(made).__name__}")


def _returned(factory: FunctionType, made: object, ground: Ground) -> LoadError:
    what = "None" if made is None else f"a value of type {type(made).__name__}"
    said = f"{factory.__name__}() returned {what}: it must return the app"
    where = _place(factory, ground)
    return LoadError(Failure(said, expected="a Flask app", got=what, where=where))


def _learners_function(frame: FrameType, ground: Ground) -> FunctionType | None:
    """The first function of the learner's that the frame's code names."""
    names = {**frame.f_globals, **frame.f_locals}
    for name in (*frame.f_code.co_varnames, *frame.f_code.co_names):
        value = names.get(name)
        if isinstance(value, FunctionType) and _is_learners(value, ground):
            return value
    return None


def _innermost(trace: TracebackType | None, ground: Ground) -> FrameType | None:
    found = None
    while trace is not None:
        if ground.owner(trace.tb_frame.f_code.co_filename) == "course":
            found = trace.tb_frame
        trace = trace.tb_next
    return found


def _is_learners(function: FunctionType, ground: Ground) -> bool:
    return ground.owner(function.__code__.co_filename) == "learner"


def _is_app(value: object) -> bool:
    from flask import Flask

    return isinstance(value, Flask)


def _place(function: FunctionType, ground: Ground) -> Location:
    code = function.__code__
    file = ground.relative(code.co_filename)
    return ground.definition(Location(file, code.co_firstlineno, code.co_name))
