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

POSTGRESQL = """
CREATE OR REPLACE FUNCTION follow_author_name() RETURNS trigger AS $body$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.name IS DISTINCT FROM OLD.name THEN
        NEW.full_name := NEW.name;
    END IF;
    RETURN NEW;
END
$body$ LANGUAGE plpgsql;
CREATE TRIGGER follow_author_name BEFORE INSERT OR UPDATE ON authors
FOR EACH ROW EXECUTE FUNCTION follow_author_name();
"""
SQLITE = """
CREATE TRIGGER follow_author_name_{event} AFTER {what} ON authors
WHEN NEW.full_name IS NOT NEW.name
BEGIN
    UPDATE authors SET full_name = NEW.name WHERE id = NEW.id;
END
"""
EVENTS = {"insert": "INSERT", "update": "UPDATE OF name"}


def upgrade() -> None:
    with op.batch_alter_table("authors") as batch:
        batch.add_column(sa.Column("full_name", sa.String(length=200), nullable=True))
    follow()


def downgrade() -> None:
    stop_following()
    with op.batch_alter_table("authors") as batch:
        batch.drop_column("full_name")


def follow() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        return
    for event, what in EVENTS.items():
        op.execute(SQLITE.format(event=event, what=what))


def stop_following() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION follow_author_name() CASCADE")
        return
    for event in EVENTS:
        op.execute(f"DROP TRIGGER follow_author_name_{event}")
