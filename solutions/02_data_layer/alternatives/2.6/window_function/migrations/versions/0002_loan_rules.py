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

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        WITH ranked AS (
            SELECT id,
                   FIRST_VALUE(id) OVER newest AS last_id,
                   FIRST_VALUE(borrowed_at) OVER newest AS handed_on
            FROM loans
            WHERE returned_at IS NULL
            WINDOW newest AS (PARTITION BY copy_id ORDER BY id DESC)
        )
        UPDATE loans
        SET returned_at = (SELECT handed_on FROM ranked WHERE ranked.id = loans.id)
        WHERE id IN (SELECT id FROM ranked WHERE id <> last_id)
        """
    )
    op.execute(
        "CREATE UNIQUE INDEX uq_loans_open_copy_id ON loans (copy_id) WHERE returned_at IS NULL"
    )
    with op.batch_alter_table("loans", recreate="auto") as batch:
        batch.create_check_constraint("due_after_borrowed", "borrowed_at < due_at")


def downgrade() -> None:
    op.execute("DROP INDEX uq_loans_open_copy_id")
    with op.batch_alter_table("loans") as batch:
        batch.drop_constraint("due_after_borrowed", type_="check")
