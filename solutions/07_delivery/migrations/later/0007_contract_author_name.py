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
    keep_one()
    with op.batch_alter_table("authors") as batch:
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=False)
        batch.drop_column("name")


def downgrade() -> None:
    op.add_column("authors", sa.Column("name", sa.String(200)))
    op.execute("UPDATE authors SET name = full_name")
    with op.batch_alter_table("authors") as batch:
        batch.alter_column("name", existing_type=sa.String(200), nullable=False)
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=True)
    keep_both()


def keep_both() -> None:
    for statement in ON_SQLITE if on_sqlite() else ON_POSTGRESQL:
        op.execute(statement)


def keep_one() -> None:
    for statement in NO_MORE_ON_SQLITE if on_sqlite() else NO_MORE_ON_POSTGRESQL:
        op.execute(statement)


def on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
