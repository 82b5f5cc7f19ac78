"""Cookies, CSRF, CORS: what browsers do on somebody's behalf."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import (
    PyFile,
    has_keyword,
    keyword,
    settings_of,
    text_of,
    value_of,
    words_in,
)

SAID = r"\bCORS_ORIGINS\b"
SIGNED_IN = re.compile(r"session|token|jwt|auth|remember", re.IGNORECASE)


@rule(
    "BSS320",
    "session-cookie-open",
    "error",
    "3.5b",
    what="The session cookie is Secure and HttpOnly.",
    why="Without Secure it goes over the wire in clear; without HttpOnly any script reads it.",
    repair="Set both flags to True, and SameSite to Lax or Strict; switch Secure off in the "
    "development configuration only.",
    example="""
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
""",
)
def session_cookie_open(project: Project) -> Iterator[Hit]:
    flags = {"SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "REMEMBER_COOKIE_SECURE",
             "REMEMBER_COOKIE_HTTPONLY", "JWT_COOKIE_SECURE"}  # fmt: skip
    for file in project.app_files:
        for name, value, place in settings_of(file):
            if name in flags and value_of(value) is False and not file.for_development(place):
                yield file.hit(value, f"{name} is off")


@rule(
    "BSS321",
    "session-cookie-default",
    "warning",
    "3.5b",
    what="Whoever keeps a session in a cookie decides on its flags.",
    why="Flask's default is a cookie that also travels without TLS, and without SameSite.",
    repair="Set SESSION_COOKIE_SECURE and SESSION_COOKIE_SAMESITE for production.",
    example="""
class ProdConfig(BaseConfig):
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_SAMESITE = "Lax"
""",
)
def session_cookie_default(project: Project) -> Iterator[Hit]:
    if not project.is_app or project.mentions(
        "SESSION_COOKIE_SECURE|flask_talisman|session_cookie_secure"
    ):
        return
    if any("SESSION_COOKIE_SECURE" in file.text for file in project.app_files):
        return
    for file in project.app_files:
        for node in file.all(ast.Subscript):
            if file.qual(node.value) == "flask.session" and isinstance(node.ctx, ast.Store):
                yield file.hit(node, "a session is kept, and SESSION_COOKIE_SECURE set nowhere")
                return
        for call in file.calls_of("flask_login.login_user"):
            yield file.hit(call, "a session is kept, and SESSION_COOKIE_SECURE set nowhere")
            return


@rule(
    "BSS322",
    "cookie-without-flags",
    "warning",
    "3.5b",
    what="A cookie that says who somebody is carries Secure, HttpOnly and SameSite.",
    why="Each flag closes one way to steal it or to use it from elsewhere.",
    repair="Give all three where the cookie is set.",
    example="""
response.set_cookie("token", token, secure=True, httponly=True, samesite="Lax")
""",
)
def cookie_without_flags(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            if not (isinstance(call.func, ast.Attribute) and call.func.attr == "set_cookie"):
                continue
            name = (text_of(call.args[0]) if call.args else text_of(keyword(call, "key"))) or ""
            if not SIGNED_IN.search(name) or re.search("csrf|xsrf", name, re.IGNORECASE):
                continue
            missing = [
                flag
                for flag in ("secure", "httponly", "samesite")
                if not has_keyword(call, flag) or value_of(keyword(call, flag)) is False
            ]
            if missing:
                yield file.hit(call, f"the cookie {name} goes without {', '.join(missing)}")


@rule(
    "BSS323",
    "csrf-off",
    "error",
    "3.5c",
    what="CSRF protection stays on outside of tests.",
    why="A browser sends its cookies with every form, whichever page the form is on.",
    repair="Switch it off in the test configuration only.",
    example="""
class TestConfig(BaseConfig):
    WTF_CSRF_ENABLED = False
""",
)
def csrf_off(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for name, value, place in settings_of(file):
            if (
                name in {"WTF_CSRF_ENABLED", "JWT_COOKIE_CSRF_PROTECT"}
                and value_of(value) is False
                and not file.for_development(place)
            ):
                yield file.hit(value, f"{name} is off")


@rule(
    "BSS324",
    "form-without-csrf",
    "warning",
    "3.5c",
    what="A form that changes something carries a CSRF token.",
    why="Any other site can send the same form in the name of whoever is logged in.",
    repair="Add CSRFProtect, and the token to each form.",
    example="""
