"""API keys: for scripts and services of our own."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class ApiKey(Base):
    """A key, written ``prefix.secret``, that acts for a user within ``scope``.

    ``prefix`` finds the row and may be shown; of the secret there is only ``secret_hash``.
    ``scope`` is spelled as in a token, names with spaces between them.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(16), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime]
