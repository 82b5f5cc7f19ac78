"""The OAuth 2 endpoints: where people agree, and where programs get their tokens."""

from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
from flask import Blueprint, Response, current_app, json, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from app.auth import audit
from app.auth.browser import signed_in_user
from app.auth.errors import NotBuiltYet
from app.auth.guards import public
from app.auth.scopes import ROLE_SCOPES, parse_scopes, spell_scopes
from app.errors import ApiError
from app.openapi.contracts import reads_form, unlisted
from app.pages import page
from app.schemas.auth import GrantSchema, ProgramTokensSchema, RevocationSchema

oauth = Blueprint("oauth", __name__)

MEANINGS = {
    "books:read": "see the catalogue",
    "books:write": "change the catalogue",
    "loans:read": "see your loans",
    "loans:write": "borrow and return in your name",
    "users:read": "see who holds a card",
    "users:write": "issue cards, and make keys in your name that outlive this consent",
    "admin": "administer the library",
}

CLIENT_ERRORS = {
    400: [
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_token_type",
    ],
    401: ["invalid_client"],
}


class InvalidRequest(ApiError):
    """400, as OAuth names it."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__("invalid_request", message)


@oauth.route("/authorize", methods=["GET", "POST"])
@public
@unlisted("a page for people")
def authorize() -> ResponseReturnValue:
    server = oauth_server()
    user = signed_in_user()
    if user is None:
        session["next"] = request.full_path
        return redirect(url_for("session.show_form"), 303)
    try:
        grant = server.get_consent_grant(end_user=user)
    except OAuth2Error as error:
        return in_envelope(server.handle_error_response(None, error))
    if request.method == "POST":
        agreed = request.form.get("decision") == "allow"
        answer: Response = server.create_authorization_response(
            grant_user=user if agreed else None, grant=grant
        )
        return answer
    scopes = parse_scopes(grant.request.scope) & ROLE_SCOPES[user.role]
    wishes = [MEANINGS[scope] for scope in spell_scopes(scopes).split()]
    program = grant.request.client.row
    home = urlsplit(grant.redirect_uri).netloc
    return page("consent.html", program=program, home=home, wishes=wishes, user=user)


@oauth.post("/token")
@public
@reads_form(GrantSchema(), gives=ProgramTokensSchema(), errors=CLIENT_ERRORS)
def token() -> ResponseReturnValue:
    """Get tokens for a program (RFC 6749).

    It proves itself by HTTP Basic, client_id and secret; one that can keep no secret sends its
    client_id in the body. Errors are those of OAuth, in our envelope.
    """
    refuse_unfit_request()
    answer = in_envelope(oauth_server().create_token_response())
    body = answer.get_json(silent=True)
    if isinstance(body, dict) and body.get("error") == "invalid_grant":
        # A 400, as OAuth wants it. Yet a code or a token that comes a second time is a theft.
        address, reason = request.remote_addr, body["message"]
        audit.record("grant_refused", client=client_of_request(), address=address, reason=reason)
    return answer


@oauth.post("/revoke")
@public
@reads_form(RevocationSchema(), gives=None, errors=CLIENT_ERRORS)
def revoke() -> ResponseReturnValue:
    """Revoke a token of a program (RFC 7009).

    The program proves itself as for a token.
    """
    refuse_unfit_request()
    return in_envelope(oauth_server().create_endpoint_response("revocation"))


def refuse_unfit_request() -> None:
    # Addresses end up in logs, and these parameters are secrets: RFC 6749, section 2.3.1.
    if request.args:
        raise InvalidRequest("send the parameters in the body, not in the address")
    # Authlib takes the header apart without looking, and would crash.
    sent = request.headers.get("Authorization")
    if sent is not None and not is_readable(sent):
        raise InvalidRequest("the header Authorization cannot be read")


def is_readable(authorization: str) -> bool:
    """Whether it is a scheme and credentials; those of ``Basic`` in Base64 and UTF-8."""
    in_two_parts = authorization.isascii() and len(authorization.split()) == 2
    return in_two_parts and request.authorization is not None


def client_of_request() -> str | None:
    """The program that asks: by Basic, or by name where it has no secret."""
    basic = request.authorization
    return request.form.get("client_id") if basic is None else basic.username


def oauth_server() -> Any:
    if "oauth_server" not in current_app.extensions:
        raise NotBuiltYet("3.6")
    return current_app.extensions["oauth_server"]


def in_envelope(response: Response) -> Response:
    """An error as OAuth wants it (RFC 6749, 5.2), and as our clients know it, in one body."""
    body = response.get_json(silent=True)
    if response.status_code >= 400 and isinstance(body, dict):
        message = body.get("error_description") or body["error"].replace("_", " ")
        body |= {"code": body["error"], "message": message, "details": []}
        response.set_data(json.dumps(body))
    return response
