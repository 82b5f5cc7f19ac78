"""An OAuth 2 server: programs of others get tokens, and never see a password.

Authlib speaks the protocol (RFC 6749, 7636, 7009); what is stored, and what is allowed, is
decided here. The tokens are our own: one issuer, one validator.
"""

from datetime import timedelta

from flask import Flask

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
