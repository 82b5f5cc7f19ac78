"""Tokens, passwords, and what is written of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import (
    PyFile,
    bare,
    has_keyword,
    keyword,
    names_in,
    settings_of,
    text_of,
    value_of,
    words_in,
)

JWT = ("jwt.decode", "jwt.api_jwt.decode", "jose.jwt.decode")
PASSWORD = re.compile(r"(^|_)(password|passwd|pwd)($|_)", re.IGNORECASE)
GUARDS = re.compile(
    r"login_required|jwt_required|auth_required|roles?_required|permission|requires_auth"
    r"|token_required|require_(auth|login|token|scope)|admin_required|authenticated"
    r"|(^|\.)(requires|scopes?_required|requires_(scopes?|login|roles?|user))$",
    re.IGNORECASE,
)


def _decodes(project: Project) -> Iterator[tuple[PyFile, ast.Call]]:
    for file in project.app_files:
        for call in file.calls_of(*JWT):
            yield file, call


def _turned_off(file: PyFile, call: ast.Call) -> bool:
    if value_of(keyword(call, "verify")) is False:
        return True
    options = keyword(call, "options")
    if isinstance(options, ast.Name):
        options = file.assigned(call, options.id)
    return isinstance(options, ast.Dict) and any(
        text_of(key) == "verify_signature" and value_of(value) is False
        for key, value in zip(options.keys, options.values, strict=True)
    )


@rule(
    "BSS301",
    "jwt-not-verified",
    "error",
    "3.4c",
    what="No token is believed before its signature is verified.",
    why="Anybody can write a token that says sub: admin; only the signature tells theirs from "
    "yours.",
    repair="Verify with the key and the one algorithm you sign with; get_unverified_header() is "
    "there for the kid.",
    example="""
claims = jwt.decode(token, key, algorithms=["HS256"], audience="api", issuer="library")
""",
)
def jwt_not_verified(project: Project) -> Iterator[Hit]:
    for file, call in _decodes(project):
        if _turned_off(file, call):
            # Where a setting has to ask for it, it is theirs to answer for: OpenID Connect allows
            # it for a token that comes from the issuer itself, over TLS
            asked = any(
                isinstance(outer, ast.If) and "config" in words_in(outer.test)
                for outer in file.above(call)
            )
            severity: Severity | None = "warning" if asked else None
            yield file.hit(call, "the token's signature is not verified", severity)
    for file in project.app_files:
        for call in file.calls_of("jose.jwt.get_unverified_claims"):
            yield file.hit(call, "the token's signature is not verified")


@rule(
    "BSS302",
    "jwt-algorithm-open",
    "error",
    "3.4c",
    what="The verifier names the algorithms that it accepts.",
    why="Where the token may choose, it chooses none, or HS256 with the public key as secret.",
    repair="Give algorithms=[...], one, from your own settings and never from the token's header.",
    example="""
claims = jwt.decode(token, key, algorithms=["ES256"], audience="api", issuer="library")
""",
)
def jwt_algorithm_open(project: Project) -> Iterator[Hit]:
    for file, call in _decodes(project):
        if _turned_off(file, call):
            continue
        algorithms = keyword(call, "algorithms") or (call.args[2] if len(call.args) > 2 else None)
        if algorithms is None:
            if not has_keyword(call, "algorithms"):
                yield file.hit(call, "the accepted algorithms are not named")
        elif any(
            isinstance(node, ast.Constant) and str(node.value).lower() == "none"
            for node in ast.walk(algorithms)
        ):
            yield file.hit(call, "tokens without a signature are accepted")
        elif _by_header(file, call, algorithms):
            yield file.hit(call, "the token itself names the algorithm")


def _by_header(file: PyFile, place: ast.AST, node: ast.expr) -> bool:
    """Whether a value comes out of a header that nothing has verified, by two names at most."""
    sources: list[ast.expr] = [node]
    for _ in range(2):
        values = [file.assigned(place, name) for each in sources for name in names_in(each)]
        sources += [value for value in values if value is not None]
    return any(
        "get_unverified_header" in words_in(inner) or _alg_of_header(inner)
        for each in sources
        for inner in ast.walk(each)
    )


def _alg_of_header(node: ast.AST) -> bool:
    """``header["alg"]``, ``header_data.get("alg")``: of a header that one took apart oneself."""
    owner: ast.expr | None = None
    if isinstance(node, ast.Subscript) and text_of(node.slice) == "alg":
        owner = node.value
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
        and node.args
        and text_of(node.args[0]) == "alg"
    ):
        owner = node.func.value
    return owner is not None and any("header" in word.lower() for word in words_in(owner))


@rule(
    "BSS303",
    "jwt-audience-not-checked",
    "warning",
    "3.4c",
    what="A token's audience and issuer are checked.",
    why="A token that another service, or another environment, signed with the same key opens "
    "this one, too.",
    repair="Give audience= and issuer= to decode; with Flask-JWT-Extended set "
    "JWT_DECODE_AUDIENCE and JWT_DECODE_ISSUER.",
    example="""
