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


def upgrade() -> None:
    left = op.get_bind().scalar(sa.text("SELECT count(*) FROM authors WHERE full_name IS NULL"))
    if left:
        raise ValueError(f"{left} authors have no full_name: 0006 has not filled them")
    one_name()
    with op.batch_alter_table("authors") as batch:
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=False)
    op.drop_column("authors", "name")


def downgrade() -> None:
    op.execute("ALTER TABLE authors ADD COLUMN name VARCHAR(200)")
    op.execute("UPDATE authors SET name = full_name")
    with op.batch_alter_table("authors") as batch:
        batch.alter_column("name", existing_type=sa.String(200), nullable=False)
        batch.alter_column("full_name", existing_type=sa.String(200), nullable=True)
    both_names()


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
