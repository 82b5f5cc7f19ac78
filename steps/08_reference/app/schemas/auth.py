"""Credentials on the wire: they come in, and never go out."""

from typing import Any

from flask_marshmallow.schema import Schema
from marshmallow import fields, pre_load, validate

from app.auth.scopes import SCOPES
from app.schemas.about import about

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 128

new_password = validate.Length(min=SHORTEST_PASSWORD, max=LONGEST_PASSWORD)


class LoginSchema(Schema):
    """``scope`` narrows what the token is good for; all that the role has, when not sent."""

    email = fields.String(
        required=True,
        validate=validate.Length(max=254),
        metadata=about("The address of the account.", "ada@example.org"),
    )
    password = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_PASSWORD),
        metadata=about("Its password.", "correct horse battery"),
    )
    scope = fields.String(
        load_default=None,
        validate=validate.Length(max=200),
        metadata=about(
            "What the token is to be good for, with spaces between; all that the role has, when"
            " not sent.",
            "books:read loans:read",
        ),
    )

    @pre_load
    def tidy(self, data: Any, **kwargs: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("email"), str):
            return data
        return {**data, "email": data["email"].strip().lower()}


class TokensSchema(Schema):
    """What somebody gets who has signed in (RFC 6749, section 5.1)."""

    access_token = fields.String(metadata=about("Send it as Authorization: Bearer.", "eyJhbGciO…"))
    token_type = fields.String(metadata=about("How to send it.", "Bearer"))
    expires_in = fields.Integer(metadata=about("Seconds until it expires.", 900))
    refresh_token = fields.String(metadata=about("Good for the next pair, once.", "Jq2…"))
    scope = fields.String(metadata=about("What it is good for.", "books:read loans:read"))


class RefreshSchema(Schema):
    """A refresh token, which is used up."""

    refresh_token = fields.String(
        required=True,
        validate=validate.Length(max=200),
        metadata=about("The one that came last.", "Jq2…"),
    )


class PasswordSchema(Schema):
    """A new password, by somebody who knows the old one."""

    current_password = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_PASSWORD),
        metadata=about("The password until now.", "correct horse battery"),
    )
    new_password = fields.String(
        required=True,
        validate=new_password,
        metadata=about("The password from now on.", "staple battery horse"),
    )


class ApiKeySchema(Schema):
    """An API key. What it is worth goes out once, beside these, with the answer that made it."""

    id = fields.Integer(dump_only=True, metadata=about("Made by the library.", 1))
    name = fields.String(
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata=about("Who uses it.", "Night report"),
    )
    scopes = fields.List(
        fields.String(),
        required=True,
        load_only=True,
        validate=[
            validate.Length(min=1),
            validate.ContainsOnly(SCOPES, error=f"choose from {', '.join(SCOPES)}"),
        ],
        metadata=about("What it is to be good for.", ["books:read"]),
    )
    prefix = fields.String(dump_only=True, metadata=about("Its public half.", "0f1e2d3c4b5a"))
    scope = fields.String(dump_only=True, metadata=about("What it is good for.", "books:read"))
    expires_at = fields.AwareDateTime(
        dump_only=True, metadata=about("Until when.", "2026-05-31T10:00:00+00:00")
    )


class NewApiKeySchema(ApiKeySchema):
    """An API key with what it is worth, shown once."""

    key = fields.String(
        dump_only=True, metadata=about("Send it as X-API-Key.", "0f1e2d3c4b5a.Jq2…")
    )


class GrantSchema(Schema):
    """What a program sends for its tokens (RFC 6749). Its secret goes into the header, not here."""

    grant_type = fields.String(
        required=True,
        validate=validate.OneOf(["client_credentials", "authorization_code", "refresh_token"]),
        metadata=about("What the program has to offer.", "client_credentials"),
    )
    client_id = fields.String(metadata=about("The program, if it has no secret.", "Nightly"))
    scope = fields.String(metadata=about("What it wants.", "books:read"))
    code = fields.String(metadata=about("What came back with the person.", "Jq2…"))
    redirect_uri = fields.String(
        metadata=about("Where to, as before.", "https://app.example.org/back")
    )
    code_verifier = fields.String(metadata=about("RFC 7636.", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r"))
    refresh_token = fields.String(metadata=about("The one that came last.", "Jq2…"))


class ProgramTokensSchema(Schema):
    """What a program gets. A refresh token only where it acts for a person."""

    access_token = fields.String(metadata=about("Send it as Authorization: Bearer.", "eyJhbGciO…"))
    token_type = fields.String(metadata=about("How to send it.", "Bearer"))
    expires_in = fields.Integer(metadata=about("Seconds until it expires.", 900))
    scope = fields.String(metadata=about("What it is good for.", "books:read"))


class RevocationSchema(Schema):
    """A token that is to end (RFC 7009)."""

    token = fields.String(required=True, metadata=about("The token.", "Jq2…"))
    token_type_hint = fields.String(metadata=about("What it is.", "refresh_token"))
    client_id = fields.String(metadata=about("The program, if it has no secret.", "Nightly"))
