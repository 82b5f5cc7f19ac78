"""Exercise 6.6: a gate that lets nothing pass that it should stop, and all that it should not.

The tools are stand-ins, found before the real ones: they note what they are asked, and answer
with an exit code. So a planted fault takes milliseconds, and what is judged is the gate.
"""

import secrets

import pytest

TOOL = """
import json, os, re, sys
from itertools import pairwise
from pathlib import Path

FLAGS = {"-q", "-qq", "-v", "-vv", "-x", "--quiet", "--verbose"}

def not_there(words):
    "What is asked for by name, and is no option's value, and nowhere to be found."
    for before, word in pairwise(["", *words]):
        is_value = before.startswith("-") and before not in FLAGS and "=" not in before
        if not word.startswith("-") and not is_value and not Path(word).exists():
            return word

tool, asked = Path(sys.argv[0]).parent.name, sys.argv[1:]
folder = Path(os.environ["STAND_INS"])
fault = (folder / "fault").read_text(encoding="utf-8")
notes = folder / "notes"
known = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
database = os.environ.get("TEST_DATABASE_URL" if os.environ.get("APP_ENV") == "testing"
                          else "DATABASE_URL")
note = json.dumps([tool, asked, database, str(Path.cwd())])
notes.write_text("\\n".join([*known, note]), encoding="utf-8")
words = " ".join(asked)
what, place, code, names = "", ".", 1, []
if tool == "ruff" and "check" in asked:
    what, place, names = "lint", "migrations", asked[asked.index("check") + 1 :]
elif tool == "mypy":
    what, place, names = "types", "gate.py", asked
elif tool == "pytest":
    what, place, names = "tests", "tests", asked
elif tool == "coverage" and asked[:1] == ["run"] and ("-m", "pytest") in pairwise(asked):
    what, place, names = "tests", "tests", asked[asked.index("pytest") + 1 :]
elif tool == "coverage" and "report" in asked:
    what, code = "coverage", 2
    if not any('["coverage", ["run"' in line for line in known):
        sys.exit("No data to report.")
elif tool == "flask" and "db" in asked and ("upgrade" in asked or "check" in asked):
    if os.environ.get("APP_ENV", "testing") not in ("testing", "development", "production"):
        sys.exit("ConfigError: APP_ENV: is none that this app knows")
    what = "upgrade" if "upgrade" in asked else "migrations"
    kind, _, name = (database or "").partition(":///")
    file = Path(name) if kind == "sqlite" and name not in ("", ":memory:") else None
    if file and what == "upgrade":
        file.touch()
    elif what == "migrations" and not (file and file.exists()):
        sys.exit("ERROR [flask_migrate] Error: Target database is not up to date.")
if not_there(names):
    sys.exit(f"{tool} {words}: {not_there(names)}: there is no such file or folder")
named = [each for each in names if Path(each).exists()]
here = Path(place).resolve()
sees = not named or any(here.is_relative_to(Path(each).resolve()) for each in named)
own_floor = re.search("--fail-under[= ]([0-9]+)", words)
deaf = "--exit-zero" in asked or (own_floor and int(own_floor[1]) < 70)
print(f"{tool} {words}: {what} said {fault}")
sys.exit(code if what and what == fault and sees and not deaf else 0)
"""

FAULTS = {
    "lint": "ruff finds fault with the code in migrations/",
    "types": "mypy finds a wrong type in gate.py",
    "tests": "a test in tests/ fails",
    "coverage": "less is covered than fail_under demands",
    "migrations": "the models have a column that no migration makes",
}


def pass_gate(fault: str, tool: str, databases: dict, elsewhere: bool = False) -> dict:
    """What ``gate.py`` comes to in a project with this fault, and what it asked of whom."""
    import json
    import os
    import shutil
    import subprocess
    import sys
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(ignore_cleanup_errors=True) as name:
        project, stand_ins = Path(name, "project").resolve(), Path(name, "tools").resolve()
        for folder in ("app", "migrations", "tests"):
            (project / folder).mkdir(parents=True)
        # Whoever lists by name what is there finds it.
        for each in Path.cwd().iterdir():
            if each.is_dir():
                (project / each.name).mkdir(exist_ok=True)
            elif each.suffix == ".py":
                (project / each.name).touch()
        for file in ("gate.py", "pyproject.toml"):
            if Path(file).is_file():
                shutil.copy(file, project / file)
        for each in ("coverage", "flask", "mypy", "pytest", "ruff"):
            (stand_ins / each).mkdir(parents=True)
            (stand_ins / each / "__init__.py").touch()
            (stand_ins / each / "__main__.py").write_text(tool, encoding="utf-8")
        (stand_ins / "fault").write_text(fault, encoding="utf-8")
        settings = {"PYTHONPATH": str(stand_ins), "STAND_INS": str(stand_ins), **databases}
        done = subprocess.run(
            [sys.executable, str(project / "gate.py")],
            cwd=stand_ins if elsewhere else project,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        notes = stand_ins / "notes"
        lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        asked = [json.loads(line) for line in lines]
        inside = all(Path(folder) == project for *_, folder in asked)
        files = [str(database).removeprefix("sqlite:///") for *_, database, _ in asked]
        left = [file for file in files if Path(project, file).is_file()]
        told = {"code": done.returncode, "said": done.stdout, "asked": asked}
        return {**told, "inside": inside, "left": left}


def databases() -> dict:
    """What somebody works with, and must not lose to a gate."""
    name = secrets.token_hex(4)
    return {
        "DATABASE_URL": f"sqlite:///{name}-work.db",
        "TEST_DATABASE_URL": f"sqlite:///{name}-test.db",
    }


def test_a_good_project_passes(inside):
    found = inside(pass_gate, "", TOOL, databases())
    last = (found["said"].strip().splitlines() or ["nothing"])[-1]
    assert found["code"] == 0, (
        f"nothing is wrong, and the gate exits with {found['code']}; the last it said: {last}"
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_stops_at_the_gate(inside, fault):
    found = inside(pass_gate, fault, TOOL, databases())
    assert found["code"] != 0, f"{FAULTS[fault]}, and the gate exits with 0: it would be merged"
    told = f"{fault} said {fault}" in found["said"]
    assert told, f"{FAULTS[fault]}, and what the tool printed is nowhere to be read"


def test_each_tool_is_asked_in_the_project(inside):
    found = inside(pass_gate, "", TOOL, databases(), elsewhere=True)
    asked = {tool for tool, *_ in found["asked"]}
    for tool in ("ruff", "mypy", "coverage", "flask"):
        assert tool in asked, f"{tool} was not run as {{sys.executable}} -m {tool}"
    assert found["inside"], (
        "gate.py was started from another folder, and a tool ran there, not in that of gate.py"
    )


def test_your_databases_are_left_alone(inside):
    yours = databases()
    found = inside(pass_gate, "", TOOL, yours)
    used = [database for tool, _, database, _ in found["asked"] if tool == "flask"]
    assert used, "flask db upgrade and flask db check were not run"
    for database in used:
        assert database not in yours.values(), (
            f"flask db was let loose on {database}, a database that somebody works with"
        )
        assert database, "flask db has no DATABASE_URL, so it takes the default: library.db"
    assert not found["left"], "the gate is done, and the database that it made is still there"
