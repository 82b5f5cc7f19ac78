"""What an engine raises. A learner's failure is never an error: it is a verdict."""

from __future__ import annotations


class Cancelled(Exception):
    """The check was ended by ``cancel()`` or ``close()``; there is no verdict."""


class EngineError(Exception):
    """No Python process could be started, or it ended before it did anything."""
