"""Limits, caches, proxies, and calls to others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.rules.auth import GUARDS
from checker.audit.source import (
    PyFile,
    bare,
    has_keyword,
    keyword,
    settings_of,
    text_of,
    value_of,
    words_in,
)


@rule(
    "BSS501",
    "limits-in-memory",
    "warning",
    "5.1a",
    what="With several workers, limits are counted in one place.",
    why="In its own memory each worker counts for itself: the limit is multiplied by their "
    "number, and each restart forgets it.",
    repair="Give RATELIMIT_STORAGE_URI an address of Redis.",
    example="""
RATELIMIT_STORAGE_URI = os.environ["REDIS_URL"]
""",
)
def limits_in_memory(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("flask_limiter.Limiter"):
            given = text_of(keyword(call, "storage_uri"))
            if given is not None and given.startswith("memory"):
                yield file.hit(call, "limits are counted in memory", _by_workers(project))
            elif not has_keyword(call, "storage_uri") and not project.mentions(
                r"RATELIMIT_STORAGE_UR[IL]"
            ):
                yield file.hit(
                    call, "limits are counted in memory, by default", _by_workers(project)
                )


def _by_workers(project: Project) -> Severity:
    return "error" if project.many_workers else "note"


@rule(
    "BSS502",
    "cache-in-memory",
    "warning",
    "5.2c",
    what="With several workers, the cache is in one place.",
    why="A change empties the cache of the worker that made it; the others go on with what was.",
    repair="Use RedisCache in production.",
    example="""
CACHE_TYPE = "RedisCache"
CACHE_REDIS_URL = os.environ["REDIS_URL"]
""",
)
def cache_in_memory(project: Project) -> Iterator[Hit]:
    if project.many_workers is None:
        return
    for file in project.app_files:
        for name, value, place in settings_of(file):
            if (
                name == "CACHE_TYPE"
                and (text_of(value) or "").lower() in {"simple", "simplecache"}
                and not file.for_development(place)
            ):
                yield file.hit(value, "each worker has a cache of its own")


def _caches(file: PyFile, node: ast.expr) -> bool:
    name = file.qual(bare(node))
    return name.endswith("cache.cached") or name == "flask_caching.Cache.cached"


@rule(
    "BSS503",
    "private-answer-cached",
    "error",
    "5.2a",
    what="What is cached for somebody has them in its key.",
    why="cached() keys by path alone: the first who asks fills it, everybody else reads their "
    "answer.",
    repair="Give make_cache_key, with the identity in it.",
    example="""
@books.get("/mine")
@login_required
@cache.cached(timeout=30, make_cache_key=lambda: f"{current_user.id}:{request.full_path}")
def mine() -> dict[str, object]: ...
""",
)
def private_answer_cached(project: Project) -> Iterator[Hit]:
    for view in project.views:
        guarded = any(GUARDS.search(name) for name in view.decorators) or words_in(
            view.function
        ) & {
            "current_user",
            "get_jwt_identity",
        }
        for node in view.function.decorator_list:
            if (
                guarded
                and _caches(view.file, node)
                and not (
                    isinstance(node, ast.Call)
                    and has_keyword(node, "key_prefix", "make_cache_key", "unless")
                )
            ):
                yield view.file.hit(
                    node, f"{view.function.name} answers all with the first's answer"
                )


@rule(
    "BSS504",
    "cache-before-guard",
    "error",
    "5.4a 5.2a",
    what="Who may ask is decided before the cache answers.",
    why="With cached() above the guard, whatever is in the cache is given to anybody.",
    repair="Order: route, guard, validation, cache, logic.",
    example="""
