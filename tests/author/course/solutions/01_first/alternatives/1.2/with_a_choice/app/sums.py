"""Sums."""


def add(a: int, b: int) -> int:
    """The sum of ``a`` and ``b``, at most 100."""
    return min(100, a + b)
