"""The tests' side: what an exercise's test sees, and the learner's app behind it."""

from checker.harness.errors import Raised

__all__ = ["Raised"]
