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

loans = sa.table(
    "loans",
    sa.column("id", sa.Integer),
    sa.column("copy_id", sa.Integer),
    sa.column("borrowed_at", sa.DateTime(timezone=True)),
    sa.column("returned_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    connection = op.get_bind()
    still_open = sa.select(loans).where(loans.c.returned_at.is_(None)).order_by(loans.c.id)
    last = {}
    rows = connection.execute(still_open).all()
    for row in rows:
        last[row.copy_id] = row
    for row in rows:
        newest = last[row.copy_id]
        if row.id != newest.id:
            connection.execute(
                loans.update().where(loans.c.id == row.id).values(returned_at=newest.borrowed_at)
            )
    with op.batch_alter_table("loans") as batch:
        batch.create_index(
            "uq_loans_open_copy_id",
            ["copy_id"],
            unique=True,
            sqlite_where=loans.c.returned_at.is_(None),
            postgresql_where=loans.c.returned_at.is_(None),
        )
        batch.create_check_constraint("due_after_borrowed", "due_at > borrowed_at")


def downgrade() -> None:
    with op.batch_alter_table("loans") as batch:
        batch.drop_constraint("due_after_borrowed", type_="check")
        batch.drop_index("uq_loans_open_copy_id")
