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

AUTHORS = sa.table("authors", sa.column("id"), sa.column("name"), sa.column("full_name"))


def upgrade() -> None:
    empty = sa.select(AUTHORS.c.id).where(AUTHORS.c.full_name.is_(None)).limit(100)
    fill = AUTHORS.update().values(full_name=AUTHORS.c.name)
    while True:
        with op.get_context().autocommit_block():
            connection = op.get_bind()
            found = connection.scalars(empty).all()
            connection.execute(fill.where(AUTHORS.c.id.in_(found)))
        if not found:
            break


def downgrade() -> None:
    pass
