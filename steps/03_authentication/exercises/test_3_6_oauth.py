"""Exercise 3.6: programs of others get a token for just what somebody agreed to."""

import base64
import hashlib
import itertools
import json
import secrets
from html import unescape
from re import findall
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

SITE = "https://localhost"
OAUTH = "/api/v1/oauth"
SESSION = "/api/v1/session"
CALLBACK = "https://shelf.example.org/callback?tenant=7"


def register(scope: str, grant_types: str, redirect_uris: str, public: bool) -> dict[str, object]:
    import world

    return world.add_client(scope, redirect_uris, grant_types, public)


def account() -> dict[str, object]:
    import world

    return world.account("member")


def close_account(user_id: int) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    db.session.execute(users.update().where(users.c.id == user_id).values(active=False))
    db.session.commit()


def promote(user_id: int) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    db.session.execute(users.update().where(users.c.id == user_id).values(role="admin"))
    db.session.commit()


def age_codes(seconds: int) -> None:
    from datetime import timedelta

    from sqlalchemy import select

    import world
    from app.extensions import db

    codes = world.table("oauth_codes")
    for moment in db.session.scalars(select(codes.c.expires_at)).all():
        moved = moment - timedelta(seconds=seconds)
        db.session.execute(codes.update().values(expires_at=moved))
    db.session.commit()


def somebody_is_faster() -> None:
    """Have somebody else exchange the code right before it is marked as used."""
    import world

    world.slip_in("UPDATE oauth_codes", "UPDATE oauth_codes SET used_at = CURRENT_TIMESTAMP")


def found_in_database(texts: list[str]) -> list[str]:
    """Which of these stand in the bytes of the database, wherever they are."""
    from app.extensions import db

    data = db.session.connection().connection.driver_connection.serialize()
    return [text for text in texts if text.encode() in data]


def shop(inside, scope="books:read loans:read", public=False, callback=CALLBACK):
    """A program that people let in."""
    return inside(register, scope, "authorization_code refresh_token", callback, public)


def machine(inside, scope="books:read loans:read"):
    """A program that acts for itself."""
    return inside(register, scope, "client_credentials", "", False)


def send(client, path, data, who=None):
    """What a program sends to the server: by Basic with a secret, else by name."""
    if who is not None and who["client_secret"] is None:
        data = {**data, "client_id": who["client_id"]}
        who = None
    auth = (who["client_id"], who["client_secret"]) if who else None
    return client.post(f"{OAUTH}/{path}", data=data, auth=auth, base_url=SITE)


def error_of(answer):
    return body_of(answer).get("error")


def assert_refused(answer, errors, what):
    assert answer.status_code >= 400, f"{what} was answered {answer.status_code}"
    assert error_of(answer) in errors, f"{what}: refused, but as {error_of(answer)!r}"
    assert {"code", "message", "details"} <= body_of(answer).keys(), f"{what}: not in the envelope"


def body_of(answer):
    """The JSON object in an answer; nothing where there is none."""
    body = answer.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def read(token):
    assert str(token).count(".") == 2, (
        f"the access token is {token!r}: ours come from issue_access_token, for one validator"
    )
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def ask(client, token, path="/api/v1/books"):
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


class Browser:
    """Somebody at a screen: fills in the form that a page has shown, hidden fields and all.

    What is hidden is the same for all forms of a session. So a form can be sent also where no
    page shows one: it is refused for what it says, and not for what it lacks.
    """

    def __init__(self, client):
        self.client, self.hidden = client, {}

    def sign_in(self, user):
        self.submit(SESSION, email=user["email"], password=user["password"])
        self.hidden = {}  # of the session before
        return self

    def submit(self, path, **fields):
        if not self.hidden:
            page = self.client.get(path, base_url=SITE)
            hidden = findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
            self.hidden = {name: unescape(value) for name, value in hidden}
        headers = {"Referer": SITE + path}
        fields |= self.hidden
        return self.client.post(path, data=fields, headers=headers, base_url=SITE)

    def ask(self, **parameters):
        return self.client.get(f"{OAUTH}/authorize", query_string=parameters, base_url=SITE)

    def answer(self, parameters, decision="allow"):
        return self.submit(f"{OAUTH}/authorize?{urlencode(parameters)}", decision=decision)


