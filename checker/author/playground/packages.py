"""The libraries for the page, out of those that are installed: the versions of the lock.

A browser runs Python, not machine code. What is taken is the Python of each package; where a
package has compiled parts it must do without them, or stay behind.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib import metadata

from packaging.requirements import Requirement

from checker.course import Step
from checker.files import tree

ALWAYS = ("pytest", "rich")
"""What the checker itself needs: to run tests, and to know how wide a sign is."""

LEFT_BEHIND = frozenset(
    {
        "annotated-types",
        "anyio",
        "argon2-cffi-bindings",
        "cryptography",
        "greenlet",
        "markdown-it-py",
        "mdurl",
        "pydantic",
        "pydantic-core",
        "pydantic-settings",
        "rpds-py",
        "typing-inspection",
    }
)
"""What is nothing without its machine code, and what only serves parts that stay behind."""

ABSENT = frozenset(
    {
        "grimp",
        "import-linter",
        "mcp",
        "opentelemetry-exporter-http-transport",
        "opentelemetry-exporter-otlp-common",
        "opentelemetry-exporter-otlp-proto-common",
        "opentelemetry-exporter-otlp-proto-http",
        "opentelemetry-proto",
    }
)
"""What steps import only for commands of a terminal, or in exercises that are marked local."""

LEFT_OUT = (
    *("*.so", "*.pyd", "*.pyi", "*.pyx", "*.pxd", "*.c", "*.h", "*.typed", "*.exe"),
    *("*/tests/*", "*/test/*", "*/testing/suite/*", "*/docs/*", "bin/*", "../*"),
    *("*.dist-info/licenses/*", "*.dist-info/RECORD", "*.dist-info/WHEEL"),
    # What no step of the course reaches: other databases, other servers, other templates.
    "sqlalchemy/dialects/oracle/*",
    *("sqlalchemy/testing/*", "alembic/testing/*", "alembic/templates/*"),
    *("wtforms/locale/*", "sqlalchemy/ext/mypy/*", "jsonschema/benchmarks/*"),
    *(f"sqlalchemy/ext/{name}" for name in ("asyncio/*", "automap.py", "baked.py")),
    *(f"redis/commands/{name}/*" for name in ("bf", "json", "search", "timeseries", "vectorset")),
    *("opentelemetry/semconv/trace/*", "opentelemetry/sdk/_logs/*", "idna/uts46data.py"),
    *("authlib/oidc/*", "authlib/oauth1/*", "authlib/jose/*", "authlib/integrations/*1/*"),
    *(f"authlib/integrations/{name}_*" for name in ("django", "starlette", "httpx", "requests")),
)
EMPTIED = ("flask_swagger_ui/dist/*", "certifi/cacert.pem")
"""What an app only sends, and the site has already; and whom to trust where a page asks nobody.

These files are there, and empty.
"""
FOREIGN = re.compile(r"faker/providers/\w+/(?!en(_US|_GB)?/)[a-z]{2,3}(_\w+)?/")
"""Made-up people of other countries. A bank is in Britain, where nobody says otherwise."""

AMENDED = {
    "openfeature/provider/_registry.py": ("import threading", "import course_threads as threading"),
    "openfeature/_event_support.py": (
        "from concurrent.futures import",
        "from course_threads import",
    ),
}
"""Where a library gets its threads, and where it gets what does their work at once.

The stand-ins themselves see to others; but this one keeps something for the whole process, and
must not be imported before a check imports it.
"""

ONLY = {
    "opentelemetry/semconv/_incubating/attributes/": (
        *("db_attributes", "http_attributes", "net_attributes", "otel_attributes"),
        "user_agent_attributes",
    ),
    "opentelemetry/semconv/_incubating/metrics/": ("http_metrics", "otel_metrics"),
    "pygments/lexers/": ("__init__", "_mapping", "diff", "python", "special"),
    "pygments/styles/": ("__init__", "_mapping", "default"),
    "pygments/formatters/": ("__init__", "_mapping", "terminal"),
    "rich/": ("__init__", "_extension", "cells", "_unicode_data"),
}
"""Of these folders nothing but these modules: what nobody counts, colours that nobody sees."""


def packs(steps: Iterable[Step]) -> dict[str, list[metadata.Distribution]]:
    """For each step the packages that it needs beyond those of the steps before it."""
    known: set[str] = set()
    found = {}
    for step in steps:
        here = closure([*ALWAYS, *_imported(step)])
        # flask-marshmallow looks for it, as soon as there is SQLAlchemy.
        if "flask-sqlalchemy" in here:
            here = closure([*here, "marshmallow-sqlalchemy"])
        found[step.name] = [metadata.distribution(name) for name in here if name not in known]
        known |= set(here)
    return found


def closure(names: Iterable[str]) -> list[str]:
    """These packages and what they require in turn, without those that cannot come along."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in LEFT_BEHIND:
            found.add(name)
            waiting += _required(name)
    return sorted(found)


def _imported(step: Step) -> list[str]:
    """The packages that a step's files import, the solved ones too, where they are installed."""
    owners = metadata.packages_distributions()
    sources = [*tree(step.path).items(), *tree(step.solutions).items()]
    modules = {
        module.partition(".")[0]
        for name, file in sources
        if name.endswith(".py") and not name.startswith(("tests/", "mistakes/"))
        for module in _modules(ast.parse(file.read_bytes()))
    }
    return sorted(
        {_canonical(owner) for module in modules for owner in owners.get(module, ())} - ABSENT
    )


def _modules(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def files(distribution: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    """The files of a package that a page needs, each by its path below ``site-packages``."""
    for path in distribution.files or ():
        name = path.as_posix()
        if (
            "__pycache__" in name
            or FOREIGN.match(name)
            or any(fnmatch(name, pattern) for pattern in LEFT_OUT)
        ):
            continue
        folder = next((each for each in ONLY if name.startswith(each)), None)
        if folder and name[len(folder) :].split("/")[0].removesuffix(".py") not in ONLY[folder]:
            continue
        data = b"" if any(fnmatch(name, pattern) for pattern in EMPTIED) else path.read_binary()
        if name in AMENDED:
            data = _amended(data, *AMENDED[name])
        if path.name == "METADATA":
            data = data.partition(b"\n\n")[0] + b"\n\n"  # without the page on the package index
        yield name, data


def _amended(module: bytes, old: str, new: str) -> bytes:
    if old.encode() not in module:
        raise ValueError(f"this is not the library that {old!r} was written for")
    return module.replace(old.encode(), new.encode())


def _required(name: str) -> list[str]:
    """What a package requires here, without its extras."""
    requirements = [Requirement(line) for line in metadata.requires(name) or ()]
    return [
        _canonical(each.name)
        for each in requirements
        if each.marker is None or each.marker.evaluate({"extra": ""})
    ]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