JWT_ENCODE_AUDIENCE = JWT_DECODE_AUDIENCE = "library-api"
JWT_ENCODE_ISSUER = JWT_DECODE_ISSUER = "library"
""",
)
def jwt_audience_not_checked(project: Project) -> Iterator[Hit]:
    for file, call in _decodes(project):
        missing = [name for name in ("audience", "issuer") if not has_keyword(call, name)]
        if missing and not _turned_off(file, call):
            checked = "aud" in words_in(file.function_of(call) or call)
            if not checked:
                verb = "are" if len(missing) > 1 else "is"
                yield file.hit(call, f"the token's {' and '.join(missing)} {verb} not checked")
    for file in project.app_files:
        for call in file.calls_of("flask_jwt_extended.JWTManager"):
            if not project.mentions("JWT_DECODE_AUDIENCE"):
                yield file.hit(call, "JWT_DECODE_AUDIENCE is set nowhere", "note")


@rule(
    "BSS304",
    "jwt-lives-long",
    "error",
    "3.3f 3.4a",
    what="An access token is short-lived.",
    why="It cannot be taken back: until it expires, whoever has it is its owner.",
    repair="Let it live for minutes, and renew it with a refresh token that can be revoked.",
    example="""
JWT_ACCESS_TOKEN_EXPIRES = timedelta(minutes=15)
""",
)
def jwt_lives_long(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for name, given, place in settings_of(file):
            if name != "JWT_ACCESS_TOKEN_EXPIRES" or file.for_development(place):
                continue
            known = file.assigned(given, given.id) if isinstance(given, ast.Name) else None
            value = known or given
            if value_of(value) is False:
                yield file.hit(value, "access tokens never expire")
            elif isinstance(value, ast.Call) and file.qual(value.func).endswith("timedelta"):
                days = value_of(keyword(value, "days") or (value.args[0] if value.args else None))
                if (isinstance(days, (int, float)) and days >= 1) or keyword(value, "weeks"):
                    yield file.hit(value, "access tokens live for a day or more", "warning")
        for call in file.calls_of("jwt.encode", "jose.jwt.encode"):
            payload = call.args[0] if call.args else keyword(call, "payload")
            if (
                isinstance(payload, ast.Dict)
                and None not in payload.keys
                and "exp" not in {text_of(key) for key in payload.keys}
            ):
                yield file.hit(call, "the token has no exp: it never expires")
            if isinstance(payload, ast.Name):
                payload = file.assigned(call, payload.id)
            for made in _lifetimes(file, payload):
                around = words_in(file.function_of(call) or call) | {_name_around(file, call)}
                if _days(made) >= 7 and not any(OTHER_TOKENS.search(word) for word in around):
                    yield file.hit(made, "the token lives for a week or more", "warning")


# Tokens that are looked up when they come back, or are good for one thing only
OTHER_TOKENS = re.compile(r"refresh|reset|confirm|verif|invit|activat|remember", re.IGNORECASE)


def _lifetimes(file: PyFile, payload: ast.expr | None) -> Iterator[ast.Call]:
    """Each ``timedelta(…)`` in the ``exp`` of what is signed."""
    pairs = zip(payload.keys, payload.values, strict=True) if isinstance(payload, ast.Dict) else ()
    for key, value in pairs:
        if text_of(key) == "exp":
            for node in ast.walk(value):
                if isinstance(node, ast.Call) and file.qual(node.func).endswith("timedelta"):
                    yield node


def _days(made: ast.Call) -> float:
    days = value_of(keyword(made, "days") or (made.args[0] if made.args else None))
    weeks = value_of(keyword(made, "weeks"))
    return sum(
        length * number
        for number, length in ((days, 1), (weeks, 7))
        if isinstance(number, (int, float))
    )


def _name_around(file: PyFile, node: ast.AST) -> str:
    function = file.function_of(node)
    return "" if function is None else function.name


@rule(
    "BSS305",
    "fast-password-hash",
    "error",
    "3.7a 3.3e",
    what="Passwords are hashed with a function made for them.",
    why="MD5 and the SHA family are fast: a stolen table is tried out at billions a second.",
    repair="Use argon2, or werkzeug.security.generate_password_hash.",
    example="""
