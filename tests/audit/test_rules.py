"""Each rule finds what it is for, at its line, and leaves its right counterpart alone."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Thread

import pytest

from checker.audit.model import Report, Rule
from checker.audit.options import Options
from checker.audit.rules import BY_ID, RULES
from checker.audit.run import audit
from checker.audit.texts import parse_dockerfile
from checker.author.pages.audit import audit_overview, audit_rules, example_language
from checker.claims import load_claims

Audited = Callable[[dict[str, str]], Report]
Write = Callable[[dict[str, str]], Path]
ELSEWHERE = {rule.id for rule in RULES if rule.id.startswith(("BSS00", "BSS80"))}
ROOT = Path(__file__).parents[2]


def _snippets() -> dict[str, tuple[object, object]]:
    spec = spec_from_file_location("snippets", Path(__file__).with_name("snippets.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SNIPPETS  # type: ignore[no-any-return]


SNIPPETS = _snippets()


def files_of(snippet: object) -> dict[str, str]:
    return {"app/views.py": snippet} if isinstance(snippet, str) else dict(snippet)  # type: ignore[call-overload]


def marked(files: dict[str, str]) -> list[tuple[str, int]]:
    """Where the line ends with the mark, which is no part of what is audited."""
    return [
        (name, number)
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if line.endswith("# here")
    ]


def unmarked(files: dict[str, str]) -> dict[str, str]:
    return {
        name: re.sub(r" +# here$", "", text, flags=re.MULTILINE) for name, text in files.items()
    }


def test_every_rule_has_a_snippet() -> None:
    assert set(SNIPPETS) | ELSEWHERE == set(BY_ID)


@pytest.mark.parametrize("identity", SNIPPETS)
def test_what_breaks_the_rule_is_found_where_it_is(audited: Audited, identity: str) -> None:
    files = files_of(SNIPPETS[identity][0])
    report = audited(unmarked(files))
    found = [
        (finding.hit.file, finding.hit.line)
        for finding in report.findings
        if finding.rule.id == identity
    ]
    assert found == sorted(marked(files))
    assert not report.faults


@pytest.mark.parametrize("identity", SNIPPETS)
def test_what_keeps_the_rule_is_left_alone(audited: Audited, identity: str) -> None:
    report = audited(files_of(SNIPPETS[identity][1]))
    assert identity not in {finding.rule.id for finding in report.findings}
    assert not report.faults


def test_every_rule_is_documented_and_rests_on_claims() -> None:
    claims = {name for section in load_claims(ROOT) for name in section.claims}
    for rule in RULES:
        assert re.fullmatch(r"BSS[0-8]\d\d", rule.id)
        assert rule.what.endswith(".")
        assert rule.why.endswith((".", ")"))
        assert rule.repair
        assert rule.example
        assert set(rule.claims) <= claims, rule.id
        assert rule.claims
    assert len({rule.name for rule in RULES}) == len(RULES)


# How each language of an example is put where the rules look for it
PLACES: dict[str, Callable[[str], dict[str, str]]] = {
    "python": lambda example: {"app/views.py": example},
    "docker": lambda example: {
        "Dockerfile": example if example.startswith("FROM") else f"FROM a:1\n{example}",
        ".dockerignore": "*\n",
    },
    "yaml": lambda example: {
        "compose.yaml": "services:\n  app:\n" + textwrap.indent(example, " " * 4),
        WORKFLOW: "jobs:\n  app:\n    steps:\n" + textwrap.indent(example, " " * 6),
    },
}
WORKFLOW = ".github/workflows/ci.yml"
# Their examples are files of other kinds, or commands
OTHERWISE = {"BSS003", "BSS112", "BSS207", "BSS603", "BSS706", "BSS801", "BSS802"}


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.id not in OTHERWISE], ids=lambda rule: rule.id
)
def test_what_the_page_shows_is_right_itself(project: Write, rule: Rule) -> None:
    files = PLACES[example_language(rule.example)](rule.example)
    root = project(files)
    report = audit(root, Options())
    # The examples are parts: a Dockerfile of one line has no USER
    of_its_own = {each.rule.id for each in report.findings} & {rule.id, "BSS002"}
    assert not of_its_own, report.findings
    if "app/views.py" in files:
        ast.parse(files["app/views.py"])


def test_the_health_check_on_the_page_tells_well_from_ill() -> None:
    (step,) = parse_dockerfile("Dockerfile", BY_ID["BSS715"].example).steps
    command = json.loads(step.rest.partition("CMD")[2])
    for status, code in ((200, 0), (503, 1)):
        with serving(status) as port:
            asked = [word.replace("8000", str(port)) for word in command]
            asked[0] = sys.executable
            assert subprocess.run(asked, check=False, stderr=subprocess.DEVNULL).returncode == code


@contextmanager
def serving(status: int) -> Iterator[int]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def test_more_proxies_than_there_are_let_the_client_choose() -> None:
    """What the reason of BSS512 says, and what its example answers."""
    from werkzeug.middleware.proxy_fix import ProxyFix
    from werkzeug.test import create_environ

    def told(trusted: int, written: int) -> str:
        seen: list[str] = []

        def app(environ: dict[str, str], start: object) -> list[bytes]:
            seen.append(environ["REMOTE_ADDR"])
            return []

        environ = create_environ()
        claimed = ["6.6.6.6"] * written
        # The one proxy that there is adds the client's own address
        environ["HTTP_X_FORWARDED_FOR"] = ", ".join([*claimed, "203.0.113.5"])
        ProxyFix(app, x_for=trusted)(environ, lambda *_: lambda data: None)  # type: ignore[arg-type]
        return seen[0]

    assert told(99, 99) == "6.6.6.6"
    assert told(1, 99) == "203.0.113.5"


def test_every_rule_has_its_place_on_the_page() -> None:
    page = audit_rules()
    for rule in RULES:
        assert f"{{#{rule.anchor}}}" in page
        assert rule.docs.endswith(f"#{rule.anchor}")
        assert f"(#{rule.anchor})" in audit_overview()


@pytest.mark.parametrize(
    ("statement", "severity"),
    [
        ("db.session.execute(text(f'SELECT * FROM a WHERE b = {b}'))", "error"),
        ("db.session.execute(db.text('SELECT * FROM a WHERE b = %s' % b))", "error"),
        ("db.execute('SELECT * FROM a WHERE b = ' + b)", "error"),
        ("db.execute('SELECT * FROM a WHERE b = {}'.format(elsewhere()))", "warning"),
        ("db.execute('SELECT * FROM a WHERE b = ?', (b,))", None),
        ("db.execute('SELECT * FROM a ' 'WHERE b = 1')", None),
        ("db.execute(f'SELECT * FROM a LIMIT {int(b)}')", None),
        ("queue.execute(f'selecting {b}')", None),
    ],
)
def test_sql_from_pieces_by_where_they_come_from(
    audited: Audited, statement: str, severity: str | None
) -> None:
    source = f"from sqlalchemy import text\ndef view(db, queue, b):\n    {statement}\n"
    found = [finding.severity for finding in audited({"a.py": source}).findings]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("rule", "file", "source", "severity"),
    [
        ("BSS507", "app/ask.py", "import requests\ndef a(): requests.get(u)\n", "error"),
        (
            "BSS507",
            "make.py",
            "import requests, sys\ndef a(): requests.get(sys.argv[1])\n",
            "warning",
        ),
        (
            "BSS301",
            "a.py",
            "import jwt\njwt.decode(t, options={'verify_signature': False})\n",
            "error",
        ),
        (
            "BSS301",
            "a.py",
            "import jwt\nif config['X']:\n    jwt.decode(t, options={'verify_signature': False})\n",
            "warning",
        ),
    ],
)
def test_less_where_somebody_watches_or_has_to_ask_for_it(
    audited: Audited, rule: str, file: str, source: str, severity: str
) -> None:
    found = [each.severity for each in audited({file: source}).findings if each.rule.id == rule]
    assert found == [severity]


@pytest.mark.parametrize(("kind", "found"), [("String", True), ("PasswordType", False)])
def test_a_column_may_verify_what_it_is_compared_with(
    audited: Audited, kind: str, found: bool
) -> None:
    model = f"class User:\n    password = Column({kind})\n"
    views = "def a(user, password):\n    return user.password == password\n"
    report = audited({"app/models.py": model, "app/views.py": views})
    assert ("BSS306" in {each.rule.id for each in report.findings}) == found


@pytest.mark.parametrize(("name", "found"), [("docs", False), ("ship", True)])
def test_pages_for_people_go_out_without_tests(audited: Audited, name: str, found: bool) -> None:
    jobs = "on: [push]\njobs:\n  deploy:\n    steps:\n      - run: ./up\n"
    report = audited({f".github/workflows/{name}.yml": jobs})
    assert ("BSS720" in {each.rule.id for each in report.findings}) == found


@pytest.mark.parametrize(
    ("routes", "files", "severity"),
    [
        ([], {"Procfile": "web: gunicorn wsgi:app\n"}, "warning"),
        ([], {}, "note"),
        (["/healthz"], {"Procfile": "web: gunicorn wsgi:app\n"}, "note"),
        (["/readiness"], {"Procfile": "web: gunicorn wsgi:app\n"}, "note"),
        (["/healthz"], {}, None),
        (["/healthz", "/readiness"], {"Procfile": "web: gunicorn wsgi:app\n"}, None),
    ],
)
def test_both_probes_are_asked_for_where_it_is_deployed(
    audited: Audited, routes: list[str], files: dict[str, str], severity: str | None
) -> None:
    views = "".join(f"@app.get('{route}')\ndef a{len(route)}(): return ''\n" for route in routes)
    source = f"import sqlalchemy\nfrom flask import Flask\napp = Flask(__name__)\n{views}"
    report = audited({"app.py": source, **files})
    found = [each.severity for each in report.findings if each.rule.id == "BSS712"]
    assert found == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("DevConfig", False),
        ("DevelopmentConfig", False),
        ("TestingConfig", False),
        ("LocalConfig", False),
        ("dev_settings", False),
        ("Production", True),
        ("DeviceConfig", True),
        ("Latest", True),
    ],
)
def test_what_is_for_development_goes_by_whole_words(
    audited: Audited, name: str, found: bool
) -> None:
    report = audited({"a.py": f"class {name}:\n    SECRET_KEY = 'correct-horse'\n"})
    assert bool(report.findings) == found


FROM_FLASK = "from flask import Blueprint, Flask, redirect, render_template, request, url_for\n"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["to = request.args.get('next')", "return redirect(to)"], True),
        (["to = request.args['next']", "return redirect(to or url_for('a'))"], True),
        (
            [
                "to = request.args.get('next')",
                "if not to:",
                "    to = url_for('a')",
                "return redirect(to)",
            ],
            True,
        ),
        (
            [
                "to = request.form.get('next')",
                "if request.method == 'GET':",
                "    return render_template('login.html', next=to)",
                "return redirect(to)",
            ],
            True,
        ),
        (["to = request.args.get('next')", "return redirect(to if is_safe(to) else '/')"], False),
        (
            [
                "to = request.args.get('next')",
                "if not to or urlsplit(to).netloc:",
                "    to = '/'",
                "return redirect(to)",
            ],
            False,
        ),
        (
            [
                "to = request.args.get('next')",
                "if to not in KNOWN: to = '/'",
                "return redirect(to)",
            ],
            False,
        ),
        (["to = url_for('a')", "return redirect(to)"], False),
    ],
)
def test_a_redirect_by_a_name(audited: Audited, lines: list[str], found: bool) -> None:
    body = "".join(f"    {line}\n" for line in lines)
    report = audited({"a.py": f"{FROM_FLASK}def view():\n{body}"})
    assert ("BSS334" in {each.rule.id for each in report.findings}) is found


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        (["name = request.json['name']"], "warning"),
        (["if 'name' in request.json:", "    name = request.json['name']"], "note"),
        (["if request.json.get('name'):", "    name = request.json['name']"], "note"),
        (["if 'age' in request.json:", "    name = request.json['name']"], "warning"),
        (["if 'name' in request.json: pass", "else: name = request.json['name']"], "warning"),
        (
            [
                "try:",
                "    n = request.json['n']",
                "except KeyError:",
                "    raise Refused from None",
            ],
            "note",
        ),
    ],
)
def test_a_field_that_somebody_asked_for_is_no_500(
    audited: Audited, lines: list[str], severity: str
) -> None:
    body = "".join(f"    {line}\n" for line in lines)
    source = f"{FROM_FLASK}bp = Blueprint('a', __name__, url_prefix='/a')\n@bp.post('/b')\n"
    report = audited({"a.py": f"{source}def view():\n{body}"})
    assert [each.severity for each in report.findings if each.rule.id == "BSS335"] == [severity]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("SECRET_KEY = 'secret key'", True),
        ("SECRET_KEY = 'secret-key'", True),
        ("SECRET_KEY = 'CHANGEME'", True),
        ("SECRET_KEY = 'SECRET_KEY'", False),
        ("SECRET_KEY = 'MY_APP_SECRET'", False),
        ("SECRET_KEY = '/run/secrets/key'", False),
        ("MAIL_PASSWORD = 'Your password, please'", False),
        ("MAIL_PASSWORD = 'mail-password'", False),
    ],
)
def test_what_flask_signs_with_may_be_any_text(audited: Audited, line: str, found: bool) -> None:
    report = audited({"config.py": f"class Config:\n    {line}\n"})
    assert [each.rule.id for each in report.findings] == (["BSS107"] if found else [])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("app/config.py", True),
        ("latest/config.py", True),
        ("end_to_end_tests/config.py", False),
        ("unit-tests/config.py", False),
    ],
)
def test_a_folder_of_tests_by_its_name(audited: Audited, name: str, found: bool) -> None:
    report = audited({name: "class Config:\n    MAIL_PASSWORD = 'horse'\n"})
    assert bool(report.findings) is found


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("", True),
        ("deploy/", True),
        ("devices/", True),
        (".devcontainer/", False),
        ("docker/dev/", False),
        ("examples/shop/", False),
    ],
)
def test_a_container_for_development_by_its_folder(
    audited: Audited, folder: str, found: bool
) -> None:
    compose = "services:\n  web:\n    image: a:latest\n    environment:\n      SECRET_KEY: horse\n"
    report = audited({f"{folder}Dockerfile": "FROM a\n", f"{folder}compose.yaml": compose})
    assert {"BSS702", "BSS713", "BSS714"} & {each.rule.id for each in report.findings} == (
        {"BSS702", "BSS713", "BSS714"} if found else set()
    )


def test_a_migrations_environment_is_not_where_the_app_is_made(audited: Audited) -> None:
    made = FROM_FLASK + "def make():\n    return Flask(__name__)\n"
    report = audited({"alembic_users/env.py": made, "shop/app.py": made})
    assert {each.hit.file for each in report.findings} == {"shop/app.py"}


@pytest.mark.parametrize("name", ["settings.cfg.template", ".env.example", "conf.toml.j2"])
def test_what_a_template_of_settings_says_counts(audited: Audited, name: str) -> None:
    source = FROM_FLASK + "from flask import session\ndef make():\n    app = Flask(__name__)\n"
    source += "    session['a'] = 1\n"
    without, there = audited({"a.py": source}), audited({name: "SESSION_COOKIE_SECURE = True\n"})
    assert "BSS321" in {each.rule.id for each in without.findings}
    assert "BSS321" not in {each.rule.id for each in there.findings}


@pytest.mark.parametrize(
    ("rule", "source", "severities"),
    [
        # Only a program that somebody starts gets there
        (
            "BSS109",
            (
                "from flask import Flask\ndef main(app):\n    app.run(debug=True)\n"
                "if __name__ == '__main__':\n    main(Flask('a'))\n"
            ),
            ["warning"],
        ),
        (
            "BSS109",
            "from flask import Flask\ndef main(app):\n    app.run(debug=True)\nmain(Flask('a'))\n",
            ["error"],
        ),
        (
            "BSS507",
            "import requests\n@app.cli.command('push')\ndef push(): requests.get(u)\n",
            ["warning"],
        ),
        # The limit is its own
        (
            "BSS114",
            FROM_FLASK + "bp = Blueprint('a', __name__)\napp = Flask('a')\n@bp.post('/a')\n"
            "def a():\n    if request.content_length > 9: raise E\n    request.files['a']\n",
            ["note"],
        ),
        # Once, however often it is said on the line
        (
            "BSS116",
            FROM_FLASK + "bp = Blueprint('a', __name__)\n@bp.get('/a')\ndef a():\n    try: b()\n"
            "    except Exception as e: return str(e).splitlines()[0] if str(e) else 'no'\n",
            ["warning"],
        ),
        (
            "BSS302",
            (
                "import jwt\ndef f(t, k):\n    header = take_apart(t)\n    algo = header['alg']\n"
                "    return jwt.decode(t, k, algorithms=[algo], audience='a', issuer='b')\n"
            ),
            ["error"],
        ),
        (
            "BSS302",
            (
                "import jwt\ndef f(t, key):\n    algo = key['alg']\n"
                "    return jwt.decode(t, key, algorithms=[algo], audience='a', issuer='b')\n"
            ),
            [],
        ),
        (
            "BSS508",
            "import requests\ns = requests.Session()\ndef f(): s.get(u, timeout=3, verify=False)\n",
            ["error"],
        ),
        # Only the name of another setting is like it
        (
            "BSS326",
            "from flask_cors import CORS\nCORS(app)\nx = environ['SOCKETIO_CORS_ORIGINS']\n",
            ["warning"],
        ),
        ("BSS326", "from flask_cors import CORS\nCORS(app)\nCORS_ORIGINS = ['https://a']\n", []),
        (
            "BSS325",
            (
                "from flask_cors import CORS\ncors = CORS()\ndef make(app):\n"
                "    app.config['CORS_ORIGINS'] = '*'\n"
                "    cors.init_app(app, resources='/api/*', supports_credentials=True)\n"
            ),
            ["error"],
        ),
        (
            "BSS325",
            (
                "from flask_cors import CORS\ncors = CORS()\ndef make(app):\n"
                "    app.config['CORS_ORIGINS'] = ['https://a.example']\n"
                "    cors.init_app(app, resources='/api/*', supports_credentials=True)\n"
            ),
            [],
        ),
    ],
)
def test_what_other_projects_taught(
    audited: Audited, rule: str, source: str, severities: list[str]
) -> None:
    found = audited({"shop.py": source}).findings
    assert [each.severity for each in found if each.rule.id == rule] == severities


def test_an_end_made_by_backref_is_not_the_other_end(audited: Audited) -> None:
    source = (
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n"
        "class Person(db.Model):\n    bills = db.relationship('Bill', backref='payer')\n"
        "class Bill(db.Model):\n    owers = db.relationship('Person', secondary=owed)\n"
    )
    found = [each for each in audited({"a.py": source}).findings if each.rule.id == "BSS204"]
    assert [(each.hit.line, each.severity) for each in found] == [(4, "note"), (6, "note")]


def test_a_call_is_told_as_it_is_written(audited: Audited) -> None:
    source = (
        "import requests\nfrom flask import session\n"
        "def f():\n    session = requests.Session()\n    session.get('a')\n"
    )
    found = [each for each in audited({"a.py": source}).findings if each.rule.id == "BSS507"]
    assert [each.hit.message for each in found] == ["session.get() waits for ever"]
