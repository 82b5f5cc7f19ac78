"""Exercise 3.4: what nobody opened is shut; role, scope and ownership decide on the rest."""

import secrets
from re import findall

import pytest

API = "/api/v1"

# What each endpoint demands. Written down a second time on purpose: this is the review.
DEMANDS = {
    "books.list_books": ["books:read"],
    "books.get_book": ["books:read"],
    "books.add_book": ["books:write"],
    "books.replace_book": ["books:write"],
    "books.remove_book": ["books:write"],
    "authors.list_authors": ["books:read"],
    "authors.get_author": ["books:read"],
    "authors.add_author": ["books:write"],
    "copies.list_copies": ["books:read"],
    "copies.get_copy": ["books:read"],
    "copies.add_copy": ["books:write"],
    "copies.remove_copy": ["books:write"],
    "loans.list_loans": ["loans:read"],
    "loans.get_loan": ["loans:read"],
    "loans.lend": ["loans:write"],
    "loans.give_back": ["loans:write"],
    "loans.read_history": ["loans:read", "users:read"],
    "users.list_users": ["users:read"],
    "users.get_user": ["users:read"],
    "users.add_user": ["users:write"],
    "api_keys.list_keys": ["users:write"],
    "api_keys.add_key": ["users:write"],
    "api_keys.rotate_key": ["users:write"],
    "api_keys.remove_key": ["users:write"],
    "admin.show_stats": ["admin"],
    "admin.show_overdue": ["admin"],
    "users.get_myself": [],
    "users.change_my_password": [],
    "auth.logout": [],
}
SCOPES = sorted({scope for scopes in DEMANDS.values() for scope in scopes})


def routes() -> list[list[str]]:
    """Endpoint, method and an address of every route of the app's own."""
    from flask import current_app

    found = []
    for rule in current_app.url_map.iter_rules():
        if current_app.view_functions[rule.endpoint].__module__ in {"world", "builtins"}:
            continue
        values = dict.fromkeys(rule.arguments, 1)
        path = rule.build(values, append_unknown=False)
        if path is not None:
            found += [[rule.endpoint, method, path[1]] for method in rule.methods - {"OPTIONS"}]
    return sorted(found)


def tokens_of_an_admin(scopes: list[list[str]]) -> list[dict[str, str]]:
    import world

    return [world.bearer(str(world.person("admin")), " ".join(names)) for names in scopes]


def tokens_of_the_house(scopes: list[list[str]]) -> list[dict[str, str]]:
    import world

    subject = f"client:{world.house()}"
    return [world.bearer(subject, " ".join(names)) for names in scopes]


def token_of(role: str, scope: str) -> dict[str, str]:
    import world

    return world.bearer(str(world.person(role)), scope)


def expired_token() -> dict[str, str]:
    import world

    made = world.token(sub=str(world.person("librarian")), scope=world.EVERYTHING, exp_in=-1)
    return {"Authorization": f"Bearer {made}"}


def plant() -> None:
    """Routes that somebody wrote in a hurry: without a guard."""
    from flask import Blueprint, current_app
    from flask.views import MethodView

    class Report(MethodView):
        def get(self) -> dict[str, str]:
            return {"secret": "report"}

    def view() -> dict[str, str]:
        return {"secret": "view"}

    def login() -> dict[str, str]:  # not the view that is public
        return {"secret": "namesake"}

    plugin = Blueprint("plugin", __name__)
    plugin.add_url_rule("/planted/blueprint", "list_static", view)  # not the endpoint "static"
    current_app.add_url_rule("/planted/view", "planted_view", view)
    current_app.add_url_rule("/planted/namesake", "planted_login", login)
    current_app.add_url_rule("/planted/report", "static_report", view)
    current_app.add_url_rule("/statics", "planted_statics", view)
    current_app.add_url_rule("/planted/class", view_func=Report.as_view("planted_class"))
    current_app.add_url_rule("/planted/options", "planted_options", view, methods=["OPTIONS"])
    current_app.register_blueprint(plugin)