user.password_hash = PasswordHasher().hash(password)
""",
)
def fast_password_hash(project: Project) -> Iterator[Hit]:
    fast = tuple(
        f"hashlib.{name}" for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    )
    for file in project.app_files:
        for call in file.calls_of(*fast):
            if any(PASSWORD.search(word) for argument in call.args for word in words_in(argument)):
                name = file.qual(call.func).rpartition(".")[2]
                yield file.hit(call, f"a password is hashed with {name}")
        for call in file.calls_of("hashlib.new"):
            name = (text_of(call.args[0]) if call.args else None) or ""
            given = {word for argument in call.args[1:] for word in words_in(argument)}
            if f"hashlib.{name.lower()}" in fast and any(map(PASSWORD.search, given)):
                yield file.hit(call, f"a password is hashed with {name}")


@rule(
    "BSS306",
    "password-in-plain",
    "error",
    "3.7a 3.3e",
    what="A password is stored as its hash, and verified against it.",
    why="Equal texts mean that the table holds the passwords themselves.",
    repair="Store the hash, and call the verifying function of the library that made it.",
    example="""
if not check_password_hash(user.password_hash, password):
    raise Unauthorized
""",
)
def password_in_plain(project: Project) -> Iterator[Hit]:
    if any(re.search(r"\bPasswordType\b", file.text) for file in project.app_files):
        return  # of SQLAlchemy-Utils: what it loads verifies, where it is compared
    for file in project.app_files:
        for node in file.all(ast.Compare):
            if len(node.ops) != 1 or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
                continue
            sides = [node.left, node.comparators[0]]
            words = [
                side.attr
                for side in sides
                if isinstance(side, ast.Attribute) and not names_in(side.value) & SENT
            ]
            stored = len(words) == 1 and words[0] in {"password", "passwd"}
            typed = stored and any(
                (isinstance(side, ast.Name) and side.id in {"password", "passwd", "pwd"})
                or (isinstance(side, (ast.Subscript, ast.Call)) and _from_request(file, side))
                for side in sides
            )
            if typed:
                yield file.hit(node, "a stored password is compared as it is")
        for call in file.all(ast.Call):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr == "filter_by"):
                continue
            for value in (keyword(call, name) for name in ("password", "passwd")):
                if isinstance(value, ast.Name | ast.Subscript | ast.Attribute) or (
                    value is not None and _from_request(file, value)
                ):
                    yield file.hit(call, "a stored password is looked up as it is")


# What the client sent, and not what is stored
SENT = {"auth", "authorization", "credentials", "form", "data", "request", "args", "basic"}


def _from_request(file: PyFile, node: ast.AST) -> bool:
    values = [file.assigned(node, name) for name in names_in(node)]
    sent = any(file.of_request(each) for each in (node, *values) if each is not None)
    return sent and any(PASSWORD.search(word) for word in words_in(node))


@rule(
    "BSS307",
    "secret-compared-by-equals",
    "warning",
    "3.1a 3.7a",
    what="Secrets are compared in constant time.",
    why="== stops at the first byte that differs, and how long it takes tells how many were right.",
    repair="Use hmac.compare_digest; better, store the key's hash and look that up.",
    example="""
if not hmac.compare_digest(request.headers.get("X-API-Key", ""), key):
    raise Unauthorized
""",
)
def secret_compared_by_equals(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for node in file.all(ast.Compare):
            if not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
                continue
            other = [node.left, *node.comparators]
            if any(isinstance(side, ast.Constant) for side in other):
                continue
            for side in other:
                header = _header(file, side)
                if isinstance(side, ast.Name):
                    header = header or _header_in(file, node, side.id)
                if header and re.search(r"api.?key|token|secret|signature", header, re.IGNORECASE):
                    yield file.hit(node, f"{header} is compared with ==")


def _header(file: PyFile, node: ast.AST) -> str:
    if isinstance(node, ast.Subscript) and file.qual(node.value) == "flask.request.headers":
        return text_of(node.slice) or ""
    if isinstance(node, ast.Call) and file.qual(node.func) == "flask.request.headers.get":
        return (text_of(node.args[0]) or "") if node.args else ""
    return ""


def _header_in(file: PyFile, place: ast.AST, name: str) -> str:
    for node in ast.walk(file.function_of(place) or ast.Module([], [])):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return _header(file, node.value)
    return ""


LIMITS = re.compile(
    r"limit|throttl|lockout|failed_(login|attempt)|attempts|fail2ban|axes", re.IGNORECASE
)
LOGIN = re.compile(r"(^|[/_-])(log-?in|sign-?in|token|authenticate)/?$", re.IGNORECASE)


@rule(
    "BSS308",
    "login-without-limit",
    "warning",
    "3.7c 5.1a",
    what="Where one logs in, the number of tries is limited.",
    why="Without a limit a list of leaked passwords is tried at the speed of your server.",
    repair="Limit by account and by address; Flask-Limiter does both.",
    example="""
