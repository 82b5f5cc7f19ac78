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

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STRETCH = 250
FILL = sa.text(
    "UPDATE authors SET full_name = name WHERE full_name IS NULL AND id > :start AND id <= :end"
)


def upgrade() -> None:
    last = op.get_bind().scalar(sa.text("SELECT max(id) FROM authors")) or 0
    for start in range(0, last, STRETCH):
        with op.get_context().autocommit_block():
            op.get_bind().execute(FILL, {"start": start, "end": start + STRETCH})


def downgrade() -> None:
    """A filled column harms nobody."""
