"""Products."""


def times(a: int, b: int) -> int:
    """The product of ``a`` and ``b``."""
    return a * b