@auth.post("/login")
@limiter.limit("10 per minute")
def login() -> dict[str, str]: ...
""",
)
def login_without_limit(project: Project) -> Iterator[Hit]:
    if project.imported & {"flask_limiter", "limits"} or project.mentions(r"limit_req\b"):
        speaks = re.compile(
            r"\.limit\(|shared_limit|default_limits|RATELIMIT_DEFAULT|limit_req|throttl|hit\("
        )
        if any(speaks.search(file.text) for file in project.app_files) or project.mentions(
            "limit_req"
        ):
            return
    for view in project.views:
        spot = [*view.paths, view.function.name] if view.paths else []
        if "POST" not in view.methods or not any(LOGIN.search(part) for part in spot):
            continue
        if not any(PASSWORD.search(word) for word in words_in(view.function)):
            continue
        if any(
            LIMITS.search(name)
            for file in project.app_files
            for name in (*file.imported, *(function.name for function in file.functions()))
        ):
            return
        yield view.file.hit(view.function, f"{view.function.name} may be tried without any limit")


SENSITIVE = re.compile(
    r"^(password|passwd|pwd|secret|secret_key|client_secret|token|access_token|refresh_token"
    r"|api_key|apikey|authorization|private_key|credentials)$",
    re.IGNORECASE,
)
LOGGED = {"debug", "info", "warning", "warn", "error", "exception", "critical", "log"}


@rule(
    "BSS309",
    "secret-in-log",
    "error",
    "3.7d",
    what="No secret is written to a log.",
    why="Logs are kept, copied and read by many; a password in them is a password published.",
    repair="Log who and what, never the secret; of a token at most its jti.",
    example="""
logger.warning("login refused", extra={"user_id": user.id})
""",
)
def secret_in_log(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            if not _logs(file, call):
                continue
            shown: list[tuple[str, ast.expr]] = [("", value) for value in call.args]
            for given in call.keywords:
                shown += _facts(file, call, given.arg or "", given.value)
            for key, value in shown:
                name = _told(value) or _named(key, value)
                if name:
                    # A token may be a parser's
                    severity: Severity | None = "warning" if name.lower() == "token" else None
                    yield file.hit(call, f"{name} is written to the log", severity)
                    break


def _logs(file: PyFile, call: ast.Call) -> bool:
    if file.qual(call.func) == "print":
        return file.function_of(call) is not None and not file.guarded(call)
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOGGED:
        return False
    owner = file.qual(call.func.value).rpartition(".")[2]
    if owner.lower() in {"logger", "log", "logging", "_logger", "_log"}:
        return True
    made = file.assigned(call, owner) if isinstance(call.func.value, ast.Name) else None
    return isinstance(made, ast.Call) and file.qual(made.func) in {
        "logging.getLogger", "structlog.get_logger", "structlog.getLogger",
        "structlog.stdlib.get_logger", "structlog.stdlib.getLogger",
    }  # fmt: skip


def _facts(
    file: PyFile, call: ast.Call, key: str, value: ast.expr
) -> Iterator[tuple[str, ast.expr]]:
    """What a keyword shows, under its name; of a mapping every entry: ``extra={"user": user}``."""
    if isinstance(value, ast.Name):
        value = file.assigned(call, value.id) or value
    if isinstance(value, ast.Dict):
        for name, inner in zip(value.keys, value.values, strict=True):
            yield from _facts(file, call, text_of(name) or "", inner)
    elif isinstance(value, ast.Call) and file.qual(value.func) == "dict":
        for given in value.keywords:
            yield from _facts(file, call, given.arg or "", given.value)
    else:
        yield key, value


def _named(key: str, value: ast.expr) -> str:
    """The name under which a value is shown, where that is a secret's and the value is no mask."""
    if not SENSITIVE.match(key) or not isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
        return ""
    name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
    return "" if NO_SECRET.search(name) else key


