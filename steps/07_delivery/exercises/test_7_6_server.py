"""Exercise 7.6: a server that others can run, watch and stop, and that browsers may ask."""

import random
import secrets

API = "/api/v1"
SENT = {
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-api-key",
    "x-request-id",
}
READ = {"etag", "link", "location", "retry-after", "x-request-id"}


def at_revision(revision: str | None, table: bool = True) -> str:
    """Have the database say that it is there, if it says anything; the head of the migrations."""
    from alembic.script import ScriptDirectory
    from sqlalchemy import text

    from app.extensions import MIGRATIONS, db

    db.session.rollback()
    (head,) = ScriptDirectory(str(MIGRATIONS)).get_heads()
    with db.engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        if table:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        if revision is not None:
            row = {"revision": revision if revision != "head" else head}
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), row)
    return head


def without_database(folder: str) -> list[list[object]]:
    """What an app says of itself whose database is not where it should be."""
    from world import environment

    with environment(TEST_DATABASE_URL=f"sqlite:////{folder}/library.db"):
        from app import create_app

        client = create_app("testing").test_client()
    answers = [client.get(path) for path in ("/healthz", "/readiness")]
    return [[answer.status_code, answer.get_json(silent=True), answer.text] for answer in answers]


def with_origins(text: str, requests: list[dict[str, object]]) -> list[list[object]]:
    """The answers of an app with these ``CORS_ORIGINS``: status and headers, in lower case."""
    import world

    client = world.new_app(CORS_ORIGINS=text).test_client()
    answers = [client.open(**one) for one in requests]
    return [
        [answer.status_code, {name.lower(): value for name, value in answer.headers.items()}]
        for answer in answers
    ]


def refused_origins(texts: list[str]) -> list[str]:
    """For each what the app says that is to be made with it; nothing where it is made."""
    import world

    said = []
    for text in texts:
        try:
            world.new_app(CORS_ORIGINS=text)
        except Exception as error:  # noqa: BLE001 - the test tells it
            said.append(f"{type(error).__name__}: {error}")
        else:
            said.append("")
    return said


def settings_of_gunicorn(workers: str | None = None) -> dict[str, object]:
    """What the file sets, where ``WEB_CONCURRENCY`` is this, or is not there."""
    import os
    import runpy

    kept = os.environ.pop("WEB_CONCURRENCY", None)
    try:
        if workers is not None:
            os.environ["WEB_CONCURRENCY"] = workers
        found = runpy.run_path("deploy/gunicorn.conf.py")
    finally:
        os.environ.pop("WEB_CONCURRENCY", None)
        if kept is not None:
            os.environ["WEB_CONCURRENCY"] = kept
    kinds = (str, int, bool, type(None))
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, kinds) and not name.startswith("_")
    }