def plant_a_marked_one() -> list[object]:
    from flask import current_app

    from app.auth.guards import public, requires

    def view(number: int) -> dict[str, int]:
        """Says it."""
        return {"number": number}

    marked = requires("books:read", "loans:read")(view)
    current_app.add_url_rule("/planted/both/<int:number>", "both", marked)
    piece = requires("books")(lambda: {"piece": True})  # nobody has it: it is no books:read
    current_app.add_url_rule("/planted/piece", "piece", piece)
    opened = public(lambda: {"open": True})
    current_app.add_url_rule("/planted/open", "open", opened)
    return [marked(number=7), marked.__name__, marked.__doc__]


def loans_of_two() -> dict[str, int]:
    import world

    mine, other = world.person("member"), world.add_user()
    return {
        "me": mine,
        "other": other,
        "my_loan": world.add_loan(user_id=mine),
        "their_loan": world.add_loan(user_id=other),
        "copy": world.add_copy(),
        "another_copy": world.add_copy(),
    }


def granted_to(role: str) -> list[str]:
    """What a principal of this role may use whose credential has every scope."""
    import world
    from app.auth.guards import granted
    from app.auth.principal import Principal
    from app.models import User

    scopes = frozenset(world.EVERYTHING.split())
    return sorted(granted(Principal("1", scopes, User(role=role))))


def set_admin_key(key: str) -> None:
    import world

    world.set_config(ADMIN_KEY=key)


def set_role(role: str, becomes: str) -> None:
    import world
    from app.extensions import db

    users = world.table("users")
    person = world.person(role)
    db.session.execute(users.update().where(users.c.id == person).values(role=becomes))
    db.session.commit()


def body_of(answer):
    """The JSON object in an answer; nothing where there is none, as after HEAD."""
    body = answer.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def code_of(answer):
    return body_of(answer).get("code")


def said_by(answer):
    """The status, and in whose words: where a part is still open, they name its exercise."""
    words = body_of(answer).get("message")
    return f"{answer.status_code} ({words})" if words else str(answer.status_code)


def guarded(found):
    return [route for route in found if route[0] in DEMANDS]


def test_no_route_of_the_api_answers_strangers(anonymous, inside):
    for endpoint, method, path in guarded(inside(routes)):
        answer = anonymous.open(path, method=method)
        assert answer.status_code == 401, (
            f"{method} {path} ({endpoint}) answered somebody without credentials with"
            f" {said_by(answer)}"
        )


def test_every_route_was_thought_of(inside):
    public = {"auth.login", "auth.refresh", "static", "desk", "oauth", "session"}
    endpoints = {endpoint for endpoint, _, _ in inside(routes)}
    unknown = [
        name
        for name in sorted(endpoints - DEMANDS.keys())
        if not {name, name.split(".")[0]} & public
    ]
    assert unknown == [], "a route of which this test knows nothing: say here what it demands"


def test_the_right_scopes_are_enough_and_needed(anonymous, inside):
    demands = [scopes for scopes in DEMANDS.values() if scopes]
    unique = [list(each) for each in sorted({tuple(scopes) for scopes in demands})]
    right = dict(zip(map(tuple, unique), inside(tokens_of_an_admin, unique), strict=True))
    cases = [(scopes, lacking) for scopes in unique for lacking in scopes]
    wrong = dict(
        zip(
            [(tuple(scopes), lacking) for scopes, lacking in cases],
            inside(
                tokens_of_an_admin,
                [[scope for scope in SCOPES if scope != lacking] for _, lacking in cases],
            ),
            strict=True,
        )
    )

    for endpoint, method, path in guarded(inside(routes)):
        needed = tuple(DEMANDS[endpoint])
        for lacking in needed:
            answer = anonymous.open(path, method=method, headers=wrong[needed, lacking])
            assert answer.status_code == 403, (
                f"{method} {path} let a token without {lacking} pass ({answer.status_code})"
            )
            challenge = answer.headers.get("WWW-Authenticate", "")
            assert "insufficient_scope" in challenge, (
                f"{path}: a 403 for scope says so in the header"
            )
            named = "".join(findall(r'scope="([^"]*)"', challenge)).split()
            assert sorted(named) == sorted(needed), f"{path}: the header names the required scopes"
            if method != "HEAD":
                assert code_of(answer) == "insufficient_scope", (
                    f"{path}: the code of a missing scope"
                )
        if needed:
            status = anonymous.open(path, method=method, headers=right[needed]).status_code
            assert status not in {401, 403}, (
                f"{method} {path} answered {status} to a token with just {' and '.join(needed)}"
            )
        else:  # a token for each: one of these logs out
            (nothing,) = inside(tokens_of_an_admin, [[]])
            status = anonymous.open(path, method=method, headers=nothing).status_code
            assert status not in {401, 403}, (
                f"{method} {path} answered {status} to a token without scopes: requires() demands"
                " valid credentials and nothing more"
            )


