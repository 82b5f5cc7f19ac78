"""What the app says of itself once it is built (``--build``)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.rules.delivery import HEALTH


@rule(
    "BSS801",
    "built-with-debug",
    "error",
    "7.2c",
    what="The app as built is not in debug mode.",
    why="The debugger runs Python for whoever finds its PIN.",
    repair="Build it with the production configuration, and leave DEBUG out of that.",
    example="$ checker audit . --build \"app:create_app('production')\"\n",
)
def built_with_debug(project: Project) -> Iterator[Hit]:
    if project.built and project.built.config.get("DEBUG") is True:
        yield Hit(*project.place, f"{project.built.factory} is in debug mode")


@rule(
    "BSS802",
    "built-with-weak-secret",
    "error",
    "1.3c 7.2b",
    what="The key that signs sessions has at least 16 bytes.",
    why="A short key is found by trying; with it anybody signs any session.",
    repair="Give SECRET_KEY 32 random bytes.",
    example="$ python -c 'import secrets; print(secrets.token_hex(32))'\n",
)
def built_with_weak_secret(project: Project) -> Iterator[Hit]:
    if project.built and 0 < project.built.secret_length < 16:
        yield Hit(*project.place, f"SECRET_KEY has {project.built.secret_length} bytes")


@rule(
    "BSS803",
    "built-with-html-errors",
    "warning",
    "1.7c",
    what="The API's 404 is JSON.",
    why="A client that parses JSON fails on a page with an error about something else.",
    repair="Register a handler for HTTPException.",
    example="app.register_error_handler(HTTPException, refused)\n",
)
def built_with_html_errors(project: Project) -> Iterator[Hit]:
    if project.built and project.is_api and project.built.not_found.startswith("text/html"):
        yield Hit(*project.place, "a client that accepts JSON gets its 404 as HTML")


@rule(
    "BSS804",
    "built-without-health",
    "warning",
    "7.5b 8.2f",
    what="The URL map has a route that tells whether the app is well.",
    why="Whoever restarts it or sends it requests has no other way to know.",
    repair="Add /healthz and /readiness.",
    example="app.register_blueprint(health)\n",
)
def built_without_health(project: Project) -> Iterator[Hit]:
    if project.built and not any(HEALTH.search(rule) for rule in project.built.rules):
        deployed = project.dockerfiles or project.starts
        severity: Severity | None = None if deployed else "note"
        yield Hit(*project.place, "no rule of the URL map is a health check", severity)


@rule(
    "BSS805",
    "built-with-open-cookie",
    "note",
    "3.5b",
    what="The session cookie of the app as built is Secure.",
    why="Otherwise it travels in clear on the first request without TLS.",
    repair="Set SESSION_COOKIE_SECURE in the production configuration.",
    example="SESSION_COOKIE_SECURE = True\n",
)
def built_with_open_cookie(project: Project) -> Iterator[Hit]:
    built = project.built
    uses = any(re.search(r"\bsession\b|login_user", file.text) for file in project.app_files)
    if built and uses and built.secret_length and not built.config.get("SESSION_COOKIE_SECURE"):
        yield Hit(*project.place, "SESSION_COOKIE_SECURE is off in the app as built")
