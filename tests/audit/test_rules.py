"""Each rule finds what it is for, at its line, and leaves its right counterpart alone."""

import re
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from checker.audit.model import Report
from checker.audit.rules import BY_ID, RULES
from checker.author.pages.audit import audit_overview, audit_rules
from checker.claims import load_claims

Audited = Callable[[dict[str, str]], Report]
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
