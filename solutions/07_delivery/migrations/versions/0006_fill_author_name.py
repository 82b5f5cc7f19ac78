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

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


FILL_SOME = """
    UPDATE authors SET full_name = name WHERE id IN (
        SELECT id FROM authors WHERE full_name IS NULL ORDER BY id LIMIT 500
    )
"""


def upgrade() -> None:
    filled = 1
    while filled:
        # Each block commits what was before it, and is a transaction of its own.
        with op.get_context().autocommit_block():
            filled = op.get_bind().exec_driver_sql(FILL_SOME).rowcount


def downgrade() -> None:
    pass
