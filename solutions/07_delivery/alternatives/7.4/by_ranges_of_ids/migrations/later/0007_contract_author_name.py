"""Contract: the old column goes, when nobody knows it any more.

Alembic does not look into this folder. The release after the next one moves the file to
``versions/``: when no server runs the old code, and none has to go back to it. From then on the
code knows ``full_name`` alone.

``upgrade``
    ``name`` goes, and what kept the two the same. ``full_name`` is NOT NULL. No row is lost,
    and none that points to one. A row without ``full_name`` stops it, and then all is as before.
``downgrade``
    As after 0006: ``name`` is there, filled and NOT NULL, and the old code works again.

On SQLite and on PostgreSQL.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
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
    stop_following()
    with op.batch_alter_table("authors", recreate="auto") as batch:
        batch.drop_column("name")
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("authors") as batch:
        batch.add_column(sa.Column("name", sa.String(200), server_default="", nullable=False))
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=True)
    op.execute("UPDATE authors SET name = full_name")
    with op.batch_alter_table("authors") as batch:
        batch.alter_column("name", existing_type=sa.String(200), server_default=None)
    follow()


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
