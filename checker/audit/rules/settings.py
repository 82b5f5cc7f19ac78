"""Configuration: where settings and secrets come from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import PyFile, keyword, settings_of, text_of, value_of, words_in

SECRET = re.compile(r"(^|_)(SECRET|SECRET_KEY|PASSWORD|PASSWD|API_KEY|PRIVATE_KEY|ACCESS_TOKEN)$")
SIGNING = re.compile(r"SECRET(_KEY)?$")
# A name, a place, a key of the configuration: about a secret, and none itself
NO_SECRET = re.compile(r"^(/|\$|<|\{|None$|https?://)|\s|^[A-Z][A-Z0-9_]+$")
PASSWORD_IN_URL = re.compile(
    r"\b(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|mongodb|rediss?|amqps?)"
    r"(?:\+\w+)?://[^:/\s@{}%$<]*:([^@/\s{}%$<]+)@([^:/?\s]+)"
)
FROM_ENVIRONMENT = ("os.environ.get", "os.getenv", "environ.get")
NEAR = {"localhost", "127.0.0.1", "::1", "db", "postgres", "mysql", "redis", "host", "example.org"}


# What Flask and its extensions sign with: any text at all is a secret there
OF_FLASK = {"SECRET_KEY", "JWT_SECRET_KEY", "SECURITY_PASSWORD_SALT", "WTF_CSRF_SECRET_KEY"}
NAME_OF_SETTING = re.compile(r"^(/|\$|<|\{|None$|https?://)|^[A-Z][A-Z0-9]*_[A-Z0-9_]+$")


def _is_named(name: str, text: str) -> bool:
    """Whether a text is no secret, but tells where one is: a path, a key, a label, its own name."""
    if name in OF_FLASK:
        return text == name or bool(NAME_OF_SETTING.search(text))
    return text.upper().replace("-", "_") == name or bool(NO_SECRET.search(text))


def _overridden(file: PyFile, node: ast.AST) -> bool:
    """Whether the same function reads settings from elsewhere."""
    function = file.function_of(node)
    return function is not None and bool(
        words_in(function) & {"from_pyfile", "from_prefixed_env", "from_envvar", "from_file"}
    )


@rule(
    "BSS107",
    "secret-in-source",
    "error",
    "1.3c 7.2b",
    what="No secret is written in the source.",
    why="Everybody who can read the repository, now or later, can sign sessions and tokens with "
    "it, and it cannot be rotated without a release.",
    repair="Read it from the environment, and refuse to start where it is missing. A secret that "
    "was ever committed is known: make a new one.",
    example="""
SECRET_KEY = os.environ["SECRET_KEY"]
""",
)
def secret_in_source(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for name, value, place in settings_of(file):
            text = text_of(value)
            if isinstance(value, ast.Constant) and isinstance(value.value, bytes):
                text = value.value.decode("latin-1")
            if not text or not SECRET.search(name) or _is_named(name, text):
                continue
            if file.for_development(place):
                continue
            if _overridden(file, place):
                yield file.hit(
                    value,
                    f"{name} has a default in the source: production runs with it, unnoticed,"
                    " where the override is missing",
                    "warning",
                )
            else:
                yield file.hit(value, f"{name} is written in the source")


@rule(
    "BSS108",
    "secret-with-default",
    "error",
    "1.3b 1.3c 7.2b",
    what="A secret that is missing from the environment stops the start.",
    why="With a default in the code production starts with a secret that everybody knows, and "
    "nothing tells.",
    repair="Use os.environ[...], which fails; give defaults to development and tests only.",
    example="""
class ProdConfig(BaseConfig):
    SECRET_KEY = os.environ["SECRET_KEY"]