@reports.get("/sales")
@jwt_required()
@cache.cached(timeout=60, make_cache_key=by_identity)
def sales() -> dict[str, object]: ...
""",
)
def cache_before_guard(project: Project) -> Iterator[Hit]:
    for view in project.views:
        decorators = view.function.decorator_list
        cached = [at for at, node in enumerate(decorators) if _caches(view.file, node)]
        guards = [at for at, name in enumerate(view.decorators) if GUARDS.search(name)]
        if cached and guards and min(cached) < max(guards):
            yield view.file.hit(decorators[min(cached)], "the cache answers before the guard asks")


@rule(
    "BSS505",
    "forwarded-for-believed",
    "warning",
    "5.1a 5.3a",
    what="The client's address comes through ProxyFix, with the number of your own proxies.",
    why="X-Forwarded-For is whatever the client writes: limits and logs by it are by nothing.",
    repair="Wrap the app in ProxyFix, and read request.remote_addr.",
    example="""
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=app.config["TRUSTED_PROXIES"])
""",
)
def forwarded_for_believed(project: Project) -> Iterator[Hit]:
    header = re.compile(r"^(HTTP_)?X[-_]Forwarded[-_]For$|^X-Real-IP$", re.IGNORECASE)
    for file in project.app_files:
        for node in file.all(ast.Constant):
            if not (isinstance(node.value, str) and header.match(node.value)):
                continue
            parent = file.parent(node)
            read = (
                isinstance(parent, ast.Call)
                and file.qual(parent.func)
                in {
                    "flask.request.headers.get",
                    "flask.request.environ.get",
                    "flask.request.headers.getlist",
                }
            ) or (
                isinstance(parent, ast.Subscript)
                and isinstance(parent.ctx, ast.Load)
                and file.qual(parent.value) in {"flask.request.headers", "flask.request.environ"}
            )
            if read:
                yield file.hit(node, f"{node.value} is believed, whoever wrote it")


@rule(
    "BSS506",
    "behind-proxy-unaware",
    "warning",
    "5.3a",
    what="An app behind a proxy knows about it.",
    why="Otherwise every client has the proxy's address: one limit for all, links with http:, "
    "logs that name nobody.",
    repair="Wrap the app in ProxyFix, with the number of proxies from the configuration.",
    example="""
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
""",
)
def behind_proxy_unaware(project: Project) -> Iterator[Hit]:
    if not project.is_app or "ProxyFix" in "".join(file.text for file in project.app_files):
        return
    if project.mentions(r"forwarded.allow.ips|FORWARDED_ALLOW_IPS|--proxy-headers"):
        return
    for name in project.matching(r"nginx[^/]*\.conf(\.template)?$|(^|/)nginx/[^/]+\.conf$"):
        for number, line in enumerate(project.text(name).splitlines(), 1):
            if re.match(r"\s*proxy_pass\s", line):
                yield Hit(
                    name, number, 1, "requests come through this proxy, the app has no ProxyFix"
                )
                return


OUTSIDE = re.compile(r"^(requests|requests\.sessions\.Session|requests\.Session)\."
                     r"(get|post|put|patch|delete|head|options|request)$")  # fmt: skip


@rule(
    "BSS507",
    "call-without-timeout",
    "error",
    "7.6c",
    what="Every call to another service has a timeout.",
    why="requests waits for ever by default: one slow partner holds worker after worker, until "
    "none is left.",
    repair="Give timeout=, in seconds.",
    example="""
answer = requests.get(url, timeout=5)
""",
)
def call_without_timeout(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        sessions = _sessions(file)
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            owner, _, verb = name.rpartition(".")
            plain = OUTSIDE.match(name) and file.is_imported(name.partition(".")[0])
            on_session = owner in sessions and OUTSIDE.match(f"requests.{verb}")
            if (plain or on_session) and not has_keyword(call, "timeout"):
                # A script that somebody starts and watches holds no worker
                by_hand = file.at_import(call) or _is_script(file) or _is_command(file, call)
                severity: Severity = "warning" if by_hand else "error"
                shown = ast.unparse(call.func) if on_session else name
                yield file.hit(call, f"{shown}() waits for ever", severity)
            elif name == "httpx.Timeout" and call.args and value_of(call.args[0]) is None:
                yield file.hit(call, "httpx.Timeout(None) waits for ever")
            elif name.startswith(("requests.", "httpx.")) and has_keyword(call, "timeout"):
                if value_of(keyword(call, "timeout")) is None:
                    yield file.hit(call, f"{name}() waits for ever")
            elif (
                name == "urllib.request.urlopen"
                and not has_keyword(call, "timeout")
                and len(call.args) < 3
            ):
                yield file.hit(call, "urlopen() waits for ever")
            elif (
                name in {"smtplib.SMTP", "smtplib.SMTP_SSL"}
                and not has_keyword(call, "timeout")
                and len(call.args) < 4
            ):
                yield file.hit(call, f"{name}() waits for ever")


def _is_script(file: PyFile) -> bool:
    """Whether a file is a program for the command line, and nothing of the app."""
    reads = any(file.qual(node) == "sys.argv" for node in file.all(ast.Attribute))
    return reads and "flask" not in file.imported


def _is_command(file: PyFile, node: ast.AST) -> bool:
    """Whether it stands in a command of the command line: ``@app.cli.command()``."""
    function = file.function_of(node)
    return function is not None and any(
        file.qual(bare(decorator)).rpartition(".")[2] == "command"
        for decorator in function.decorator_list
    )


def _sessions(file: PyFile) -> set[str]:
    """The names that sessions of requests have in this file: ``session``, ``self.session``."""
    named: list[tuple[ast.expr, ast.expr]] = [
        (target, node.value) for node in file.all(ast.Assign) for target in node.targets
    ]
    for block in file.all(ast.With):
        named += [(item.optional_vars, item.context_expr) for item in block.items
                  if item.optional_vars]  # fmt: skip
    return {
        file.qual(target)
        for target, value in named
        if isinstance(value, ast.Call)
        and file.qual(value.func) in {"requests.Session", "requests.session"}
    } - {""}


@rule(
    "BSS508",
    "certificate-not-checked",
    "error",
    "7.6c 3.7a",
    what="The other side's certificate is verified.",
    why="Without it anybody on the way can answer in its place, and reads what you send.",
    repair="Leave verify alone; for an authority of your own give verify the path to its file.",
    example='requests.get(url, timeout=5, verify="/etc/ssl/our-ca.pem")\n',
)
def certificate_not_checked(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        sessions = _sessions(file)
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            outside = name.startswith(("requests.", "httpx."))
            if (outside or name.rpartition(".")[0] in sessions) and (
                value_of(keyword(call, "verify")) is False
            ):
                yield file.hit(call, "the certificate of the other side is not verified")
        found: list[ast.AST] = [
            target
            for node in file.all(ast.Assign)
            if value_of(node.value) is False and file.imported & {"requests", "httpx"}
            for target in node.targets
            if isinstance(target, ast.Attribute) and target.attr == "verify"
        ]
        for named in (*file.all(ast.Attribute), *file.all(ast.Name)):
            compared = isinstance(file.parent(named), ast.Compare)
            if file.qual(named) in UNVERIFIED and not compared:
                found.append(named)
        for node in found:
            # Where somebody has to ask for it, it is theirs to answer for
            asked = any(isinstance(outer, ast.If) for outer in file.above(node))
            message = "no certificate of the other side is verified"
            yield file.hit(node, message, "warning" if asked else "error")


UNVERIFIED = {"ssl.CERT_NONE", "ssl._create_unverified_context"}


@rule(
    "BSS509",
    "retry-for-ever",
    "warning",
    "7.6a",
    what="Retries end, and wait longer each time.",
    why="tenacity's bare @retry tries again for ever and at once: a partner that is down is held "
    "down, and the request never ends.",
    repair="Give stop= and wait=.",
    example="""
