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

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass  # exercise 7.4 goes on here


def downgrade() -> None:
    pass