class Flow:
    """One authorization: what the program prepares, and what comes of it."""

    def __init__(self, shop, **changes):
        self.shop = shop
        self.verifier = secrets.token_urlsafe(40)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        self.parameters = {
            "response_type": "code",
            "client_id": shop["client_id"],
            "redirect_uri": CALLBACK,
            "scope": "books:read",
            "state": secrets.token_urlsafe(6),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **changes,
        }
        self.parameters = {name: text for name, text in self.parameters.items() if text is not None}

    def agree(self, browser):
        answer = browser.answer(self.parameters)
        returned = returned_to(answer)
        assert "code" in returned, (
            f"somebody agreed, and the answer was {answer.status_code} without a code: {returned}"
        )
        self.code = returned["code"]
        self.state = returned.get("state")
        return self

    def exchange(self, client, **changes):
        data = {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **changes,
        }
        data = {name: text for name, text in data.items() if text is not None}
        return send(client, "token", data, self.shop)

    def tokens(self, client):
        """What a good code is exchanged for, by a program that may refresh."""
        answer = self.exchange(client)
        assert answer.status_code == 200, f"a good code was answered {answer.status_code}"
        body = body_of(answer)
        missing = [name for name in ("access_token", "refresh_token") if name not in body]
        assert missing == [], f"the answer to a good code lacks {' and '.join(missing)}"
        return body


def returned_to(answer, callback=CALLBACK):
    """The parameters that the program gets back; empty where the browser is not sent there."""
    location = answer.headers.get("Location", "")
    if answer.status_code not in {302, 303} or not location.startswith(callback):
        return {}
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@pytest.fixture
def browser(anonymous, inside):
    return Browser(anonymous).sign_in(inside(account))


def test_a_program_gets_a_token_of_its_own(anonymous, inside):
    program = machine(inside)
    answer = send(anonymous, "token", {"grant_type": "client_credentials"}, program)

    assert answer.status_code == 200, (
        f"a program with the right secret asked for a token and was answered {answer.status_code}"
    )
    body = body_of(answer)
    assert body.get("token_type") == "Bearer", f"the token_type is {body.get('token_type')}"
    assert body.get("expires_in") == 900, (
        f"expires_in is {body.get('expires_in')}: access tokens live for fifteen minutes"
    )
    assert "refresh_token" not in body, "who has a secret needs no refresh token"
    assert set(str(body.get("scope")).split()) == {"books:read", "loans:read"}, (
        "not named: all it may have"
    )
    claims = read(body.get("access_token"))
    assert claims["sub"] == f"client:{program['client_id']}", "the token speaks for somebody else"
    assert ask(anonymous, body["access_token"]).status_code == 200, "our own validator refuses it"
    assert answer.headers.get("Cache-Control") == "no-store", "a token must not be cached"


def test_no_scope_beyond_the_registered(anonymous, inside):
    program = machine(inside)
    for scope in ("books:read admin", "books:write", "admin", "books:read unknown", "books"):
        data = {"grant_type": "client_credentials", "scope": scope}
        answer = send(anonymous, "token", data, program)
        assert_refused(answer, {"invalid_scope"}, f"a program asking for {scope!r}")
    data = {"grant_type": "client_credentials", "scope": "loans:read"}
    body = body_of(send(anonymous, "token", data, program))
    assert body.get("scope") == "loans:read", f"asked for less, it got {body.get('scope')!r}"
    assert read(body.get("access_token"))["scope"] == "loans:read", (
        "the token says more than asked for"
    )


