"""An OAuth 2 server: programs of others get tokens, and never see a password.

Authlib speaks the protocol (RFC 6749, 7636, 7009); what is stored, and what is allowed, is
decided here. The tokens are our own: one issuer, one validator.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import (  # type: ignore[import-untyped]
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
    UnsupportedResponseTypeError,
)
from authlib.oauth2.rfc6749.grants import (  # type: ignore[import-untyped]
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from flask import Flask
from sqlalchemy import select, update

from app.auth.errors import Unauthenticated
from app.auth.opaque import fingerprint, new_secret
from app.auth.scopes import CLIENT_PREFIX, ROLE_SCOPES, parse_scopes, spell_scopes
from app.auth.tokens import LIFETIME, issue_access_token
from app.extensions import db
from app.models import OAuthClient, OAuthCode, RefreshSession, User
from app.services import sessions

CODE_LIFETIME = timedelta(minutes=1)


def init_oauth(app: Flask) -> None:
    """Put an Authlib ``AuthorizationServer`` into ``app.extensions["oauth_server"]``.

    It knows the clients of the table ``oauth_clients``. One with a ``secret_hash`` has to
    prove the secret (``client_secret_basic``), one without is public and has none. What a
    client may do is in its row: grant types, addresses, scopes. The consent page finds that
    row as ``row`` of what ``query_client`` answers.

    ``client_credentials``
        For clients with a secret. The token's subject is ``client:`` and the client's id.
        No refresh token.
    ``authorization_code``
        Every client, public or not, sends a PKCE challenge (RFC 7636) with the method
        ``S256``, in so many words, and proves it. ``redirect_uri`` is required and equals one
        of the client's to the letter. A code is a ``new_secret()``, stored as its
        ``fingerprint``, lives for ``CODE_LIFETIME``, and works once: when its client sends it
        again, the family of the tokens that it was exchanged for is revoked. What another
        client does with it changes nothing. The subject is the user who agreed.
    ``refresh_token``
        As ``sessions.renew`` does it, whose refusals are ``invalid_grant``. The scope stays
        that of the family: a request with a ``scope`` is ``invalid_scope``, and uses nothing up.
    Scopes
        At most those of the client. None asked for means all of them; one that the client
        does not have is ``invalid_scope``, and nothing is issued. Somebody who agrees gives
        those that their role has today: the page showed no others, and a later promotion
        adds none. If none is left, they give none.
    Tokens
        Access tokens come from ``issue_access_token`` and live for ``LIFETIME``. Those that
        speak for a user belong to a family, so that they can be taken back; the refresh token
        of that family is for clients with this grant. No other grant, no other response type.
    Revocation (RFC 7009)
        The endpoint ``revocation``: a client's own refresh token ends its family. Any other
        token changes nothing, and is answered 200 all the same.

    Whatever a parameter holds, nothing crashes: Authlib makes no error whose text has a
    quotation mark or a letter outside ASCII, so none repeats what the client sent.
    """
    server = Server()
    server.init_app(app, query_client=find_client, save_token=lambda token, request: None)
    server.register_token_generator("default", issue)
    server.register_grant(ClientCredentialsGrant)
    server.register_grant(CodeGrant, [RequiredS256()])
    server.register_grant(RefreshGrant)
    server.register_endpoint(Revocation)
    app.extensions["oauth_server"] = server


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's, which repeats a bad ``response_type`` in an error that may not hold it."""

    def get_authorization_grant(self, request: OAuth2Request) -> Any:
        if request.payload.response_type != "code":
            kind = request.payload.response_type
            raise UnsupportedResponseTypeError(kind, "only response_type=code is supported here")
        return super().get_authorization_grant(request)


