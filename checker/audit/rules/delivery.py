"""How the app is started, and how it tells that it is well."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.rules.container import SECRET
from checker.audit.source import text_of

DATABASES = {
    "flask_mongoengine", "flask_pymongo", "flask_sqlalchemy", "mongoengine", "peewee", "psycopg",
    "psycopg2", "pymongo", "sqlalchemy",
}  # fmt: skip
READY = re.compile(r"ready|readiness|startup|/status/?$|deep|full|health_?check", re.IGNORECASE)
HEALTH = re.compile(
    r"health|readiness|/readyz?\b|liveness|/livez?\b|/ping\b|/status/?$|heartbeat", re.IGNORECASE
)


@rule(
    "BSS710",
    "development-server-in-production",
    "error",
    "7.5a",
    what="A production server answers in production.",
    why="Flask's own server is for development: it makes no promise of safety, speed or stability.",
    repair="Start gunicorn, or another WSGI server.",
    example='CMD ["gunicorn", "--timeout", "30", "--workers", "2", "wsgi:app"]\n',
)
def development_server(project: Project) -> Iterator[Hit]:
    for file, line, command in project.starts:
        if re.search(r"\bflask\b.*\brun\b|manage\.py runserver", command):
            yield Hit(file, line, 1, "the development server is started")
            continue
        script = re.match(r"python[\d.]* (?:-u )?([\w./-]+\.py)\b", command)
        if script:
            wanted = script[1].removeprefix("./").rpartition("/")[2]
            for source in project.app_files:
                runs = re.search(
                    r"^\s+(app|application|create_app\([^)]*\))\.run\(", source.text, re.MULTILINE
                )
                if (
                    source.name.rpartition("/")[2] == wanted
                    and runs
                    and "flask" in project.imported
                ):
                    yield Hit(file, line, 1, f"{wanted} starts the development server")
                    break


@rule(
    "BSS711",
    "server-without-timeout",
    "warning",
    "7.5a",
    what="The server's timeout is a decision.",
    why="A worker that hangs is lost until somebody kills it; uWSGI never does by itself, "
    "gunicorn after 30 seconds unless it is told otherwise.",
    repair="Say --timeout and --graceful-timeout, or harakiri.",
    example='CMD ["gunicorn", "--timeout", "30", "--graceful-timeout", "20", "wsgi:app"]\n',
)
def server_without_timeout(project: Project) -> Iterator[Hit]:
    configured = "\n".join(project.text(name) for name in project.matching(r"gunicorn[^/]*\.py$"))
    for file, line, command in project.starts:
        if "gunicorn" in command:
            if re.search(r"(--timeout[= ]|-t )0\b", command) or re.search(
                r"^timeout\s*=\s*0\b", configured, re.MULTILINE
            ):
                yield Hit(file, line, 1, "a worker that hangs is never ended")
            elif not re.search(r"--timeout|-t \d", command) and not re.search(
                r"^timeout\s*=", configured, re.MULTILINE
            ):
                message = "no timeout is said: it is gunicorn's 30 seconds"
                yield Hit(file, line, 1, message, "note")
        elif re.search(r"\buwsgi\b", command) and not project.mentions("harakiri"):
            yield Hit(file, line, 1, "a worker that hangs is never ended")


@rule(
    "BSS712",
    "no-health-check",
    "warning",
    "7.5b 8.2f",
    what="The app answers whether it lives, and whether it is ready.",
    why="Whoever restarts it or sends it requests has no other way to know.",
    repair="Answer /healthz without touching anything, /readiness with database and migrations.",
    example="""
@health.get("/healthz")
def alive() -> dict[str, str]:
    return {"status": "ok"}
""",
)
def no_health_check(project: Project) -> Iterator[Hit]:
    if not project.is_app or project.imported & {"flask_healthz", "healthcheck"}:
        return
    routes = {path for view in project.views for path in view.paths} | set(_given(project))
    probes = [path for path in routes if HEALTH.search(path)]
    deployed = project.dockerfiles or project.starts
    if not probes:
        yield Hit(
            *project.place, "no route tells whether the app is well", None if deployed else "note"
        )
    elif deployed and project.imported & DATABASES and not any(map(READY.search, probes)):
        message = f"{min(probes)} is there, and no route tells whether the app is ready"
        yield Hit(*project.place, message, "note")
    elif deployed and all(map(READY.search, probes)):
        message = f"{min(probes)} is there, and no route tells whether the process lives"
        yield Hit(*project.place, message, "note")


def _given(project: Project) -> Iterator[str]:
    """Texts that a call is given, as ``add_url_rule("/healthz", …)`` is, and no request for it."""
    for file in project.app_files:
        for call in file.all(ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr in {"get", "startswith"}:
                continue
            for value in (*call.args, *(each.value for each in call.keywords)):
                text = text_of(value)
                if text and re.match(r"/(healthz?|readiness|readyz?|livez?)\b", text):
                    yield text


@rule(
    "BSS713",
    "secret-in-compose",
    "error",
    "7.2b",
    what="A compose file names secrets, and does not hold them.",
    why="It is in the repository like the source.",
    repair="Take them from the environment or from secrets:.",
    example="environment:\n  SECRET_KEY: ${SECRET_KEY:?must be set}\n",
)
def secret_in_compose(project: Project) -> Iterator[Hit]:
    for file, key, value, line in project.compose_variables:
        if SECRET.search(key) and value and not value.startswith(("$", "/")):
            signs = re.search(r"SECRET|TOKEN|KEY", key)
            message = f"{key} is written in the file"
            yield Hit(file, line, 1, message, None if signs else "warning")


@rule(
    "BSS714",
    "image-not-pinned",
    "warning",
    "7.1c",
    what="The images of a compose file are pinned.",
    why="postgres without a version is a new major version one morning, that cannot read the "
    "data of the last.",
    repair="Name the version.",
    example="image: postgres:17.2\n",
)
def image_not_pinned(project: Project) -> Iterator[Hit]:
    for file, _, service in project.services:
        image = service.get("image")
        if not image.text or service.get("build") or "$" in image.text or "@" in image.text:
            continue
        tag = image.text.rpartition("/")[2].partition(":")[2]
        if not tag or tag == "latest":
            yield Hit(file, image.line, image.column, f"{image.text} may be any version tomorrow")
