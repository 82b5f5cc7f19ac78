"""Limits that were there, and that somebody took away; and whom they count."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.rules.auth import LOGIN
from checker.audit.source import View, bare, keyword, settings_of, value_of

OFF = re.compile(r"\bRATELIMIT_ENABLED[= ]\W?(0|false|no|off)\b", re.IGNORECASE)


@rule(
    "BSS510",
    "limits-off",
    "error",
    "5.1a 3.7c 8.2d",
    what="Limits stay on outside of tests.",
    why="RATELIMIT_ENABLED = False takes all of them away at once, those of the login too, and no "
    "answer tells.",
    repair="Switch them off in the test configuration only; better, give tests a limit of their "
    "own.",
    example="""
class TestConfig(BaseConfig):
    RATELIMIT_ENABLED = False
""",
)
def limits_off(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for name, value, place in settings_of(file):
            if (
                name == "RATELIMIT_ENABLED"
                and value_of(value) is False
                and not file.for_development(place)
            ):
                yield file.hit(value, "no limit is counted: RATELIMIT_ENABLED is off")
        for call in file.calls_of("flask_limiter.Limiter"):
            if value_of(keyword(call, "enabled")) is False and not file.for_development(call):
                yield file.hit(call, "no limit is counted: the limiter is made with enabled=False")
    for dockerfile in project.dockerfiles:
        for step in dockerfile.last_stage:
            if step.word == "ENV" and OFF.search(step.rest.replace("FLASK_", "")):
                yield Hit(dockerfile.name, step.line, 1, "no limit is counted in this image")
    for file_name, variable, text, line in project.compose_variables:
        if OFF.search(f"{variable.removeprefix('FLASK_')}={text}"):
            yield Hit(file_name, line, 1, "no limit is counted in this service")


@rule(
    "BSS511",
    "login-exempted",
    "error",
    "3.7c 5.1a",
    what="Where one logs in, no limit is lifted.",
    why="It is the one place where somebody who guesses has something to win.",
    repair="Take the exemption away; health checks and metrics may have one.",
    example="""
@auth.post("/login")
@limiter.limit("10 per minute")
def login() -> dict[str, str]: ...
""",
)
def login_exempted(project: Project) -> Iterator[Hit]:
    logins = [view for view in project.views if _logs_in(view)]
    for view in logins:
        for node in view.function.decorator_list:
            if EXEMPTION.search(view.file.qual(bare(node))):
                yield view.file.hit(node, f"{view.function.name} may be tried without any limit")
    # limiter.exempt(auth): a view, or a whole blueprint
    named = {view.function.name: view.function.name for view in logins}
    for view in logins:
        for node in view.function.decorator_list:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                named[view.file.qual(node.func.value).rpartition(".")[2]] = view.function.name
    for file in project.app_files:
        for call in file.all(ast.Call):
            if not (call.args and EXEMPTION.search(file.qual(call.func))):
                continue
            name = file.qual(call.args[0]).rpartition(".")[2]
            if name in named:
                yield file.hit(call, f"{named[name]} may be tried without any limit")


# limiter.exempt, and marks of one's own; csrf.exempt is about something else
EXEMPTION = re.compile(
    r"(^|\.)(\w*limit\w*\.exempt|unlimited|un_?throttled|(no|without|skip|exempt_from|not)_"
    r"(rate_?)?(limits?|limited|limiting|throttle))$",
    re.IGNORECASE,
)


def _logs_in(view: View) -> bool:
    spot = [*view.paths, view.function.name] if view.paths else []
    return "POST" in view.methods and any(LOGIN.search(part) for part in spot)


# More stand in a row nowhere: a CDN, a balancer, an ingress, a proxy
MOST_PROXIES = 5
PROXIES = re.compile(
    r"^((TRUSTED|NUM|NUMBER_OF|COUNT_OF)_PROX(Y|IES)(_COUNT|_HOPS)?|PROX(Y|IES)_(COUNT|HOPS|NUMBER)"
    r"|PROXY_?FIX_X_(FOR|PROTO|HOST|PORT|PREFIX)|PROXY_X_FOR)$"
)


@rule(
    "BSS512",
    "more-proxies-than-there-are",
    "error",
    "5.3a 5.1a",
    what="As many proxies are trusted as there are.",
    why="ProxyFix takes the address that stands so many places from the right. With x_for=99 a "
    "client that writes 99 addresses into X-Forwarded-For chooses its own: limits, logs and "
    "blocks are by nothing.",
    repair="Count the proxies of yours that a request passes, one as a rule, and say that number.",
    example="""
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
""",
)
def more_proxies_than_there_are(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            if file.qual(call.func).rpartition(".")[2] != "ProxyFix":
                continue
            given = [*call.args[1:], *(each.value for each in call.keywords)]
            for value in given:
                if _too_many(value):
                    yield file.hit(value, f"{ast.unparse(value)} proxies are trusted")
                    break
        for name, value, place in settings_of(file):
            if PROXIES.match(name) and _too_many(value) and not file.for_development(place):
                yield file.hit(value, f"{name}: {ast.unparse(value)} proxies are trusted")
    for file_name, variable, text, line in project.compose_variables:
        name = variable.removeprefix("FLASK_")
        if PROXIES.match(name) and text.isdigit() and int(text) > MOST_PROXIES:
            yield Hit(file_name, line, 1, f"{variable}: {text} proxies are trusted")


def _too_many(node: ast.expr) -> bool:
    value = value_of(node)
    return type(value) is int and value > MOST_PROXIES
