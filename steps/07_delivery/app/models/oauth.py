"""Programs of others that ask on somebody's behalf, and the codes they are handed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base


class OAuthClient(Base):
    """A registered program. Without ``secret_hash`` it is public: it can keep no secret.

    ``redirect_uris``, ``grant_types`` and ``scope`` hold names with spaces between them.
    """

    __tablename__ = "oauth_clients"

    client_id: Mapped[str] = mapped_column(String(48), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    redirect_uris: Mapped[str] = mapped_column(String(1000), default="")
    grant_types: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(200))


class OAuthCode(Base):
    """An authorization code: works once, within minutes, for one client and address.

    A code that was used keeps its row, with the ``family_id`` of the tokens that it was
    exchanged for: when it comes again, they are revoked.
    """

    __tablename__ = "oauth_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(
        ForeignKey("oauth_clients.client_id", ondelete="CASCADE")
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str] = mapped_column(String(1000))
    scope: Mapped[str] = mapped_column(String(200))
    code_challenge: Mapped[str] = mapped_column(String(128))
    expires_at: Mapped[datetime]
    family_id: Mapped[str] = mapped_column(String(32), unique=True)
    used_at: Mapped[datetime | None]
