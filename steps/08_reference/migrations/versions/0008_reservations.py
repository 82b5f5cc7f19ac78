"""Reservations: who waits for which book.

``upgrade``
    Makes the table ``reservations``, as ``app/models/reservation.py`` says: columns, keys, the
    check, and the three indexes, by the names that the model's have.
``downgrade``
    The table goes.

Both run on SQLite and on PostgreSQL. Afterwards ``flask db check`` finds nothing to do (it does
not look at checks, nor at what an index is limited to: see the table). The migration stands for
itself: it imports nothing of ``app``.
"""

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Exercise 8.4: today it does nothing."""


def downgrade() -> None:
    """Exercise 8.4: undo what ``upgrade`` did."""
