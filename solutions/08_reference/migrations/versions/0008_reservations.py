"""Reservations: who waits for which book.

``upgrade``
    Makes the table ``reservations``, as ``app/models/reservation.py`` says: columns, keys, the
    check, and the three indexes, by the names that the model's have.
``downgrade``
    The table goes.

Both run on SQLite and on PostgreSQL. Afterwards ``flask db check`` finds nothing to do (it does
not look at checks, nor at what an index is limited to: see the table). The migration stands for
itself: it imports nothing of ``app``.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = sa.text("status = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'ready', 'fulfilled', 'cancelled', 'expired')",
            name=op.f("ck_reservations_status"),
        ),
        sa.ForeignKeyConstraint(
            ["book_id"], ["books.id"], name=op.f("fk_reservations_book_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_reservations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index(op.f("ix_reservations_book_id_status"), "reservations", ["book_id", "status"])
    op.create_index(op.f("ix_reservations_user_id"), "reservations", ["user_id"])
    op.create_index(
        "uq_reservations_waiting_book_id_user_id",
        "reservations",
        ["book_id", "user_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_table("reservations")