class Client(ClientMixin):  # type: ignore[misc]
    """A registered client as Authlib asks for it."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.client_id

    def get_default_redirect_uri(self) -> None:
        return None  # one must be named

    def get_allowed_scope(self, scope: str | None) -> str | None:
        allowed = parse_scopes(self.row.scope)
        wanted = parse_scopes(scope or "") or allowed
        return spell_scopes(wanted) if wanted <= allowed else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.row.redirect_uris.split()

    def check_client_secret(self, client_secret: str) -> bool:
        stored = self.row.secret_hash
        return stored is not None and compare_digest(stored, fingerprint(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        public = self.row.secret_hash is None
        return method == ("none" if public else "client_secret_basic")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.row.grant_types.split()


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """The authorization code, for public clients and others."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Client) -> str:
        redirect_uri: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(redirect_uri):
            raise InvalidRequestError("redirect_uri is not one that the client has registered")
        return redirect_uri

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        agreed = parse_scopes(request.scope) & ROLE_SCOPES[request.user.role]
        db.session.add(
            OAuthCode(
                code_hash=fingerprint(code),
                client_id=request.client.get_client_id(),
                user_id=request.user.id,
                redirect_uri=request.payload.redirect_uri,
                scope=spell_scopes(agreed),
                code_challenge=request.payload.data["code_challenge"],
                expires_at=datetime.now(UTC) + CODE_LIFETIME,
                family_id=secrets.token_hex(16),
            )
        )
        db.session.commit()

    def generate_authorization_code(self) -> str:
        return new_secret()

    def query_authorization_code(self, code: str, client: Client) -> "Code | None":
        row = db.session.get(OAuthCode, fingerprint(code))
        if row is None or row.client_id != client.get_client_id():
            return None
        if row.used_at is not None:
            sessions.end_family(row.family_id)
            return None
        return Code(row) if row.expires_at > datetime.now(UTC) else None

    def authenticate_user(self, authorization_code: "Code") -> User | None:
        """Also the moment at which the code is used up: of two at once, one gets through.

        ``sessions.begin`` commits it together with the family.
        """
        row = authorization_code.row
        unused = OAuthCode.code_hash == row.code_hash, OAuthCode.used_at.is_(None)
        taken = db.session.execute(
            update(OAuthCode)
            .where(*unused)
            .values(used_at=datetime.now(UTC))
            .returning(OAuthCode.code_hash)
        ).first()
        user = db.session.get(User, row.user_id)
        if taken is None or user is None or not user.active:
            return None
        self.request.family_id = row.family_id
        return user

    def delete_authorization_code(self, authorization_code: "Code") -> None:
        """It stays, used: a second time must be noticed."""

    def generate_token(self, user: User, scope: str, include_refresh_token: bool) -> Any:
        client_id = self.client.get_client_id()
        opened = sessions.begin(user.id, scope, client_id, self.request.family_id)
        return response(opened, self.client)


class Code:
    """A stored code as Authlib asks for it."""

    def __init__(self, row: OAuthCode) -> None:
        self.row = row
        self.code_challenge = row.code_challenge
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class RequiredS256(CodeChallenge):  # type: ignore[misc]
    """PKCE for everyone. Authlib's own lets a client leave it out, or choose ``plain``."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        data: Mapping[str, str] = grant.request.payload.data
        if not data.get("code_challenge") or not data.get("code_challenge_method"):
            raise InvalidRequestError("code_challenge with code_challenge_method=S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens of the same families as our own."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "none")

    def authenticate_refresh_token(self, refresh_token: str) -> "Renewed":
        if self.request.payload.scope:
            raise InvalidScopeError("a refresh cannot change the scope")
        try:
            return Renewed(sessions.renew(refresh_token, self.client_id))
        except Unauthenticated as refusal:
            raise InvalidGrantError(refusal.message) from refusal

    @property
    def client_id(self) -> str:
        client: Client = self.request.client
        return client.get_client_id()

    def authenticate_user(self, refresh_token: "Renewed") -> User | None:
        return db.session.get(User, refresh_token.opened.user_id)

    def issue_token(self, user: User, refresh_token: "Renewed") -> dict[str, Any]:
        return response(refresh_token.opened, self.request.client)

    def revoke_old_credential(self, refresh_token: "Renewed") -> None:
        """``sessions.renew`` has."""


class Renewed:
    """An exchanged refresh token as Authlib asks for it."""

    def __init__(self, opened: sessions.Opened) -> None:
        self.opened = opened

    def check_client(self, client: Client) -> bool:
        return True  # sessions.renew has looked


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009, for refresh tokens."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "none")

    def query_token(self, token_string: str, token_type_hint: str | None) -> "Held | None":
        row = db.session.scalar(
            select(RefreshSession).where(RefreshSession.token_hash == fingerprint(token_string))
        )
        return None if row is None else Held(row)

    def authenticate_token(self, request: OAuth2Request, client: Client) -> "Held | None":
        self.check_params(request, client)
        token = self.query_token(request.form["token"], None)
        return token if token is not None and token.check_client(client) else None

    def revoke_token(self, token: "Held", request: OAuth2Request) -> None:
        sessions.end_family(token.row.family_id)


class Held:
    """A stored refresh token as Authlib asks for it."""

    def __init__(self, row: RefreshSession) -> None:
        self.row = row

    def check_client(self, client: Client) -> bool:
        return self.row.client_id == client.get_client_id()


def find_client(client_id: str) -> Client | None:
    row = db.session.get(OAuthClient, client_id)
    return None if row is None else Client(row)


def issue(client: Client, scope: str | None, **unused: Any) -> dict[str, Any]:
    """A token for the client itself."""
    allowed = client.get_allowed_scope(scope)
    if allowed is None:
        raise InvalidScopeError
    subject = CLIENT_PREFIX + client.get_client_id()
    return bearer(issue_access_token(subject, parse_scopes(allowed)), allowed)


def response(opened: sessions.Opened, client: Client) -> dict[str, Any]:
    """The tokens of a family. Also a client that cannot refresh has one: it can be ended."""
    token = issue_access_token(str(opened.user_id), parse_scopes(opened.scope), opened.family_id)
    answer = bearer(token, opened.scope)
    if client.check_grant_type("refresh_token"):
        answer["refresh_token"] = opened.refresh_token
    return answer


def bearer(access_token: str, scope: str) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": access_token,
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": scope,
    }