def test_an_expired_token_opens_nothing(anonymous, inside):
    headers = inside(expired_token)

    for _, method, path in guarded(inside(routes)):
        status = anonymous.open(path, method=method, headers=headers).status_code
        assert status == 401, f"{method} {path} answered {status} to an expired token"
    status = anonymous.post(f"{API}/auth/login", headers=headers).status_code
    assert status == 415, (
        f"a login with an expired token in the header was answered {status}: what is public asks"
        " nobody who they are, or whoever needs a new token is refused for the old one"
    )


PLANTED = {
    "/planted/view": "a new view",
    "/planted/class": "a new class of views",
    "/planted/blueprint": "a new view of a blueprint",
    "/planted/namesake": "a new view, a function called login as one that is public,",
    "/planted/report": "a new view, whose endpoint is static_report,",
    "/statics": "a new view, at /statics,",
}


@pytest.mark.parametrize("path", PLANTED)
def test_a_route_that_nobody_opened_is_shut(anonymous, client, inside, path):
    inside(plant)

    status = anonymous.get(path).status_code
    assert status == 401, f"{PLANTED[path]} without a guard answered a stranger with {status}"
    answer = client.get(path)
    assert (answer.status_code, code_of(answer)) == (403, "access_denied"), (
        "a new view without a guard: shut for everybody, whatever their scopes, until somebody says"
        " who may use it"
    )


def test_a_mark_changes_nothing_but_who_may(anonymous, inside):
    result, name, doc = inside(plant_a_marked_one)
    assert [result, name, doc] == [{"number": 7}, "view", "Says it."], "requires() changed the view"

    assert anonymous.get("/planted/open").status_code == 200, "a public view turned a stranger away"
    both, one = inside(tokens_of_the_house, [["books:read", "loans:read"], ["books:read"]])
    assert anonymous.get("/planted/both/3", headers=one).status_code == 403, "one scope of two"
    assert anonymous.get("/planted/both/3", headers=both).json == {"number": 3}, "both scopes"
    piece = anonymous.get("/planted/piece", headers=both).status_code
    assert piece == 403, f"a view that requires books was answered {piece} for books:read"


def test_what_no_view_answers_is_left_alone(anonymous, inside):
    inside(plant)
    asked = {
        ("GET", f"{API}/{secrets.token_hex(4)}"): 404,
        ("DELETE", f"{API}/books"): 405,
        ("OPTIONS", f"{API}/books"): 200,
        ("GET", "/static/nothing.css"): 404,
        ("POST", f"{API}/auth/login"): 415,
    }
    for (method, path), status in asked.items():
        got = anonymous.open(path, method=method).status_code
        assert got == status, f"{method} {path}, without credentials"
    planted = anonymous.open("/planted/options", method="OPTIONS")
    assert "secret" not in planted.text, (
        "a view that answers OPTIONS itself, without a guard, was open to a stranger: only what"
        " Flask answers by itself passes"
    )
    assert planted.status_code == 401, "such a view, asked by a stranger"


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        ("member", ["books", "loans"], ["users", "loans/history", "admin/stats", "api-keys"]),
        ("librarian", ["books", "loans", "users", "loans/history", "api-keys"], ["admin/stats"]),
        ("admin", ["books", "loans", "users", "admin/stats", "admin/overdue"], []),
    ],
    ids=["member", "librarian", "admin"],
)
def test_a_scope_gives_nothing_that_the_role_does_not_have(
    anonymous, inside, role, allowed, refused
):
    headers = inside(token_of, role, " ".join(SCOPES))

    for path in allowed:
        status = anonymous.get(f"{API}/{path}", headers=headers).status_code
        assert status == 200, f"GET /{path} answered a {role} with {status}"
    for path in refused:
        answer = anonymous.get(f"{API}/{path}", headers=headers)
        assert answer.status_code == 403, (
            f"GET /{path} answered a {role} with {answer.status_code}: the token names every scope,"
            " but nobody may do more than their role"
        )


