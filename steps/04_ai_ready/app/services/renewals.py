"""Renewals: keeping a copy for longer."""

from app.auth.errors import NotBuiltYet
from app.models import Loan

MAX_RENEWALS = 2


def renew(loan_id: int) -> Loan:
    """Make a loan longer by ``LOAN_PERIOD``, counted from the day it was due, and commit.

    ``renewals`` counts it. Raises :class:`app.errors.NotFound` where there is no such loan,
    and :class:`app.errors.Conflict`, with the first of these codes that applies:

    ``already_returned``
        The loan is closed.
    ``user_inactive``
        The card of whoever has the copy is blocked.
    ``loan_overdue``
        The loan is overdue. What else its user has out does not count.
    ``renewal_limit_reached``
        It was renewed ``MAX_RENEWALS`` times, or more; also where two ask at once.

    A refusal stores nothing.
    """
    raise NotBuiltYet("4.4")  # exercise 4.4 starts here
