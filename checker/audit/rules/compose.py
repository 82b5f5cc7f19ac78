"""Compose files, and how gunicorn is configured: what is handed to whoever delivers it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project, for_development
from checker.audit.texts import Yaml

STORES = re.compile(
    r"(^|/)(postgres(ql)?|postgis|timescaledb|mysql|mariadb|mongo|mongodb|redis|valkey|keydb"
    r"|memcached|elasticsearch|opensearch|cassandra|couchdb|cockroach|influxdb|clickhouse[\w-]*"
    r"|mssql[\w/-]*|percona)(:|@|$)"
)
PORTS = {"1433", "3306", "5432", "6379", "9200", "11211", "27017"}
EVERYWHERE = {"", "0.0.0.0", "::", "[::]"}  # noqa: S104 - looked for, not bound to
POWERS = {"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH"}


@rule(
    "BSS716",
    "server-reloads",
    "warning",
    "7.5a 7.2c",
    what="The server that is delivered does not watch its source.",
    why="Reloading is for development: it looks after every file all day, and a file that is half "
    "written takes the service down.",
    repair="Leave reload out of what is delivered; gunicorn --reload on your own machine.",
    example='CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]\n',
)
def server_reloads(project: Project) -> Iterator[Hit]:
    for file, line, command in project.starts:
        if re.search(r"\b(gunicorn|uvicorn|hypercorn)\b.*\s--reload\b|--py-auto-?reload", command):
            yield Hit(file, line, 1, "the server starts again whenever a file changes")
    for settings in project.matching(r"(^|/)[^/]*gunicorn[^/]*\.py$"):
        if for_development(settings):
            continue
        for number, text in enumerate(project.text(settings).splitlines(), 1):
            if re.match(r"reload\s*=\s*(True|1)\b", text):
                yield Hit(settings, number, 1, "the server starts again whenever a file changes")


@rule(
    "BSS717",
    "container-with-the-hosts-powers",
    "error",
    "7.1b 3.7a",
    what="A container has no power over its host.",
    why="privileged takes every wall down: root in the container is root of the machine. "
    "SYS_ADMIN, the host's processes and Docker's own socket are ways to the same place.",
    repair="Take it away; give single capabilities back, where one is needed.",
    example='cap_drop: [ALL]\nsecurity_opt: ["no-new-privileges:true"]\n',
)
def container_with_powers(project: Project) -> Iterator[Hit]:
    for file, name, service in project.services:
        mode = service.get("privileged")
        if mode.text.lower() in {"true", "yes", "on"}:
            yield _at(file, mode, f"{name} is privileged")
        for power in service.get("cap_add").list():
            if power.text.upper().removeprefix("CAP_") in POWERS:
                yield _at(file, power, f"{name} has {power.text}")
        for space in ("pid", "userns_mode"):
            if service.get(space).text == "host":
                yield _at(file, service.get(space), f"{name} shares {space} with its host")
        for volume in service.get("volumes").list():
            source = volume.text.partition(":")[0] or volume.get("source").text
            if source.endswith("docker.sock"):
                # What reads labels and certificates of others needs it: theirs to weigh
                message = f"{name} has Docker's socket: whoever has that has the host"
                yield Hit(file, volume.line, volume.column, message, "warning")


@rule(
    "BSS718",
    "database-published",
    "warning",
    "7.2a 3.7a",
    what="A database is reached by those who need it.",
    why="ports: opens it on every address of the machine, past most firewalls; within minutes "
    "somebody tries passwords. Services of one file reach each other without it.",
    repair="Leave ports: out, or bind it to this machine alone: 127.0.0.1:5432:5432.",
    example='ports: ["127.0.0.1:5432:5432"]\n',
)
def database_published(project: Project) -> Iterator[Hit]:
    for file, name, service in project.services:
        is_store = STORES.search(service.get("image").text)
        for port in service.get("ports").list():
            target, everywhere = _published(port)
            if everywhere and (is_store or target in PORTS):
                yield _at(file, port, f"{name} answers every address of the machine")


def _published(port: Yaml) -> tuple[str, bool]:
    """The port within the container, and whether every address of the host answers for it."""
    if port.items():
        return port.get("target").text, port.get("host_ip").text in EVERYWHERE
    text = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", port.text)  # its default
    host, _, target = ("", "", *text.rsplit(":", 2))[-3:]
    return target.partition("/")[0], host in EVERYWHERE


def _at(file: str, node: Yaml, message: str) -> Hit:
    return Hit(file, node.line, node.column, message)
