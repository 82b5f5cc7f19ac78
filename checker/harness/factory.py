"""The learner's app is something odd, and ``world.py`` stumbled over it.

The traceback then ends in the course's own file, or in a library that it called (a database
that cannot make the tables of the learner's models, say): not where the learner can mend it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import FrameType, FunctionType, TracebackType

from checker.harness.errors import AuthorError, LoadError
from checker.harness.failure import Failure, Location
from checker.harness.ground import Ground, Owner, details
from checker.harness.words import RAISED, raised, sentence

_NONE = "'NoneType' object"


def odd_factory(error: BaseException, ground: Ground) -> LoadError | None:
    """What ``error``, raised in ``world.py`` or below, says of the factory that it called."""
    frames = list(_frames(error.__traceback__))
    ours = [frame for frame in frames if _owner(frame, ground) == "course"]
    by_library = _owner(frames[-1], ground) == "library"
    # Where world.py itself raised, only the function that did can have stumbled over the app.
    for frame in ours[::-1] if by_library else ours[-1:]:
        factory = _learners_function(frame, ground)
        if factory is not None:
            break
    else:
        return None
    if frame is ours[-1]:
        if isinstance(error, AttributeError | TypeError) and _NONE in str(error):
            return _returned(factory, None, ground)
        if isinstance(error, AttributeError) and not _is_app(error.obj):
            return _returned(factory, error.obj, ground)
    said = f"{RAISED} {sentence(*raised(error))} while the app was built"
    where = (ground.first_definition() if by_library else None) or _place(factory, ground)
    return LoadError(Failure(said, where=where, details=details(error)))


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


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _owner(frame: FrameType, ground: Ground) -> Owner:
    return ground.owner(frame.f_code.co_filename)


def _is_learners(function: FunctionType, ground: Ground) -> bool:
    return ground.owner(function.__code__.co_filename) == "learner"


def _is_app(value: object) -> bool:
    from flask import Flask

    return isinstance(value, Flask)


def _place(function: FunctionType, ground: Ground) -> Location:
    code = function.__code__
    file = ground.relative(code.co_filename)
    return ground.definition(Location(file, code.co_firstlineno, code.co_name))
