"""Sums."""


def add(a: int, b: int) -> int:
    """The sum of ``a`` and ``b``, at most 100."""
    total = a + b
    if total > 100:
        return 100
    return total
