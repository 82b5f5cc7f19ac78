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

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE authors ADD COLUMN full_name VARCHAR(200)")
    both_names()


def downgrade() -> None:
    one_name()
    op.execute("ALTER TABLE authors DROP COLUMN full_name")


def on(database: str, *statements: str) -> None:
    """Say these to this kind of database, and nothing to another."""
    if op.get_bind().dialect.name == database:
        for statement in statements:
            op.execute(statement)


def both_names() -> None:
    on(
        "sqlite",
        "CREATE TRIGGER names_i AFTER INSERT ON authors"
        " BEGIN UPDATE authors SET full_name = name WHERE id = NEW.id; END",
        "CREATE TRIGGER names_u AFTER UPDATE ON authors WHEN NEW.name IS NOT OLD.name"
        " BEGIN UPDATE authors SET full_name = name WHERE id = NEW.id; END",
    )
    on(
        "postgresql",
        "CREATE FUNCTION names() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN NEW.full_name = NEW.name; RETURN NEW; END'",
        "CREATE TRIGGER names_i BEFORE INSERT ON authors FOR EACH ROW EXECUTE FUNCTION names()",
        "CREATE TRIGGER names_u BEFORE UPDATE ON authors FOR EACH ROW"
        " WHEN (NEW.name IS DISTINCT FROM OLD.name) EXECUTE FUNCTION names()",
    )


def one_name() -> None:
    on("sqlite", "DROP TRIGGER names_i", "DROP TRIGGER names_u")
    on(
        "postgresql",
        "DROP TRIGGER names_i ON authors",
        "DROP TRIGGER names_u ON authors",
        "DROP FUNCTION names()",
    )
