"""Counting."""


def double(a: int) -> int:
    """Twice the number."""
    return 0