""",
)
def secret_with_default(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of(*FROM_ENVIRONMENT, "os.environ.setdefault"):
            name = text_of(call.args[0]) if call.args else None
            if not name or not SECRET.search(name) or file.for_development(call):
                continue
            default = call.args[1] if len(call.args) > 1 else keyword(call, "default")
            parent = file.parent(call)
            if default is None and isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.Or):
                default = parent.values[-1]
            if text_of(default):
                severity: Severity = "error" if SIGNING.search(name) else "warning"
                yield file.hit(call, f"{name} has a default that everybody can read", severity)
        for name, value, place in settings_of(file):
            default = _default_of(file, name, value)
            text = text_of(default)
            is_secret = text and SECRET.search(name) and not _is_named(name, text)
            if is_secret and not file.for_development(place):
                yield file.hit(value, f"{name} has a default that everybody can read")


def _default_of(file: PyFile, name: str, value: ast.expr) -> ast.expr | None:
    """What a setting is where its reader finds nothing: one of their own, or of a library."""
    calls = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
    if any(file.qual(call.func) in FROM_ENVIRONMENT for call in calls):
        return None  # looked at already
    if isinstance(value, ast.BoolOp) and isinstance(value.op, ast.Or):
        return value.values[-1] if calls else None
    if isinstance(value, ast.Call) and value.args and text_of(value.args[0]) == name:
        return keyword(value, "default") or (value.args[-1] if len(value.args) > 1 else None)
    return None


@rule(
    "BSS109",
    "debug-in-production",
    "error",
    "1.3a 7.2c",
    what="Debug mode is never on in production.",
    why="The debugger shows source and variables to whoever causes an error, and lets those who "
    "find its PIN run Python.",
    repair="Leave debug out of the code: flask --debug run turns it on where it is wanted.",
    example="""
class BaseConfig:
    DEBUG = False
""",
)
def debug_in_production(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for name, value, place in settings_of(file):
            if name == "DEBUG" and _on(file, value) and "flask" in project.imported:
                in_class = file.class_of(place)
                module_of_settings = re.search(r"conf|settings", file.name)
                if (in_class or module_of_settings or not isinstance(place, ast.Name)) and not (
                    file.for_development(place) or file.guarded(place)
                ):
                    yield file.hit(value, "debug mode is on for every environment that uses this")
        for call in _runs(file):
            debug = keyword(call, "debug")
            if debug is not None and _on(file, debug):
                severity: Severity = "warning" if _by_hand(file, call) else "error"
                yield file.hit(call, "the server is started in debug mode", severity)
    for dockerfile in project.dockerfiles:
        for step in dockerfile.last_stage:
            if step.word == "ENV" and re.search(
                r"\bFLASK_DEBUG[= ]\W?(1|true|on)\b", step.rest, re.IGNORECASE
            ):
                yield Hit(dockerfile.name, step.line, 1, "debug mode is on in the image")


def _by_hand(file: PyFile, node: ast.AST) -> bool:
    """Whether it runs only where the file is started as a program: there, or in its ``main()``."""
    if file.guarded(node):
        return True
    function = file.function_of(node)
    if function is None:
        return False
    calls = file.calls_of(function.name)
    return bool(calls) and all(file.guarded(call) for call in calls)


def _on(file: PyFile, value: ast.expr) -> bool:
    """Whether it is true, or is where the environment says nothing."""
    if value_of(value) is True:
        return True
    for call in (node for node in ast.walk(value) if isinstance(node, ast.Call)):
        if file.qual(call.func) not in FROM_ENVIRONMENT:
            continue
        default = call.args[1] if len(call.args) > 1 else keyword(call, "default")
        word = str(value_of(default)).lower()
        compared = [node for node in ast.walk(value) if isinstance(node, ast.Compare)]
        fits = all(
            isinstance(node.ops[0], (ast.Eq, ast.In))
            and word in {text.lower() for text in words_in(node.comparators[0])}
            for node in compared
        )
        turned = any(isinstance(node, ast.Not) for node in ast.walk(value))
        return word in {"1", "true", "yes", "on"} and fits and not turned
    return False


@rule(
    "BSS110",
    "development-server-at-import",
    "error",
    "1.1b 7.5a",
    what="Importing the application does not start a server.",
    why="gunicorn imports the module and never gets further: Flask's development server answers "
    "in its place, one process, not made for the open net.",
    repair='Remove it and use flask run, or put it below if __name__ == "__main__".',
    example="""
