"""OAuth clients: registered by us, from the terminal."""

import secrets
from collections.abc import Collection

from app.auth.opaque import fingerprint, new_secret
from app.auth.scopes import spell_scopes
from app.extensions import db
from app.models import OAuthClient


def add_client(
    name: str, scopes: Collection[str], redirect_uris: Collection[str], public: bool
) -> tuple[OAuthClient, str | None]:
    """Register a program; returns its row, and its secret unless it is ``public``.

    With ``redirect_uris`` people can let it in (``authorization_code``, ``refresh_token``);
    with a secret and none of those, it acts for itself (``client_credentials``).
    """
    secret = None if public else new_secret()
    client = OAuthClient(
        client_id=secrets.token_hex(8),
        name=name,
        secret_hash=None if secret is None else fingerprint(secret),
        redirect_uris=" ".join(redirect_uris),
        grant_types="authorization_code refresh_token" if redirect_uris else "client_credentials",
        scope=spell_scopes(scopes),
    )
    db.session.add(client)
    db.session.commit()
    return client, secret