def test_a_program_must_prove_who_it_is(anonymous, inside):
    program = machine(inside)
    public = inside(register, "books:read", "client_credentials", "", True)
    data = {"grant_type": "client_credentials"}
    made_up = secrets.token_urlsafe(24)
    stored = hashlib.sha256(program["client_secret"].encode()).hexdigest()
    liars = {
        "a wrong secret": {**program, "client_secret": made_up},
        "what is stored of its secret": {**program, "client_secret": stored},
        "the beginning of its secret": {**program, "client_secret": program["client_secret"][:-1]},
        "its secret and more": {**program, "client_secret": program["client_secret"] + "A"},
        "an unknown name": {**program, "client_id": secrets.token_hex(5)},
        "somebody else's name": {**program, "client_id": shop(inside)["client_id"]},
    }
    for what, who in liars.items():
        answer = send(anonymous, "token", data, who)
        assert_refused(answer, {"invalid_client"}, f"a program with {what}")
        assert answer.status_code == 401, f"a program with {what} is not known: 401"
    allowed = {"invalid_client", "unauthorized_client"}
    named = {**data, "client_id": program["client_id"]}
    assert_refused(send(anonymous, "token", named), allowed, "a program without its secret")
    assert_refused(send(anonymous, "token", data, public), allowed, "a public program")
    bold = {**public, "client_secret": made_up}
    assert_refused(send(anonymous, "token", data, bold), allowed, "a public one, with any secret,")
    assert_refused(send(anonymous, "token", data, shop(inside)), allowed, "a grant not registered")


def test_people_let_a_program_in(anonymous, inside):
    user = inside(account)
    browser, flow = Browser(anonymous).sign_in(user), Flow(shop(inside))
    page = browser.ask(**flow.parameters)
    assert page.status_code == 200, f"the consent page answered {page.status_code}"
    assert "see the catalogue" in page.text, "the page does not say what the program could do"
    assert "see your loans" not in page.text, "the page names what the program did not ask for"

    flow.agree(browser)
    assert flow.state == flow.parameters["state"], "the program's state did not come back"
    body = flow.tokens(anonymous)
    claims = read(body["access_token"])
    assert claims["sub"] == str(user["id"]), "the token speaks for somebody else"
    assert claims["scope"] == body.get("scope") == "books:read", (
        "the token says more than was agreed"
    )
    assert ask(anonymous, body["access_token"]).status_code == 200, "our own validator refuses it"
    status = ask(anonymous, body["access_token"], "/api/v1/loans").status_code
    assert status == 403, f"the token was used for what nobody agreed to: {status}"


def test_nobody_agrees_to_what_the_page_did_not_show(anonymous, inside):
    user = inside(account)
    browser, flow = Browser(anonymous).sign_in(user), Flow(shop(inside, "books:read admin"))
    flow.parameters["scope"] = "admin books:read"
    flow.agree(browser)
    nothing = Flow(shop(inside, "admin"), scope="admin")
    nothing.code = returned_to(browser.answer(nothing.parameters)).get("code", "none given")
    wider = Flow(shop(inside)).agree(browser)
    inside(promote, user["id"])
    tokens = flow.tokens(anonymous)
    empty = body_of(nothing.exchange(anonymous))

    scope = read(tokens["access_token"])["scope"]
    assert scope == "books:read", (
        f"a member agreed, the page showed books:read, and the token says {scope!r}: on the day"
        " they become an admin, the program is one too"
    )
    assert tokens.get("scope") == scope, "the answer promises another scope than the token has"
    status = ask(anonymous, tokens["access_token"], "/api/v1/admin/stats").status_code
    assert status == 403, f"the program administers the library: {status}"
    wider = body_of(wider.exchange(anonymous, scope="books:read loans:read"))
    if "access_token" in wider:  # else it was refused, which is as good
        scope = read(wider["access_token"])["scope"]
        assert scope == "books:read", (
            f"somebody agreed to books:read, the program named more when it sent the code, and the"
            f" token says {scope!r}: what was agreed is in the code"
        )
    if "access_token" in empty:  # the same
        scope = read(empty["access_token"])["scope"]
        assert scope == "", (
            f"of admin alone, all that was asked for, a member can give nothing; the token says"
            f" {scope!r}: for a client that asks, no scope means all, but not for what was agreed"
        )


def test_a_refusal_gives_no_code(browser, inside):
    flow = Flow(shop(inside))
    returned = returned_to(browser.answer(flow.parameters, decision="deny"))

    assert returned.get("error") == "access_denied", "the program is not told that it was refused"
    assert "code" not in returned, "somebody refused, and the program got a code"
    state = flow.parameters["state"]
    assert returned.get("state") == state, "a refusal brings the program's state back, too"


def test_strangers_sign_in_first(anonymous, inside):
    flow = Flow(shop(inside))
    answer = Browser(anonymous).ask(**flow.parameters)

    assert returned_to(answer) == {}, "somebody who is not signed in was sent back at once"
    assert SESSION in answer.headers.get("Location", ""), "who is not signed in is sent to the form"