@retry(stop=stop_after_attempt(3), wait=wait_random_exponential(max=5))
def look_up(isbn: str) -> Metadata: ...
""",
)
def retry_for_ever(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for function in file.functions():
            for node in function.decorator_list:
                if file.qual(node) in {"tenacity.retry", "retrying.retry"}:
                    yield file.hit(node, f"{function.name} is tried again without end")
        for call in file.all(ast.Call):
            ends = RETRIES.get(file.qual(call.func), set())
            said = [stop for name in ends if (stop := keyword(call, name)) is not None]
            ended = has_keyword(call) and not said  # **options may say it
            if ends and not ended and all(_never(file, stop) for stop in said):
                yield file.hit(call, "this is tried again without end")
        for loop in file.all(ast.While):
            if value_of(loop.test) in (True, 1) and _tries_again(file, loop):
                yield file.hit(loop, "a call to another service is tried again without end")


# What retries, and the arguments of which one makes it end
RETRIES = {
    "tenacity.retry": {"stop"},
    "tenacity.Retrying": {"stop"},
    "tenacity.AsyncRetrying": {"stop"},
    "retrying.retry": {"stop", "stop_func", "stop_max_attempt_number", "stop_max_delay"},
    "backoff.on_exception": {"max_tries", "max_time"},
    "backoff.on_predicate": {"max_tries", "max_time"},
}
OF_THE_NET = re.compile(
    r"^(requests|httpx|urllib|urllib3|aiohttp)\.|(^|\.)(ConnectionError|TimeoutError|URLError)$"
)


def _never(file: PyFile, stop: ast.expr) -> bool:
    return file.qual(stop).rpartition(".")[2] == "stop_never" or value_of(stop) is None


def _tries_again(file: PyFile, loop: ast.While) -> bool:
    """Whether the loop ends with success alone: what the net does wrong is caught, and no more."""
    if any(isinstance(inner, (ast.AugAssign, ast.Compare)) for inner in ast.walk(loop)):
        return False  # somebody counts
    for attempt in loop.body:
        if not isinstance(attempt, ast.Try):
            continue
        done = [*attempt.body, *attempt.orelse, *loop.body[loop.body.index(attempt) + 1 :]]
        succeeds = any(isinstance(inner, LEAVES) for line in done for inner in ast.walk(line))
        for handler in attempt.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            if any(kind is not None and OF_THE_NET.search(file.qual(kind)) for kind in kinds):
                ends = any(isinstance(inner, LEAVES) for inner in ast.walk(handler))
                return succeeds and not ends
    return False


LEAVES = (ast.Break, ast.Return, ast.Raise)
