"""Expand: an author's name gets its new column, and the old code notices nothing.

``authors.name`` is to be called ``full_name``. There is no moment at which all servers change
at once: while this runs, and until the last of them is replaced, code of two releases works on
the same table.

* The *old* code knows ``name`` alone: it reads, inserts and updates that, and deletes rows.
* The *new* code reads ``full_name``. It writes both, the same value, in one statement.

``upgrade``
    ``full_name``, like ``name`` a text of 200 characters, but NULL is allowed. From here on
    the database itself sees to it that whatever the old code inserts or updates is in
    ``full_name`` too, in the same transaction. What is there already stays as it is: the
    next migration fills it. Nothing else of the table changes.
``downgrade``
    The table is as it was, and every name is in ``name``, whoever wrote it.

On SQLite and on PostgreSQL. ``app/models/author.py`` has the column as well, so that
``flask db check`` finds nothing to do.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass  # exercise 7.4 starts here


def downgrade() -> None:
    pass
