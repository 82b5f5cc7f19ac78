"""The database holds the rules of lending.

Branches have been lending since 0001, when only the code knew the rules, and two desks at
once could hand out the same copy. ``app/models/loan.py`` says what must hold from now on.

``upgrade``
    Where a copy has several open loans, the one with the highest ``id`` stays open; each of
    the others counts as returned at the moment that one was borrowed. No other row changes,
    and none is lost. Then ``loans`` gets what the model says and 0001 does not: the unique
    index ``uq_loans_open_copy_id``, and the check ``ck_loans_due_after_borrowed``.
``downgrade``
    The index and the check go. The rows stay as they are.

Both run on SQLite and on PostgreSQL. Afterwards ``flask db check`` finds nothing to do (it
does not look at checks, though: see the table). The migration stands for itself: it imports
nothing of ``app``, which will have changed when somebody runs it next year.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OPEN = sa.text("returned_at IS NULL")

CLOSE_ALL_BUT_THE_LAST = """
    UPDATE loans SET returned_at = (
        SELECT last.borrowed_at FROM loans AS last
        WHERE last.copy_id = loans.copy_id AND last.returned_at IS NULL
        ORDER BY last.id DESC LIMIT 1
    )
    WHERE returned_at IS NULL AND EXISTS (
        SELECT 1 FROM loans AS later
        WHERE later.copy_id = loans.copy_id AND later.returned_at IS NULL AND later.id > loans.id
    )
"""


def upgrade() -> None:
    op.execute(CLOSE_ALL_BUT_THE_LAST)
    with op.batch_alter_table("loans") as batch:
        batch.create_check_constraint(op.f("ck_loans_due_after_borrowed"), "due_at > borrowed_at")
    op.create_index(
        "uq_loans_open_copy_id",
        "loans",
        ["copy_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_index("uq_loans_open_copy_id", "loans")
    with op.batch_alter_table("loans") as batch:
        batch.drop_constraint(op.f("ck_loans_due_after_borrowed"), type_="check")