def run_gunicorn() -> dict[str, object]:
    """What gunicorn, set up like this, does while a request is on its way in and it has to stop.

    It runs a small program that gives back what it gets: yours takes seconds to start, and has
    no part in this.
    """
    import os
    import signal
    import socket
    import subprocess
    import sys
    import tempfile
    import time
    from contextlib import suppress
    from pathlib import Path

    if not hasattr(socket, "AF_UNIX") or sys.platform == "win32":
        return {}  # gunicorn does not run there
    said: dict[str, object] = {"other": "no answer", "slow": "no answer", "code": "still running"}
    with tempfile.TemporaryDirectory() as folder:
        door, log = Path(folder, "s"), Path(folder, "log")
        Path(folder, "echo.py").write_text(
            "def app(environ, start_response):\n"
            "    body = environ['wsgi.input'].read(int(environ.get('CONTENT_LENGTH') or 0))\n"
            "    start_response('200 OK', [('Content-Length', str(len(body)))])\n"
            "    return [body]\n",
            encoding="utf-8",
        )

        def connect() -> socket.socket:
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(8)
            try:
                one.connect(str(door))
            except OSError:
                one.close()
                raise
            return one

        def connect_first() -> socket.socket:
            while process.poll() is None:
                # The door is there before it is open, and open before anybody stands behind it.
                with suppress(FileNotFoundError, ConnectionRefusedError):
                    return connect()
                time.sleep(0.01)
            return connect()

        def answer(one: socket.socket) -> str:
            with one.makefile("rb") as lines:
                text = lines.read().decode("latin-1")
            head, _, body = text.partition("\r\n\r\n")
            return f"{head.partition(chr(13))[0]} {body}".strip() or "closed without an answer"

        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
        command += ["--workers", "1", "--bind", f"unix:{door}", "--pythonpath", folder, "echo:app"]
        request = "{} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n"
        paths = os.pathsep.join(path for path in sys.path if path)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, env={**os.environ, "PYTHONPATH": paths}
            )
        try:
            first = connect_first()
            first.sendall(request.format("GET", "").encode())
            answer(first)
            slow, other = connect(), connect()
            slow.sendall((request.format("POST", "Content-Length: 9\r\n") + "half ").encode())
            time.sleep(0.1)
            other.sendall(request.format("GET", "").encode())
            said["other"] = answer(other)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            slow.sendall(b"done")
            said["slow"] = answer(slow)
            said["code"] = process.wait(timeout=5)
        except (OSError, subprocess.TimeoutExpired) as error:
            said["error"] = f"{type(error).__name__}: {error}"
        finally:
            process.kill()
            process.wait()
        said["log"] = log.read_text(encoding="utf-8", errors="replace")[-800:]
    return said


def an_origin(scheme: str = "https") -> str:
    return f"{scheme}://page-{secrets.token_hex(4)}.example.org"


