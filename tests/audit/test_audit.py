"""Exceptions, settings, output, and that nothing in a project brings the audit down."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from sarif_kit.validate import validation_errors

import checker.audit
from checker.audit.building import build
from checker.audit.commands import audit as command
from checker.audit.hits import Hit
from checker.audit.model import Report, silent
from checker.audit.options import Options, read_options
from checker.audit.project import Project
from checker.audit.rules import BY_ID, RULES
from checker.audit.run import audit
from checker.errors import EnvironmentTrouble, UserError

Write = Callable[[dict[str, str]], Path]
Audited = Callable[[dict[str, str]], Report]

SECRET = "class Config:\n    SECRET_KEY = 'correct-horse'{comment}\n"
FACTORY = """\
import os
from flask import Flask


def create_app(name="production"):
    app = Flask(__name__)
    app.secret_key = os.environ.get("AUDITED_SECRET")
    app.add_url_rule("/healthz", view_func=lambda: "ok", endpoint="health")
    return app
"""


def ids(report: Report) -> list[str]:
    return [finding.rule.id for finding in report.findings]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


# Exceptions


def test_an_exception_with_its_reason_excepts_its_line(audited: Audited) -> None:
    report = audited({"a.py": SECRET.format(comment="  # audit: ignore[BSS107] of the demo")})
    assert ids(report) == []
    assert [(one.finding.rule.id, one.reason) for one in report.excepted] == [
        ("BSS107", "of the demo")
    ]


def test_an_exception_alone_on_its_line_is_about_the_next(audited: Audited) -> None:
    source = "class Config:\n    # audit: ignore[BSS107] of the demo\n    SECRET_KEY = 'horse'\n"
    report = audited({"a.py": source})
    assert ids(report) == []
    assert len(report.excepted) == 1


def test_an_exception_without_a_reason_excepts_nothing(audited: Audited) -> None:
    report = audited({"a.py": SECRET.format(comment="  # audit: ignore[BSS107]")})
    assert sorted(ids(report)) == ["BSS001", "BSS107"]


def test_an_exception_without_a_rule_excepts_nothing(audited: Audited) -> None:
    report = audited({"a.py": SECRET.format(comment="  # audit: ignore because I say so")})
    assert sorted(ids(report)) == ["BSS001", "BSS107"]


@pytest.mark.parametrize("rule", ["BSS507", "BSS999"])
def test_an_exception_that_finds_nothing_is_told(audited: Audited, rule: str) -> None:
    report = audited({"a.py": f"x = 1  # audit: ignore[{rule}] once needed\n"})
    assert ids(report) == ["BSS002"]


def test_a_string_that_looks_like_an_exception_is_none(audited: Audited) -> None:
    report = audited({"a.py": "x = '# audit: ignore[BSS107]'\n"})
    assert ids(report) == []


def test_an_exception_in_a_dockerfile(audited: Audited) -> None:
    text = "# audit: ignore[BSS701] drops its rights itself\nFROM a:1\nCMD x\n"
    report = audited({"Dockerfile": text})
    assert "BSS701" not in ids(report)
    assert [one.finding.rule.id for one in report.excepted] == ["BSS701"]


# Settings


def settings(text: str) -> dict[str, str]:
    return {"pyproject.toml": f"[tool.checker.audit]\n{text}\n"}


def test_select_and_ignore_take_beginnings_of_ids(audited: Audited) -> None:
    secret = {"a.py": SECRET.format(comment="")}
    assert ids(audited(secret | settings('select = ["BSS7"]'))) == []
    assert ids(audited(secret | settings('ignore = ["BSS107"]'))) == []
    assert ids(audited(secret | settings('select = ["BSS1"]'))) == ["BSS107"]


def test_ignores_for_some_files(audited: Audited) -> None:
    files = {name: SECRET.format(comment="") for name in ("demo/a.py", "app/b.py")}
    report = audited(files | settings('[tool.checker.audit.per-file-ignores]\n"demo" = ["BSS107"]'))
    assert [finding.hit.file for finding in report.findings] == ["app/b.py"]


def test_what_is_excluded_is_not_read(audited: Audited) -> None:
    files = {"vendor/a.py": "syntax error", ".venv/a.py": "syntax error"}
    assert ids(audited(files | settings('exclude = ["vendor"]'))) == []


@pytest.mark.parametrize("setting", ["pytest.ini", "pyproject.toml"])
def test_a_folder_is_of_tests_where_pytest_is_told_so(audited: Audited, setting: str) -> None:
    tables = "from app import db\n\n\ndef build():\n    db.create_all()\n"
    texts = {
        "pytest.ini": "[pytest]\ntestpaths = tests\n    ./checks src\npythonpath = tools\n",
        "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = [\n 'checks',\n 'src',\n]\n",
    }
    places = ("checks/world.py", "tools/world.py", "src/app/world.py")
    files = {**dict.fromkeys(places, tables), "src/app/__init__.py": "db = 1\n"}

    found = audited({**files, setting: texts[setting]}).findings

    made = {finding.hit.file for finding in found if finding.rule.id == "BSS207"}
    assert made == {"tools/world.py", "src/app/world.py"}, "checks/ holds tests"


@pytest.mark.parametrize(
    "text",
    ['select = "BSS1"', 'select = ["XYZ"]', 'colour = ["red"]', "per-file-ignores = 3", "x = ["],
)
def test_a_wrong_setting_is_told_with_its_file(project: Write, text: str) -> None:
    root = project(settings(text))
    with pytest.raises(UserError, match=r"pyproject\.toml"):
        read_options(root)


# Output


def test_json_is_by_its_schema(project: Write) -> None:
    files = {
        "a.py": SECRET.format(comment=""),
        "b.py": SECRET.format(comment="  # audit: ignore[BSS107] of the demo"),
    }
    result = run(project(files), "--json")
    schema = Path(checker.audit.__file__).with_name("schemas") / "audit-1.schema.json"
    told = json.loads(result.stdout)
    Draft202012Validator(json.loads(schema.read_text(encoding="utf-8"))).validate(told)
    assert result.exit_code == 1
    assert [finding["file"] for finding in told["findings"]] == ["a.py"]
    assert [finding["reason"] for finding in told["excepted"]] == ["of the demo"]
    assert told["summary"]["error"] == 1


def test_sarif_is_by_the_schema_of_its_standard(project: Write) -> None:
    files = {
        "a b.py": SECRET.format(comment=""),
        "c.py": SECRET.format(comment="  # audit: ignore[BSS107] of the demo"),
    }
    told = json.loads(run(project(files), "--sarif").stdout)
    assert validation_errors(told) == []
    (sarif,) = told["runs"]
    rules = sarif["tool"]["driver"]["rules"]
    first, second = sarif["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b.py"
    assert place["region"] == {"startLine": 2, "startColumn": 18}
    assert rules[first["ruleIndex"]]["id"] == first["ruleId"] == "BSS107"
    assert "suppressions" not in first
    assert second["suppressions"][0]["justification"] == "of the demo"


def test_a_person_reads_place_reason_and_repair(project: Write) -> None:
    result = run(project({"a.py": SECRET.format(comment="")}))
    assert "a.py\n" in result.output
    assert "2:18" in result.output
    assert BY_ID["BSS107"].why in result.output
    assert BY_ID["BSS107"].repair in result.output
    assert "1 error, 0 warnings, 0 notes" in result.output


def test_exit_codes(project: Write, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    clean.mkdir()
    warned = project({"warned/a.py": "import jwt\njwt.decode(t, k, algorithms=['a'])\n"}) / "warned"
    assert run(clean).exit_code == 0
    assert run(warned).exit_code == 0
    assert run(warned, "--fail-on", "warning").exit_code == 1
    assert run(warned, "--json", "--sarif").exit_code == 2


def test_the_command_is_one_of_the_checkers(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "audit", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "there is no folder" in done.stderr


# Whatever the project is


def test_a_rule_that_fails_is_our_fault_and_the_others_run(project: Write) -> None:
    def fails(project: Project) -> list[Hit]:
        raise ZeroDivisionError("over")

    root = project({"a.py": SECRET.format(comment="")})
    rules = [replace(BY_ID["BSS101"], check=fails), *RULES[1:]]
    report = audit(root, Options(), rules=rules)
    assert [(fault.rule, fault.error) for fault in report.faults] == [
        ("BSS101", "ZeroDivisionError: over")
    ]
    assert ids(report) == ["BSS107"]


def test_a_fault_exits_with_70(project: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Report:
        report = audit(tmp, Options(), rules=[replace(BY_ID["BSS101"], check=broken)])
        assert report.faults
        return report

    def broken(project: Project) -> list[Hit]:
        raise RuntimeError

    tmp = project({"a.py": "x = 1\n"})
    monkeypatch.setattr("checker.audit.run.audit", fails)
    result = run(tmp)
    assert result.exit_code == 70
    assert "our fault: the rule BSS101" in result.output


def test_an_empty_project(tmp_path: Path) -> None:
    assert ids(audit(tmp_path, Options())) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"x = (\n", 1),
        (b"print 'hello'\n", 1),
        (b"\x00\x01\x02", 1),
        (b"# \xff\xfe\n", 1),
        (b"(" * 5000, 1),
        (b"x = " + b"-" * 100_000 + b"1\n", 1),
    ],
    ids=["syntax", "python2", "binary", "latin", "brackets", "deep"],
)
def test_what_cannot_be_parsed_is_told_and_no_more(
    tmp_path: Path, content: bytes, line: int
) -> None:
    (tmp_path / "odd.py").write_bytes(content)
    (tmp_path / "a.py").write_text(SECRET.format(comment=""), encoding="utf-8")
    report = audit(tmp_path, Options())
    assert ids(report) == ["BSS107", "BSS003"]
    assert report.findings[1].hit.line >= line
    assert not report.faults


def test_a_huge_file_is_noted_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text("x = 1\n" * 200_000, encoding="utf-8")
    report = audit(tmp_path, Options())
    assert [(f.rule.id, f.severity) for f in report.findings] == [("BSS003", "note")]


@pytest.mark.parametrize("text", ["a: [", "- &a [*a]", "jobs: 3", "", "jobs:\n  a: [x]\n", "\t"])
def test_odd_workflows_and_compose_files(audited: Audited, text: str) -> None:
    names = [".github/workflows/a.yml", "compose.yaml"]
    report = audited(dict.fromkeys(names, text))
    assert set(ids(report)) <= {"BSS003"}
    assert not report.faults


@pytest.mark.parametrize(
    "text", ["", "FROM", "RUN x \\", "RUN <<E\nx", "\x00", "ENV\nCMD [1", "USER"]
)
def test_odd_dockerfiles(audited: Audited, text: str) -> None:
    assert not audited({"Dockerfile": text}).faults


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_links_that_lead_in_circles_or_out_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "outside.py").write_text("syntax error", encoding="utf-8")
    (tmp_path / "project" / "again").symlink_to(tmp_path / "project")
    (tmp_path / "project" / "out.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "project" / "loop.py").symlink_to("loop.py")
    report = audit(tmp_path / "project", Options())
    assert (report.files, ids(report)) == (0, [])


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"# -*- coding: latin-1 -*-\nclass C:\n    SECRET_KEY = 'd\xe9sir-able'\n", (3, 18)),
        (b"\xef\xbb\xbfclass C:\n    SECRET_KEY = 'horse'\n", (2, 18)),
        (b"class C:\r    SECRET_KEY = 'horse'\r", (2, 18)),
        ("x = 'äöü'; app.secret_key = 'horse'\n".encode(), (1, 29)),
        ("x = '\u2028'\x0c\nclass C:\n    SECRET_KEY = 'horse'\n".encode(), (3, 18)),
    ],
    ids=["latin-1 by its cookie", "BOM", "old line ends", "umlauts", "form feed"],
)
def test_lines_and_columns_are_those_of_an_editor(
    tmp_path: Path, content: bytes, place: tuple[int, int]
) -> None:
    (tmp_path / "a.py").write_bytes(content)
    report = audit(tmp_path, Options())
    assert [(f.rule.id, f.hit.line, f.hit.column) for f in report.findings] == [("BSS107", *place)]


@pytest.mark.parametrize(
    ("name", "content", "line", "severity"),
    [
        ("b.py", b"x = 1\n\ny = '\xe9'\n", 3, "warning"),
        ("b.py", b"# coding: klingon\n", 1, "warning"),
        ("b.py", b"# coding: rot13\n", 1, "warning"),
        ("words.txt", b"\xe9t\xe9\n", 1, "note"),
        ("Dockerfile", b"FROM a:1\nUSER \xe9\n", 2, "warning"),
    ],
)
def test_what_is_no_text_is_told_where_it_is_none(
    tmp_path: Path, name: str, content: bytes, line: int, severity: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (found,) = audit(tmp_path, Options()).findings
    assert (found.rule.id, found.hit.line, found.severity) == ("BSS003", line, severity)


def test_an_exception_after_a_form_feed(audited: Audited) -> None:
    source = (
        "import os\n\x0c\nclass C:\n    # audit: ignore[BSS107] demo\n    SECRET_KEY = 'horse'\n"
    )
    report = audited({"a.py": source})
    assert (ids(report), len(report.excepted)) == ([], 1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no rights of this kind")
def test_what_is_locked_is_told_and_the_rest_is_read(
    project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("shut/b.py", "listed/c.py", "c.py")
    root = project({"a.py": SECRET.format(comment=""), **dict.fromkeys(names, "x = 1\n")})
    root.chmod(0o755)
    monkeypatch.chdir(root)
    locks = {"shut": 0, "listed": 0o644, "c.py": 0}
    user = os.geteuid()
    for name, mode in locks.items():
        Path(name).chmod(mode)
    try:
        if user == 0:
            os.seteuid(65534)  # nothing is locked for root
        report = audit(Path(), Options())
    finally:
        if user == 0:
            os.seteuid(0)
        for name in locks:
            Path(name).chmod(0o755)
    assert [(f.hit.file, f.rule.id) for f in report.findings] == [
        ("a.py", "BSS107"),
        ("c.py", "BSS003"),
        ("listed", "BSS003"),
        ("shut", "BSS003"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"logger.info(x{'[0]' * 900}['password'])",
        f"logger.info(x{'.a(1)' * 300}['password'])",
        "db.execute('SELECT 1 ' + " + " + ".join(["x"] * 900) + ")",
    ],
    ids=["subscripts", "calls", "sums"],
)
def test_deep_expressions_bring_no_rule_down(audited: Audited, line: str) -> None:
    source = f"import logging\nlogger = logging.getLogger()\ndef f(x, db):\n    {line}\n"
    report = audited({"a.py": source})
    assert not report.faults
    assert len(ids(report)) == 1


def test_a_mapping_that_merges_itself(audited: Audited) -> None:
    text = "services:\n  a: &a\n    <<: *a\n    image: redis:latest\n"
    report = audited({"compose.yaml": text})
    assert (ids(report), report.faults) == (["BSS714"], ())


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"pyproject.toml/a": ""}, 2, "cannot be read"),
        ({"pyproject.toml": f"x = {'[' * 5000}"}, 2, "cannot be read"),
        ({"a.py": "import django\n"}, 0, "imports Flask"),
        ({}, 0, "imports Flask"),
    ],
    ids=["folder", "deep", "no Flask", "empty"],
)
def test_what_is_no_project_is_told_and_never_a_trace(
    project: Write, files: dict[str, str], code: int, said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "checker", "audit", str(project(files)), "--sarif"],
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    if not code:
        told = json.loads(done.stdout)
        assert validation_errors(told) == []
        (note,) = told["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        assert said in note["message"]["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_path_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.py").write_text("", encoding="utf-8")
    for path in (tmp_path / "loop", tmp_path / "a.py", tmp_path / "none", Path("x" * 5000)):
        result = run(path)
        assert isinstance(result.exception, UserError), result.exception


# Building


def test_the_app_is_looked_at_once_it_is_built(
    project: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project({"shop.py": FACTORY})
    monkeypatch.setenv("AUDITED_SECRET", "short")
    built = build(root, "shop:create_app('testing')")
    assert (built.secret_length, "/healthz" in built.rules) == (5, True)
    assert "short" not in repr(built)
    found = ids(audit(root, Options(), built))
    assert "BSS802" in found
    assert "BSS804" not in found


@pytest.mark.parametrize(
    ("source", "factory"),
    [
        ("import no_such_module", "shop:create_app"),
        ("import sys; sys.exit(0)", "shop:create_app"),
        ("import os; os._exit(0)", "shop:create_app"),
        ("def create_app(): return 3", "shop:create_app"),
        ("def create_app(): return 3", "shop:open('x').read"),
    ],
)
def test_what_cannot_be_built_is_told(project: Write, source: str, factory: str) -> None:
    with pytest.raises(EnvironmentTrouble, match="shop"):
        build(project({"shop.py": source}), factory)


def test_building_has_a_limit(project: Write) -> None:
    root = project({"shop.py": "while True: pass\n"})
    with pytest.raises(EnvironmentTrouble, match="not built within"):
        build(root, "shop:create_app", limit=1)


def test_a_factory_without_its_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="module:function"):
        build(tmp_path, "create_app")


def test_a_rule_without_source_finds_nothing(tmp_path: Path) -> None:
    assert list(silent(Project(tmp_path))) == []