def test_the_role_counts_as_it_is_now(anonymous, inside):
    headers = inside(token_of, "librarian", " ".join(SCOPES))
    before = anonymous.get(f"{API}/users", headers=headers).status_code
    inside(set_role, "librarian", "member")
    after = anonymous.get(f"{API}/users", headers=headers).status_code

    assert (before, after) == (200, 403), "a librarian who became a member keeps the old rights"
    assert inside(granted_to, "guest") == [], "a role that ROLE_SCOPES does not know has nothing"


def test_members_see_their_own_loans(anonymous, member, librarian, inside):
    ids = inside(loans_of_two)
    own = body_of(member.get(f"{API}/loans"))
    everything = body_of(librarian.get(f"{API}/loans"))

    found = [loan["id"] for loan in own.get("items", [])]
    assert found == [ids["my_loan"]], "a member's list of loans"
    assert own["total"] == 1, "the total of a member's list counts the loans of others"
    assert everything.get("total") == 2, "a librarian's list of loans"
    for role in ("librarian", "admin"):
        narrow = inside(token_of, role, "loans:read")
        total = body_of(anonymous.get(f"{API}/loans", headers=narrow)).get("total")
        assert total == 2, (
            f"the list of loans, asked by the {role} with a token for loans:read alone: the role"
            " says whose rows somebody sees, not the scopes"
        )
    mine = member.get(f"{API}/loans/{ids['my_loan']}").status_code
    theirs = member.get(f"{API}/loans/{ids['their_loan']}")
    missing = member.get(f"{API}/loans/999")
    assert mine == 200, f"a member's own loan was answered {mine}"
    assert theirs.status_code == 404, (
        f"somebody else's loan was answered {theirs.status_code}: to a member it is not there"
    )
    assert theirs.json["code"] == missing.json["code"], "the code tells that the loan exists"
    assert librarian.get(f"{API}/loans/{ids['their_loan']}").status_code == 200, "a librarian may"


def test_members_act_for_themselves(member, librarian, inside):
    ids = inside(loans_of_two)
    foreign = {"copy_id": ids["copy"], "user_id": ids["other"]}
    answer = member.post(f"{API}/loans", json=foreign)
    assert (answer.status_code, code_of(answer)) == (403, "not_yours"), (
        "a member borrowed in somebody else's name"
    )
    answer = member.post(f"{API}/loans/{ids['their_loan']}/return")
    assert answer.status_code == 404, "a member returned somebody else's loan"
    own = {"copy_id": ids["copy"], "user_id": ids["me"]}
    assert member.post(f"{API}/loans", json=own).status_code == 201, "a member may borrow"
    lent = librarian.post(f"{API}/loans", json={**foreign, "copy_id": ids["another_copy"]})
    assert lent.status_code == 201, "a librarian lends to everybody"


def test_the_operator_has_the_scope_admin_and_no_other(anonymous, inside):
    key = secrets.token_urlsafe(32)
    inside(set_admin_key, key)
    asked = {"admin/stats": 200, "books": 403, "loans": 403, "users": 403}
    for path, expected in asked.items():
        status = anonymous.get(f"{API}/{path}", headers={"X-Admin-Key": key}).status_code
        assert status == expected, (
            f"GET /{path}, asked with the X-Admin-Key: the operator is no user, so the scopes of"
            " the credential count as they are, and that is admin alone"
        )


def test_an_app_of_the_house_has_its_scopes(anonymous, inside):
    ids = inside(loans_of_two)
    reads, writes = inside(tokens_of_the_house, [["loans:read"], ["loans:write"]])

    assert anonymous.get(f"{API}/loans", headers=reads).json.get("total") == 2, (
        "a client that acts for itself has no role: its scopes count as they are"
    )
    body = {"copy_id": ids["copy"], "user_id": ids["other"]}
    assert anonymous.post(f"{API}/loans", headers=writes, json=body).status_code == 201, "it lends"
