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

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


ON_SQLITE = [
    """
    CREATE TRIGGER authors_full_name_of_new AFTER INSERT ON authors WHEN NEW.full_name IS NULL
    BEGIN UPDATE authors SET full_name = NEW.name WHERE id = NEW.id; END
    """,
    """
    CREATE TRIGGER authors_full_name_of_changed AFTER UPDATE OF name ON authors
    BEGIN UPDATE authors SET full_name = NEW.name WHERE id = NEW.id; END
    """,
]
ON_POSTGRESQL = [
    """
    CREATE FUNCTION authors_full_name() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN NEW.full_name := NEW.name; RETURN NEW; END'
    """,
    """
    CREATE TRIGGER authors_full_name BEFORE INSERT OR UPDATE OF name ON authors
    FOR EACH ROW EXECUTE FUNCTION authors_full_name()
    """,
]
NO_MORE_ON_SQLITE = [
    "DROP TRIGGER authors_full_name_of_new",
    "DROP TRIGGER authors_full_name_of_changed",
]
NO_MORE_ON_POSTGRESQL = [
    "DROP TRIGGER authors_full_name ON authors",
    "DROP FUNCTION authors_full_name()",
]


def upgrade() -> None:
    op.add_column("authors", sa.Column("full_name", sa.String(200)))
    keep_both()


def downgrade() -> None:
    keep_one()
    op.drop_column("authors", "full_name")


def keep_both() -> None:
    for statement in ON_SQLITE if on_sqlite() else ON_POSTGRESQL:
        op.execute(statement)


def keep_one() -> None:
    for statement in NO_MORE_ON_SQLITE if on_sqlite() else NO_MORE_ON_POSTGRESQL:
        op.execute(statement)


def on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