def allowed(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


def words_of(headers: dict[str, str], name: str) -> set[str]:
    return {word.strip().lower() for word in headers.get(name, "").split(",") if word.strip()}


def assert_not_ready(answer, field: str, what: str) -> str:
    body = answer.get_json(silent=True)
    code = body.get("code") if isinstance(body, dict) else None
    assert [answer.status_code, code] == [503, "not_ready"], f"/readiness, {what}: status and code"
    details = body.get("details") or [{}]
    assert [one.get("field") for one in details] == [field], (
        f"/readiness, {what}: the details say what is not ready"
    )
    return str(details[0].get("reason"))


def test_who_is_alive_says_so(client, inside):
    inside(at_revision, None)
    answer = client.get("/healthz", headers={"Authorization": "Bearer nonsense"})

    assert [answer.status_code, answer.get_json(silent=True)] == [200, {"status": "ok"}], (
        "GET /healthz, whoever asks, whatever the database holds"
    )
    for path in ("/healthz", "/readiness"):
        answer = client.get(path)
        assert answer.headers.get("Cache-Control") == "no-store", f"{path}: as it is now"
        told = [name for name in answer.headers if name[0].startswith("RateLimit")]
        assert told == [], f"{path} is asked all day, and counts for nobody's limit"
    listed = client.get("/openapi.json").get_json()["paths"]
    for path in ("/healthz", "/readiness"):
        assert path not in listed, (
            f"{path} is for whoever runs the app, not for its clients: /openapi.json leaves it out"
        )


def test_ready_is_who_knows_the_tables(client, inside):
    head = inside(at_revision, "head")
    ready = client.get("/readiness")
    assert [ready.status_code, ready.get_json(silent=True)] == [200, {"status": "ready"}], (
        "GET /readiness, where the database is at the head of the migrations"
    )
    assert ready.headers.get("Cache-Control") == "no-store", "/readiness, when ready: as it is now"
    old = f"{random.randrange(10**7):08d}x"
    inside(at_revision, old)
    reason = assert_not_ready(client.get("/readiness"), "migrations", "at another revision")
    assert old in reason, "the reason names the revision that is there"
    assert head in reason, "the reason names the revision that this code needs"
    for table, what in ((True, "at no revision"), (False, "without a table alembic_version")):
        inside(at_revision, None, table)
        reason = assert_not_ready(client.get("/readiness"), "migrations", what)
        assert "none" in reason, f"/readiness, {what}: the reason says none"
    inside(at_revision, "head")
    again = client.get("/readiness").status_code
    assert again == 200, "the database was migrated, and /readiness says what it said before"


def test_the_database_is_gone(client, inside):
    folder = f"nowhere-{secrets.token_hex(4)}"
    (alive, body, _), (status, said, text) = inside(without_database, folder)

    assert [alive, body] == [200, {"status": "ok"}], "GET /healthz does not ask the database"
    details = (said or {}).get("details") if isinstance(said, dict) else None
    fields = [one.get("field") for one in details or []]
    got = [status, (said or {}).get("code") if isinstance(said, dict) else None, fields]
    assert got == [503, "not_ready", ["database"]], "GET /readiness, and the database is gone"
    is_told = folder in text or "sqlite" in text.lower()
    assert not is_told, "anybody can read /readiness: it does not say where the database is"


def test_pages_of_named_origins_may_read(inside):
    mine, other = an_origin(), f"{an_origin('http')}:{random.randrange(1024, 9999)}"
    paths = [f"{API}/", f"{API}/books", f"{API}/{secrets.token_hex(3)}"]
    requests = [
        {"path": path, "method": "GET", "headers": {"Origin": origin}}
        for path in paths
        for origin in (mine, other)
    ]
    found = inside(with_origins, f"{mine} {other}", requests)

    for (status, headers), one in zip(found, requests, strict=True):
        what = f"GET {one['path']}, answered with {status}, to an origin that is named"
        got = headers.get("access-control-allow-origin")
        assert got == one["headers"]["Origin"], f"{what}: Access-Control-Allow-Origin"
        exposed = words_of(headers, "access-control-expose-headers")
        assert exposed == READ, f"{what}: Access-Control-Expose-Headers"
        assert "access-control-allow-credentials" not in headers, (
            f"{what}: the API takes no cookies, and asks no browser to send any"
        )
        assert "origin" in words_of(headers, "vary"), f"{what}: Vary has Origin"
        if status == 401:
            assert "accept" in words_of(headers, "vary"), f"{what}: Vary keeps what it had, Accept"


def test_everybody_else_may_not(inside):
    mine = an_origin()
    strangers = [an_origin(), mine + ".evil.example", mine.replace("https", "http"), "null"]
    strangers += [f"{mine}:8443", "https://evil.example/" + mine, mine.replace(".", "x", 1)]
    strangers += [mine.removesuffix("g")]
    ask = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "if-match"}
    requests = [
        {"path": f"{API}/books", "method": method, "headers": {"Origin": origin, **more}}
        for origin in strangers
        for method, more in (("GET", {}), ("OPTIONS", ask))
    ]
    requests += [
        {"path": f"{API}/books", "method": "GET"},
        {"path": "/openapi.json", "method": "GET", "headers": {"Origin": mine}},
        {"path": "/healthz", "method": "GET", "headers": {"Origin": mine}},
        {"path": f"/api/v2/{secrets.token_hex(3)}", "method": "GET", "headers": {"Origin": mine}},
        {"path": "/docs/", "method": "OPTIONS", "headers": {"Origin": mine, **ask}},
    ]
    for settings in (f"{mine} {an_origin()}", mine, ""):
        some = requests if settings else requests[:2]
        for (status, headers), one in zip(inside(with_origins, settings, some), some, strict=True):
            origin = one.get("headers", {}).get("Origin", "no origin")
            what = f"{one['method']} {one['path']} for {origin}"
            assert allowed(headers) == {}, f"{what}, and the app allows {settings or 'nobody'}"
            if one["path"].startswith(f"{API}/"):
                assert "origin" in words_of(headers, "vary"), f"{what}: Vary has Origin"
                assert status != 403, f"{what} was refused: what a browser shows is its own affair"