if __name__ == "__main__":
    create_app("development").run()
""",
)
def server_at_import(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in _runs(file):
            if file.at_import(call):
                yield file.hit(call, "a development server starts when this module is imported")


def _runs(file: PyFile) -> list[ast.Call]:
    if "flask" not in file.imported and not re.search(r"create_app|import app\b", file.text):
        return []
    return [
        call
        for call in file.all(ast.Call)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "run"
        and (
            file.qual(call.func.value).rpartition(".")[2] in {"app", "application"}
            or (
                isinstance(call.func.value, ast.Call)
                and file.qual(call.func.value.func).rpartition(".")[2] == "create_app"
            )
        )
    ]


@rule(
    "BSS111",
    "password-in-url",
    "error",
    "1.3c 7.2b",
    what="No address with a password is written in the source.",
    why="It is a secret like any other, and the address differs between deployments besides.",
    repair="Read the whole address from the environment.",
    example="""
SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"]
""",
)
def password_in_url(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for node in file.all(ast.Constant):
            found = PASSWORD_IN_URL.search(node.value) if isinstance(node.value, str) else None
            if not found or file.docstring(node) or file.for_development(node):
                continue
            severity: Severity = "note" if found[2] in NEAR else "error"
            yield file.hit(node, "an address with its password is written in the source", severity)


@rule(
    "BSS112",
    "env-file-not-ignored",
    "warning",
    "1.3d 7.2b",
    what="A .env file stays on the machine it was written for.",
    why="It holds secrets, and one git add . puts them into the history for good.",
    repair="Add .env to .gitignore, and commit a .env.example without values.",
    example="# .gitignore\n.env\n",
)
def env_file_not_ignored(project: Project) -> Iterator[Hit]:
    ignored = re.search(
        r"^/?(\*\*/)?(\*?\.env\*?|\.env\.\*|\.\*)/?$", project.text(".gitignore"), re.MULTILINE
    )
    for name in project.matching(r"(^|/)\.env$"):
        if ignored:
            continue
        for number, line in enumerate(project.text(name).splitlines(), 1):
            key, _, value = line.removeprefix("export ").partition("=")
            if SECRET.search(key.strip()) and value.strip():
                yield Hit(name, number, 1, f"{key.strip()} is in a .env that git does not ignore")
                break


@rule(
    "BSS113",
    "dotenv-overrides",
    "warning",
    "1.3b 1.3d",
    what="The real environment wins over a .env file.",
    why="With override=True a file that was left behind replaces what the deployment sets.",
    repair="Leave override out.",
    example="load_dotenv()\n",
)
def dotenv_overrides(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("dotenv.load_dotenv"):
            if value_of(keyword(call, "override")) is True and not file.for_development(call):
                yield file.hit(call, "a .env file replaces what the real environment says")


@rule(
    "BSS114",
    "no-limit-on-bodies",
    "note",
    "5.3c 7.5c",
    what="The size of a request's body is limited.",
    why="Without a limit one client can fill memory or disk with a single request.",
    repair="Set MAX_CONTENT_LENGTH, and the same limit in the proxy.",
    example="MAX_CONTENT_LENGTH = 1024 * 1024\n",
)
def no_limit_on_bodies(project: Project) -> Iterator[Hit]:
    if not project.is_app or project.mentions(r"MAX_CONTENT_LENGTH|client_max_body_size"):
        return
    for view in project.views:
        if words_in(view.function) & {"content_length", "max_content_length"}:
            continue  # it looks at the size itself
        for node in ast.walk(view.function):
            if isinstance(node, ast.Attribute) and view.file.qual(node) == "flask.request.files":
                yield view.file.hit(node, "files are accepted without any limit", "warning")
                return
    if any(view.methods & {"POST", "PUT", "PATCH"} for view in project.views):
        yield Hit(*project.place, "no limit for the size of a request is set")