def test_pkce_is_for_everybody(browser, inside):
    changes = {
        "no challenge": {"code_challenge": None, "code_challenge_method": None},
        "no method, which means plain": {"code_challenge_method": None},
        "the method plain": {"code_challenge_method": "plain"},
        "a method without a challenge": {"code_challenge": None},
        "a challenge that is too short": {"code_challenge": "short"},
    }
    public, confidential = shop(inside, public=True), shop(inside)
    Flow(public).agree(browser)
    for what, program in itertools.product(changes, (public, confidential)):
        flow = Flow(program, **changes[what])
        asked = browser.ask(**flow.parameters)
        assert asked.status_code != 200, f"with {what} the consent page was shown"
        answered = browser.answer(flow.parameters)
        for answer in (asked, answered):
            assert "code" not in returned_to(answer), f"with {what} a code was given"
        error = returned_to(asked).get("error")
        assert error == "invalid_request", f"with {what} the program is not told: it gets {error}"


def test_the_verifier_must_fit(browser, anonymous, inside):
    public, confidential = shop(inside, public=True), shop(inside)
    for program in (public, confidential):
        wrong = {
            "another verifier": secrets.token_urlsafe(40),
            "no verifier": None,
            "the challenge": "challenge",
        }
        for what, verifier in wrong.items():
            flow = Flow(program).agree(browser)
            given = flow.parameters["code_challenge"] if verifier == "challenge" else verifier
            answer = flow.exchange(anonymous, code_verifier=given)
            assert_refused(answer, {"invalid_grant", "invalid_request"}, f"a code with {what}")
        assert Flow(program).agree(browser).exchange(anonymous).status_code == 200, "the right one"


def test_the_address_is_the_registered_one_to_the_letter(browser, anonymous, inside):
    program = shop(inside)
    right = Flow(program).agree(browser)
    foreign = [
        "https://evil.example.org/callback",
        CALLBACK + "&more=1",
        CALLBACK.replace("?tenant=7", ""),
        CALLBACK.replace("https", "http"),
        CALLBACK.upper(),
        CALLBACK + "#fragment",
        CALLBACK.replace("shelf.example.org", "shelf.example.org@evil.example.org"),
        CALLBACK + "/../other",
        CALLBACK + "/",
        CALLBACK + " ",
        CALLBACK.replace(".org/", ".org:443/"),
        CALLBACK.replace("tenant", "%74enant"),
        "javascript:alert(1)",
        'https://shelf.example.org/"é',
        None,
    ]
    for uri in foreign:
        flow = Flow(program, redirect_uri=uri)
        for answer in (browser.ask(**flow.parameters), browser.answer(flow.parameters)):
            assert answer.status_code == 400, (
                f"redirect_uri={uri} was answered {answer.status_code}: it is not the registered"
                " one, and nothing may be sent there, not even an error"
            )
    for uri in ("https://evil.example.org/callback", None):
        answer = right.exchange(anonymous, redirect_uri=uri)
        assert_refused(answer, {"invalid_grant"}, f"a code exchanged with redirect_uri={uri}")


def test_a_replayed_code_takes_everything_back(browser, anonymous, inside):
    flow = Flow(shop(inside, public=True)).agree(browser)
    tokens = flow.tokens(anonymous)
    later = Flow(flow.shop).agree(browser)
    other = later.tokens(anonymous)

    assert_refused(flow.exchange(anonymous), {"invalid_grant"}, "a code that was used before")
    status = ask(anonymous, tokens["access_token"]).status_code
    assert status == 401, (
        f"after the replay the first access token was answered {status}: the code was stolen, and"
        " nobody knows who came first"
    )
    data = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = send(anonymous, "token", data, flow.shop)
    assert_refused(answer, {"invalid_grant"}, "the refresh token after the replay")
    status = ask(anonymous, other["access_token"]).status_code
    assert status == 200, f"a token of another code was answered {status}: it is innocent"
    inside(age_codes, 61)
    assert_refused(later.exchange(anonymous), {"invalid_grant"}, "a used code of a minute ago")
    status = ask(anonymous, other["access_token"]).status_code
    assert status == 401, (
        "a code was used, expired, and came again, and the access token that it was exchanged for"
        f" was answered {status}: who looks at the time first overlooks the theft"
    )

    short = inside(register, "books:read", "authorization_code", CALLBACK, False)
    flow = Flow(short).agree(browser)
    tokens = body_of(flow.exchange(anonymous))
    assert "access_token" in tokens, "a client without the grant refresh_token has no access token"
    assert "refresh_token" not in tokens, "a client without that grant got a refresh token"
    assert ask(anonymous, tokens["access_token"]).status_code == 200, "before the replay"
    assert_refused(flow.exchange(anonymous), {"invalid_grant"}, "a code that was used before")
    status = ask(anonymous, tokens["access_token"]).status_code
    assert status == 401, (
        f"after the replay the access token of a client that cannot refresh was answered {status}:"
        " it needs a family too, or nobody can take it back"
    )