csrf = CSRFProtect()
csrf.init_app(app)
""",
)
def form_without_csrf(project: Project) -> Iterator[Hit]:
    keeps_session = any(
        "flask_login" in file.imported
        or any(file.qual(node.value) == "flask.session" for node in file.all(ast.Subscript))
        for file in project.app_files
    )
    if not keeps_session or project.imported & {"flask_wtf", "flask_seasurf", "wtforms"}:
        return
    if any(re.search("csrf", file.text, re.IGNORECASE) for file in project.app_files):
        return
    for view in project.views:
        for node in ast.walk(view.function):
            if isinstance(node, ast.Attribute) and view.file.qual(node) == "flask.request.form":
                yield view.file.hit(node, "a form is read, and nothing protects from CSRF")
                return


@rule(
    "BSS325",
    "cors-any-origin-with-credentials",
    "error",
    "7.5d",
    what="Only named origins may send credentials.",
    why="Any page that a logged-in user opens can then read and do what the user can.",
    repair="Name the origins.",
    example="""
CORS(app, origins=["https://desk.example.org"], supports_credentials=True)
""",
)
def cors_with_credentials(project: Project) -> Iterator[Hit]:
    made = _cors_made(project)
    for file in project.app_files:
        for call in _cors_calls(file, made):
            if any(_open(project, call, options) for options in _cors_options(call)):
                yield file.hit(call, "any origin may send credentials")
        for function in file.functions():
            words = words_in(function)
            if not {"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} <= words:
                continue
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Assign)
                    and isinstance(node.targets[0], ast.Subscript)
                    and text_of(node.targets[0].slice) == "Access-Control-Allow-Origin"
                    and (
                        text_of(node.value) == "*"
                        or (
                            isinstance(node.value, ast.Call)
                            and file.qual(node.value.func) == "flask.request.headers.get"
                        )
                    )
                ):
                    yield file.hit(node, "every origin is allowed, with credentials")


def _cors_made(project: Project) -> set[str]:
    """The names that extension objects have: ``cors = CORS()``."""
    return {
        target.id
        for file in project.app_files
        for node in file.all(ast.Assign)
        if isinstance(node.value, ast.Call) and file.qual(node.value.func) == "flask_cors.CORS"
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _cors_calls(file: PyFile, made: set[str]) -> Iterator[ast.Call]:
    """Where origins are told: ``CORS(app, …)``, ``@cross_origin(…)``, ``cors.init_app(app, …)``."""
    yield from file.calls_of("flask_cors.CORS", "flask_cors.cross_origin")
    for call in file.all(ast.Call):
        owner, _, verb = file.qual(call.func).rpartition(".")
        if verb == "init_app" and owner.rpartition(".")[2] in made:
            yield call


def _cors_options(call: ast.Call) -> Iterator[dict[str, ast.expr]]:
    """What holds for each of the resources; for all of them, where none is written out."""
    common = {given.arg: given.value for given in call.keywords if given.arg}
    resources = common.get("resources")
    own = resources.values if isinstance(resources, ast.Dict) else []
    for options in own:
        if isinstance(options, ast.Dict):
            pairs = zip(options.keys, options.values, strict=True)
            yield common | {text_of(key) or "": value for key, value in pairs}
    if not own:
        yield common


def _open(project: Project, call: ast.Call, options: dict[str, ast.expr]) -> bool:
    if value_of(options.get("supports_credentials")) is not True:
        return False
    if "origins" in options:
        return bool(words_in(options["origins"]) & {"*", ".*"})
    said = [
        value
        for file in project.app_files
        for name, value, place in settings_of(file)
        if name == "CORS_ORIGINS" and not file.for_development(place)
    ]
    if said:
        return any("*" in words_in(value) for value in said)
    elsewhere = any(given.arg is None for given in call.keywords) or (
        # A name of settings that are somewhere else; a text is a path alone
        "resources" in options and not isinstance(options["resources"], (ast.Dict, ast.Constant))
    )
    return not elsewhere and not project.mentions(SAID)


@rule(
    "BSS326",
    "cors-not-explicit",
    "warning",
    "7.5d",
    what="CORS names who may read the answers.",
    why="Without origins Flask-CORS allows every page of the net.",
    repair="Name the origins, or leave CORS out where no other origin calls.",
    example="""
CORS(app, origins=app.config["CORS_ORIGINS"])
""",
)
def cors_not_explicit(project: Project) -> Iterator[Hit]:
    if project.mentions(SAID):
        return
    for file in project.app_files:
        for call in file.all(ast.Call):
            if (
                file.qual(call.func) == "flask_cors.CORS"
                and call.args
                and not has_keyword(call, "origins", "resources")
                and value_of(keyword(call, "supports_credentials")) is not True
            ):
                yield file.hit(call, "every origin is allowed, by default")
