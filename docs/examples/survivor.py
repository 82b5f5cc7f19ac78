"""One function, one bug in it, and two tests: which of them notices?"""

from collections.abc import Callable

MAX_OPEN_LOANS = 5


# section: pair
def right(open_loans: int) -> bool:
    return open_loans < MAX_OPEN_LOANS


def planted(open_loans: int) -> bool:
    return open_loans <= MAX_OPEN_LOANS


# end section: pair


# section: tests
def test_somewhere(may_borrow: Callable[[int], bool]) -> None:
    assert may_borrow(0)
    assert not may_borrow(50)


def test_at_the_limit(may_borrow: Callable[[int], bool]) -> None:
    assert may_borrow(4)
    assert not may_borrow(5)


# end section: tests

for test in (test_somewhere, test_at_the_limit):
    for code in (right, planted):
        try:
            test(code)
            print(f"{test.__name__} on {code.__name__}: passes")
        except AssertionError:
            print(f"{test.__name__} on {code.__name__}: fails")