def test_whoever_comes_second_gets_nothing(browser, anonymous, inside, source):
    flow = Flow(shop(inside, public=True)).agree(browser)
    inside(somebody_is_faster)
    status = flow.exchange(anonymous).status_code

    # Who locks the row cannot be overtaken. SQLite has no such locks, so this was a false alarm.
    locked = "with_for_update" in source("app/auth/oauth.py").text
    assert locked or status == 400, (
        "between your look at the code and your write somebody else exchanged it, and yours was"
        f" answered {status}; PostgreSQL does not queue its writers as SQLite does"
    )


def test_a_code_is_for_one_client_and_one_minute(browser, anonymous, inside):
    program, other = shop(inside), shop(inside)
    flow = Flow(program).agree(browser)
    flow.shop = other
    assert_refused(flow.exchange(anonymous), {"invalid_grant"}, "the code of another program")
    flow.shop = program
    answer = flow.exchange(anonymous)
    assert answer.status_code == 200, (
        f"another program tried a code, and the one that it was made for was answered"
        f" {answer.status_code}: what others do changes nothing"
    )
    tokens = body_of(answer)
    flow.shop = other
    assert_refused(flow.exchange(anonymous), {"invalid_grant"}, "another program's used code")
    status = ask(anonymous, tokens.get("access_token")).status_code
    assert status == 200, (
        f"a used code was sent by a program that it was not made for, and the token of the one"
        f" that it was made for was answered {status}"
    )

    flow = Flow({**program, "client_secret": None}).agree(browser)
    answer = flow.exchange(anonymous)
    assert_refused(answer, {"invalid_client"}, "a code, sent by a program that hides its secret,")
    flow = Flow(program).agree(browser)
    inside(age_codes, 50)
    assert flow.exchange(anonymous).status_code == 200, "a code of fifty seconds ago"
    flow = Flow(program).agree(browser)
    inside(age_codes, 61)
    assert_refused(flow.exchange(anonymous), {"invalid_grant"}, "a code of a minute ago")


def test_a_closed_account_gives_nothing(anonymous, inside):
    user = inside(account)
    flow = Flow(shop(inside)).agree(Browser(anonymous).sign_in(user))
    inside(close_account, user["id"])

    answer = flow.exchange(anonymous)
    assert_refused(answer, {"invalid_grant"}, "the code of somebody whose account was closed")


def test_refresh_tokens_rotate_here_too(browser, anonymous, inside):
    program, other = shop(inside, public=True), shop(inside, public=True)
    first = Flow(program).agree(browser).tokens(anonymous)
    data = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    for scope in ("books:read", "books:read admin"):
        answer = send(anonymous, "token", {**data, "scope": scope}, program)
        assert_refused(answer, {"invalid_scope"}, f"a refresh with scope={scope}")
    answer = send(anonymous, "token", data, other)
    assert_refused(answer, {"invalid_grant"}, "the refresh token of another program")
    answer = send(anonymous, "token", data, program)
    assert answer.status_code == 200, f"a refresh was answered {answer.status_code}"
    second = body_of(answer)
    fresh = second.get("refresh_token") not in {None, first["refresh_token"]}
    assert fresh, "the refresh token stayed the same, or none came"
    assert second.get("scope") == "books:read", "the refresh changed the scope"
    answer = send(anonymous, "token", data, program)
    assert_refused(answer, {"invalid_grant"}, "a refresh token that was used before")
    status = ask(anonymous, second.get("access_token")).status_code
    assert status == 401, f"after the reuse a token of the family was answered {status}"

    user = inside(account)
    said = {"email": user["email"], "password": user["password"]}
    own = body_of(anonymous.post("/api/v1/auth/login", json=said)).get("refresh_token")
    assert own, "somebody who signs in here gets no refresh token (3.3)"
    answer = send(anonymous, "token", {**data, "refresh_token": own}, program)
    assert_refused(answer, {"invalid_grant"}, "the refresh token of somebody who signed in here")

    confidential = shop(inside)
    tokens = Flow(confidential).agree(browser).tokens(anonymous)
    data = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answer = send(anonymous, "token", data, {**confidential, "client_secret": "wrong"})
    assert_refused(answer, {"invalid_client"}, "a refresh with a wrong secret")
    status = send(anonymous, "token", data, confidential).status_code
    assert status == 200, f"a program with a secret refreshed and was answered {status}"


