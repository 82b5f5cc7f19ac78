"""Fill: what was there before gets its ``full_name``, a little at a time.

Both releases go on working meanwhile, and nobody may wait for long: one UPDATE of a million
rows locks a million rows until it is committed.

``upgrade``
    Wherever ``full_name`` is NULL it becomes ``name``: at most 500 rows in one transaction,
    committed before the next ones are touched. What is written meanwhile is right as well in
    the end. Broken off half-way and begun again, it does what is left.
``downgrade``
    Nothing: a filled column harms nobody.

On SQLite and on PostgreSQL.
"""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass  # exercise 7.4 goes on here


def downgrade() -> None:
    pass
