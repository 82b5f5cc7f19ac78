"""The tables of the library, one class for each.

Importing this package imports them all: SQLAlchemy and Alembic see only what was imported.
"""

from app.models.api_key import ApiKey
from app.models.author import Author, Authorship
from app.models.book import Book
from app.models.copy import Copy
from app.models.idempotency_key import IdempotencyKey
from app.models.loan import Loan
from app.models.oauth import OAuthClient, OAuthCode
from app.models.reservation import Reservation
from app.models.session import RefreshSession, RevokedToken
from app.models.user import User

__all__ = [
    "ApiKey",
    "Author",
    "Authorship",
    "Book",
    "Copy",
    "IdempotencyKey",
    "Loan",
    "OAuthClient",
    "OAuthCode",
    "RefreshSession",
    "Reservation",
    "RevokedToken",
    "User",
]