def test_a_program_can_give_its_tokens_back(browser, anonymous, inside):
    program, other = shop(inside), shop(inside)
    tokens = Flow(program).agree(browser).tokens(anonymous)
    data = {"token": tokens["refresh_token"]}

    assert send(anonymous, "revoke", data, other).status_code == 200, "another program asks: 200"
    assert ask(anonymous, tokens["access_token"]).status_code == 200, "another program revoked it"
    answer = send(anonymous, "revoke", data, {**program, "client_secret": "wrong"})
    assert_refused(answer, {"invalid_client"}, "a revocation with a wrong secret")
    assert send(anonymous, "revoke", {"token": "unknown"}, program).status_code == 200, (
        "unknown: 200"
    )
    assert send(anonymous, "revoke", data, program).status_code == 200, "its own token: 200"
    status = ask(anonymous, tokens["access_token"]).status_code
    assert status == 401, f"after the revocation the access token was answered {status}"

    public = shop(inside, public=True)
    tokens = Flow(public).agree(browser).tokens(anonymous)
    answer = send(anonymous, "revoke", {"token": tokens["refresh_token"]}, public)
    status = ask(anonymous, tokens["access_token"]).status_code
    assert (answer.status_code, status) == (200, 401), "a public program gave its tokens back"


def test_what_is_not_offered_is_refused(browser, anonymous, inside):
    program, user = shop(inside), inside(account)
    password = {"username": user["email"], "password": user["password"]}
    for grant in ("password", "implicit", "", "client_credentials'\"é"):
        answer = send(anonymous, "token", {"grant_type": grant, **password}, program)
        errors = {"unsupported_grant_type", "invalid_request", "unauthorized_client"}
        assert_refused(answer, errors, f"grant_type={grant}")
    Flow(program).agree(browser)
    for kind in ("token", "id_token", "code token", '"é', None):
        flow = Flow(program, response_type=kind)
        for answer in (browser.ask(**flow.parameters), browser.answer(flow.parameters)):
            assert answer.status_code < 500, f"response_type={kind} crashed the server"
            returned = returned_to(answer)
            assert not {"code", "access_token"} & returned.keys(), (
                f"response_type={kind} gave something"
            )
    service = inside(register, "books:read", "client_credentials", CALLBACK, False)
    flow = Flow(service)
    for answer in (browser.ask(**flow.parameters), browser.answer(flow.parameters)):
        refused = 400 <= answer.status_code < 500 or "error" in returned_to(answer)
        assert refused, (
            f"a program without the grant authorization_code was answered {answer.status_code}"
        )
        assert "code" not in returned_to(answer), "a program got a code without that grant"


def test_no_secret_stands_in_the_database(browser, anonymous, inside):
    program = shop(inside)
    flow = Flow(program).agree(browser)
    assert len(flow.code) >= 43, f"a code of {len(flow.code)} characters is no new_secret()"
    kept = [program["client_secret"], flow.code, flow.verifier]
    tokens = flow.tokens(anonymous)
    kept += [tokens["access_token"], tokens["refresh_token"]]

    assert inside(found_in_database, kept) == [], (
        "a secret stands in the bytes of the database as it is: who reads a back-up could use it"
    )
    assert inside(found_in_database, [program["client_id"]]) != [], "this check looks at nothing"
