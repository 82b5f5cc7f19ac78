"""The garbage collector of a process that is warm: what is there stays, and checks are short."""

from __future__ import annotations

import gc

_ROOM = 100_000
"""So many new objects before the collector looks for the first time."""


def settle() -> None:
    """What is here now stays: the collector need not look at it in every check, nor, after a
    fork, write to its pages.

    And most checks end before there is anything worth collecting; one that makes more than they
    all do, as a loop may, is collected as ever.
    """
    gc.freeze()
    gc.set_threshold(_ROOM, *gc.get_threshold()[1:])