# Of a secret, and not the secret
NO_SECRET = re.compile(
    r"(^|_)(count|digest|fingerprint|hash|hashed|hidden|id|jti|kid|len|length|mask|masked|name|number"
    r"|prefix|redacted|state|status|type)s?$|error",
    re.IGNORECASE,
)


def _told(value: ast.expr) -> str:
    """The name of a secret among what a logged value shows."""
    parts = [value]
    if isinstance(value, ast.JoinedStr):
        parts = [part.value for part in value.values if isinstance(part, ast.FormattedValue)]
    elif isinstance(value, ast.BinOp):
        parts = [
            value.left,
            *(value.right.elts if isinstance(value.right, ast.Tuple) else [value.right]),
        ]
    for part in parts:
        name = part.attr if isinstance(part, ast.Attribute) else getattr(part, "id", "")
        name = name or _taken(part)
        if SENSITIVE.match(name):
            return name
    return ""


def _taken(node: ast.expr) -> str:
    """``password`` of ``form["password"]`` and ``form.get("password")``, not of ``errors[…]``."""
    if isinstance(node, ast.Subscript):
        owner, key = node.value, text_of(node.slice)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner, key = node.func.value, text_of(node.args[0]) if node.args else None
        key = key if node.func.attr == "get" else None
    else:
        return ""
    about = re.compile("error|message|label|field|column|schema|count", re.IGNORECASE)
    return "" if any(map(about.search, words_in(owner))) else key or ""


@rule(
    "BSS310",
    "key-in-query",
    "warning",
    "3.2a",
    what="A credential travels in a header.",
    why="What is in the URL is in every log on the way, in the history and in the Referer.",
    repair="Read Authorization: Bearer.",
    example="""
scheme, _, token = request.headers.get("Authorization", "").partition(" ")
""",
)
def key_in_query(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("flask.request.args.get"):
            name = text_of(call.args[0]) if call.args else None
            if name and re.fullmatch(r"api_?key|access_token|password", name, re.IGNORECASE):
                yield file.hit(call, f"{name} is taken from the query string")


@rule(
    "BSS311",
    "token-from-random",
    "error",
    "3.7a",
    what="Secrets come from the secrets module.",
    why="random is predictable: from some outputs the next ones can be computed.",
    repair="Use secrets.token_urlsafe or secrets.choice.",
    example="reset_token = secrets.token_urlsafe(32)\n",
)
def token_from_random(project: Project) -> Iterator[Hit]:
    secret = re.compile(r"(^|_)(token|secret|password|otp|api_key|nonce|salt)($|_)", re.IGNORECASE)
    for file in project.app_files:
        for call in file.all(ast.Call):
            if file.qual(call.func) not in {
                "random.choice", "random.choices", "random.randint", "random.random",
                "random.getrandbits", "random.sample", "random.randrange",
            }:  # fmt: skip
                continue
            name = next(
                (
                    getattr(target, "id", getattr(target, "attr", ""))
                    for outer in file.above(call)
                    if isinstance(outer, ast.Assign)
                    for target in outer.targets
                ),
                "",
            )
            function = file.function_of(call)
            made = bool(
                function
                and not name
                and secret.search(function.name)
                and any(isinstance(outer, ast.Return) for outer in file.above(call))
            )
            if secret.search(name) or made:
                yield file.hit(call, f"{name or (function and function.name)} comes from random")


@rule(
    "BSS312",
    "guard-outside-of-route",
    "error",
    "5.4a 3.7b",
    what="The route decorator is the outermost.",
    why="A route registers what is below it. A guard that stands above guards nobody: the view "
    "is reachable without it.",
    repair="Put the guard between the route and the function.",
    example="""
@bp.get("/reports")
@login_required
def reports() -> str: ...
""",
)
def guard_outside_of_route(project: Project) -> Iterator[Hit]:
    for view in project.views:
        if not view.paths:
            continue
        decorators = view.function.decorator_list
        from checker.audit.source import route_of

        last_route = max(at for at, node in enumerate(decorators) if route_of(node) is not None)
        for node in decorators[:last_route]:
            name = view.file.qual(bare(node))
            if route_of(node) is None and GUARDS.search(name):
                yield view.file.hit(node, f"{name.rpartition('.')[2]} stands above the route")