def test_a_browser_asks_before_a_page_does(inside):
    mine = an_origin()
    shuffled = random.sample(sorted(SENT), k=len(SENT))
    halves = [set(shuffled[:4]), set(shuffled[4:])]
    requests = [
        {
            "path": f"{API}/books/7",
            "method": "OPTIONS",
            "headers": {
                "Origin": mine,
                "Access-Control-Request-Method": random.choice(["PUT", "POST", "DELETE"]),
                "Access-Control-Request-Headers": ", ".join([*wanted, "x-admin-key", "x-colour"]),
            },
        }
        for wanted in halves
    ]
    for wanted, (status, headers) in zip(halves, inside(with_origins, mine, requests), strict=True):
        assert status < 300, "OPTIONS, before a page asks: no browser sends a token with it"
        assert headers.get("access-control-allow-origin") == mine, (
            "OPTIONS: the origin that may ask"
        )
        methods = words_of(headers, "access-control-allow-methods")
        expected = {"get", "head", "post", "put", "delete"}
        assert methods == expected, "OPTIONS: the methods of a page"
        got = words_of(headers, "access-control-allow-headers")
        assert got == wanted, "OPTIONS: of the headers that a page asks for, those it may send"
        assert headers.get("access-control-max-age") == "600", "OPTIONS: for how long that holds"


def test_an_origin_is_named_in_full(inside):
    bad = ["*", "null", "page.example.org", "https://*.example.org", an_origin() + "/"]
    bad += [an_origin() + "/page", "HTTPS://PAGE.EXAMPLE.ORG", f"{an_origin()} *", "https://"]
    bad += [an_origin() + ":x", f"ftp://{secrets.token_hex(3)}.example.org"]
    for text, said in zip(bad, inside(refused_origins, bad), strict=True):
        assert said.startswith("ConfigError: "), f"CORS_ORIGINS={text}: no app is made with that"
        assert "CORS_ORIGINS" in said, f"CORS_ORIGINS={text}: the message names the variable"
    good = [f"{an_origin()} {an_origin('http')}:3000", "http://localhost:5173", ""]
    for text, said in zip(good, inside(refused_origins, good), strict=True):
        assert said == "", f"CORS_ORIGINS={text}: an app is made with that"


def test_gunicorn_is_told_how_to_run(inside):
    found = inside(settings_of_gunicorn)

    expected = {
        "bind": "127.0.0.1:8000",
        "worker_class": "gthread",
        "threads": 4,
        "timeout": 30,
        "graceful_timeout": 25,
        "max_requests": 10000,
        "max_requests_jitter": 1000,
        "control_socket_disable": True,
    }
    for name, value in expected.items():
        assert found.get(name) == value, f"deploy/gunicorn.conf.py: {name}"
    folder = inside(memory_folder)
    assert found.get("worker_tmp_dir") == folder, "deploy/gunicorn.conf.py: worker_tmp_dir"
    wanted = str(random.randint(2, 9))
    for given, workers in ((wanted, wanted), (None, "1")):
        got = inside(settings_of_gunicorn, given).get("workers", workers)  # gunicorn asks by itself
        assert str(got) == workers, (
            f"deploy/gunicorn.conf.py: how many workers, where WEB_CONCURRENCY is {given}"
        )


def memory_folder() -> str | None:
    from pathlib import Path

    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def test_it_runs_and_stops_without_dropping_anybody(inside):
    found = inside(run_gunicorn)
    if not found:
        return  # where gunicorn does not run, its settings are all there is to see
    log = f"; gunicorn has written: {found['log']}"
    assert found["other"] == "HTTP/1.1 200 OK", (
        "a client sends its body slowly, and somebody else asks meanwhile" + log
    )
    assert found["slow"] == "HTTP/1.1 200 OK half done", (
        "SIGTERM comes while a body is on its way in; its end comes later, and is answered" + log
    )
    assert found["code"] == 0, "after SIGTERM, and the last answer, gunicorn ends by itself" + log
