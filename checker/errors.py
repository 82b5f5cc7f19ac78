"""What the learner reads when a command cannot do its work, and the exit code that goes with it."""

from __future__ import annotations


class UserError(Exception):
    """The command cannot do what was asked: says what happened and what to type next."""

    exit_code = 2


class EnvironmentTrouble(UserError):
    """The machine is in the way: a full disk, a read-only folder, a missing package."""

    exit_code = 4
