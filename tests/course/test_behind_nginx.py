"""Step 5, solved, as it is run: nginx in front of two workers of gunicorn, with one Redis.

All three are started here, on free ports, in a temporary folder. nginx reads the learner's
``deploy/nginx.conf``, in which nothing but places is changed.
"""

import json
import os
import random
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import crossplane  # type: ignore[import-untyped]
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from checker.author.trees import solved, write_tree
from checker.course import Course

STEP = Course.load(Path(__file__).parents[2]).step(5)
MISSING = [name for name in ("nginx", "redis-server") if shutil.which(name) is None]
LIMIT = 50
MEBIBYTE = 1024 * 1024
BOOKS = "/api/v1/books"

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} not installed: apt-get install nginx redis"
)

FILL = """
import json, sys
from app.auth.grants import first_tokens
from app.extensions import db
from app.models import Author, Book, User
from wsgi import app

with app.app_context():
    tove = Author(name="Tove Jansson")
    db.session.add_all(
        [Book(title=f"Book {n}", isbn13=f"{n:013}", authors=[tove]) for n in range(30)]
    )
    people = [User(email=f"{n}@example.org", name=f"User {n}", role="librarian") for n in range(9)]
    db.session.add_all(people)
    db.session.commit()
    tokens = [first_tokens(user, None)["access_token"] for user in people]
json.dump(tokens, open(sys.argv[1], "w"))
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Deployment:
    """What runs, and how to ask it: by nginx (``ask``), or past it (``ask_gunicorn``)."""

    folder: Path
    ports: dict[str, int]
    tokens: list[str]

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        trusted = ssl.create_default_context(cafile=str(self.folder / "library.crt"))
        connection = HTTPSConnection("127.0.0.1", self.ports["tls"], timeout=60, context=trusted)
        return answer_of(connection, method, path, body, headers)

    def ask_gunicorn(self, path: str, method: str, body: bytes, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.ports["gunicorn"], timeout=60)
        return answer_of(connection, method, path, body, headers)

    def as_user(self, number: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[number]}"}

    def answered(self) -> list[str]:
        """The process that answered, for each request so far."""
        return (self.folder / "workers.log").read_text("utf-8").split()

    def log(self) -> list[dict[str, Any]]:
        """What the app has logged."""
        lines = (self.folder / "gunicorn.log").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def answer_of(
    connection: HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body or None, sent)
        got: HTTPResponse = connection.getresponse()
        return Answer(got.status, dict(got.getheaders()), got.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    ports = free_ports("redis", "gunicorn", "http", "tls")
    step = folder / "step"
    write_tree(solved(STEP), step)
    environ = {
        **os.environ,
        "APP_ENV": "production",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": f"sqlite:///{folder / 'library.db'}",
        "REDIS_URL": f"redis://127.0.0.1:{ports['redis']}/0",
        "RATE_LIMIT": f"{LIMIT} per hour",
        "TRUSTED_PROXIES": "1",
        "WEB_CONCURRENCY": "2",
        "PYTHONUNBUFFERED": "1",
    }
    make_certificate(folder)
    make_nginx_conf(step / "deploy" / "nginx.conf", folder, ports)
    redis = ["--port", str(ports["redis"]), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    gunicorn = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
    gunicorn += ["--bind", f"127.0.0.1:{ports['gunicorn']}"]
    gunicorn += ["--access-logfile", str(folder / "workers.log"), "--access-logformat", "%(p)s"]
    nginx = ["-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"]
    with ExitStack() as stack:
        stack.enter_context(running("redis-server", *redis, folder=folder))
        wait_for(ports["redis"])
        run(step, environ, "-m", "flask", "db", "upgrade")
        run(step, environ, "-c", FILL, str(folder / "tokens.json"))
        stack.enter_context(
            running(
                sys.executable, *gunicorn, folder=folder, name="gunicorn", cwd=step, env=environ
            )
        )
        stack.enter_context(running("nginx", *nginx, folder=folder))
        for name in ("gunicorn", "tls"):
            wait_for(ports[name])
        tokens = json.loads((folder / "tokens.json").read_text("utf-8"))
        deployment = Deployment(folder, ports, tokens)
        with ThreadPoolExecutor(8) as pool:
            while len(set(deployment.answered())) < 2:  # each loads the app before it answers
                list(pool.map(lambda _: deployment.ask("/metrics"), range(8)))
        yield deployment


@contextmanager
def running(
    program: str,
    *arguments: str | Path,
    folder: Path,
    name: str | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> Iterator[None]:
    """A program that writes what it says into a file named after it, ended at the end."""
    with (folder / f"{name or program}.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *map(str, arguments)],
            cwd=cwd or folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def run(folder: Path, environ: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def free_ports(*names: str) -> dict[str, int]:
    """Below those that a system hands out by itself: nobody else is given one of them meanwhile."""
    free = filter(is_free, random.sample(range(12_000, 32_000), 1000))
    return dict(zip(names, free, strict=False))


def is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def until(holds: Callable[[], bool]) -> bool:
    """Whether it holds within a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "library.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "library.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def make_nginx_conf(source: Path, folder: Path, ports: dict[str, int]) -> None:
    """The same configuration for this folder and these ports, and nothing else changed."""
    (parsed,) = crossplane.parse(str(source), comments=False)["config"]
    assert not parsed["errors"]
    places = {
        "pid": [str(folder / "nginx.pid")],
        "access_log": [str(folder / "access.log"), "json"],
        "error_log": [str(folder / "error.log"), "warn"],
        "ssl_certificate": [str(folder / "library.crt")],
        "ssl_certificate_key": [str(folder / "library.key")],
    }
    for directive in every(parsed["parsed"]):
        name = directive["directive"]
        if name == "listen":
            secure = "ssl" in directive["args"]
            port = ports["tls" if secure else "http"]
            directive["args"] = [f"127.0.0.1:{port}", *directive["args"][1:]]
        elif name == "server" and "block" not in directive:
            directive["args"] = [f"127.0.0.1:{ports['gunicorn']}"]
        elif name in places:
            directive["args"] = places[name]
    (folder / "nginx.conf").write_text(crossplane.build(parsed["parsed"]), "utf-8")
    checked = subprocess.run(
        ["nginx", "-t", "-p", folder, "-c", folder / "nginx.conf"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def every(directives: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for directive in directives:
        yield directive
        yield from every(directive.get("block", []))


def test_a_limit_is_one_limit_for_both_workers(deployment: Deployment) -> None:
    # On a busy machine one worker may be the quicker every time: that would show nothing.
    assert any(both_answer_within_one_limit(deployment, number) for number in (0, 4, 5, 6, 7, 8))


def both_answer_within_one_limit(deployment: Deployment, number: int) -> bool:
    """Whether both answered this user, who has one limit in any case."""
    before = len(deployment.answered())
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(deployment.ask, f"{BOOKS}?page={n}", **deployment.as_user(number))
            for n in range(1, LIMIT + 11)
        ]
    statuses = sorted(answer.result().status for answer in asked)
    assert statuses == [200] * LIMIT + [429] * 10
    return len(set(deployment.answered()[before:])) == 2


def test_a_write_through_one_worker_is_fresh_through_the_other(deployment: Deployment) -> None:
    user = deployment.as_user(1)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            title = secrets.token_hex(6)
            book = deployment.ask(f"{BOOKS}/1", **user).json
            body = json.dumps(
                {
                    "title": title,
                    "isbn13": "9780312608880",
                    "author_ids": [book["authors"][0]["id"]],
                    "version": book["version"],
                }
            ).encode()
            wrote = deployment.ask(
                f"{BOOKS}/1", "PUT", body, Content_Type="application/json", **user
            )
            assert wrote.status == 200, wrote.body
            read = [pool.submit(deployment.ask, BOOKS, **user) for _ in range(8)]
            titles = {answer.result().json["items"][0]["title"] for answer in read}
            assert titles == {title}


def test_a_forged_address_gains_nothing(deployment: Deployment) -> None:
    left = []
    for number in range(3):
        forged = f"198.51.100.{number}"
        answer = deployment.ask("/api/v1/", X_Forwarded_For=forged, X_Real_IP=forged)
        left.append(int(answer.headers["RateLimit-Remaining"]))

    assert left == [left[0], left[0] - 1, left[0] - 2]
    addresses = {line["address"] for line in deployment.log() if "address" in line}
    assert addresses <= {"127.0.0.1"}


@pytest.mark.parametrize("way", ["nginx", "gunicorn"])
def test_nobody_takes_more_than_a_mebibyte(deployment: Deployment, way: str) -> None:
    ask = deployment.ask if way == "nginx" else deployment.ask_gunicorn
    headers = {"Content_Type": "application/json", **deployment.as_user(2)}
    padded = b'{"name": "Tove"}' + b" " * (MEBIBYTE - 16)

    assert ask("/api/v1/authors", "POST", padded, **headers).status == 201
    assert ask("/api/v1/authors", "POST", padded + b" ", **headers).status == 413


def test_a_request_has_one_id_from_end_to_end(deployment: Deployment) -> None:
    mine = secrets.token_hex(8)
    kept = deployment.ask("/api/v1/", X_Request_ID=mine)
    made = deployment.ask("/api/v1/", X_Request_ID='"; drop')

    assert kept.headers["X-Request-ID"] == mine
    assert re.fullmatch("[0-9a-f]{32}", made.headers["X-Request-ID"])
    ids = {mine, made.headers["X-Request-ID"]}

    def are_written() -> bool:
        """By both, who write when the answer is on its way already."""
        told = {line.get("request_id") for line in deployment.log()}
        at_the_door = (deployment.folder / "access.log").read_text("utf-8")
        return ids <= told and all(each in at_the_door for each in ids)

    assert until(are_written)


def test_the_door_speaks_tls_and_compresses(deployment: Deployment) -> None:
    plain = HTTPConnection("127.0.0.1", deployment.ports["http"], timeout=60)
    moved = answer_of(plain, "GET", "/api/v1/", b"", {})
    user = deployment.as_user(3)
    small = deployment.ask(BOOKS, Accept_Encoding="gzip", **user)

    assert moved.status == 308
    assert moved.headers["Location"].startswith("https://")
    assert small.headers["Content-Encoding"] == "gzip"
    assert small.headers["ETag"].startswith("W/")
    again = deployment.ask(BOOKS, If_None_Match=small.headers["ETag"], **user)
    assert (again.status, again.body) == (304, b"")


def test_a_tag_that_was_made_weak_still_names_a_version(deployment: Deployment) -> None:
    user = deployment.as_user(3)
    current = deployment.ask(f"{BOOKS}/2", **user).headers["ETag"]

    stale = deployment.ask(f"{BOOKS}/2", "DELETE", If_Match='W/"99"', **user)
    gone = deployment.ask(f"{BOOKS}/2", "DELETE", If_Match=f"W/{current}", **user)

    assert (stale.status, gone.status) == (412, 204)
