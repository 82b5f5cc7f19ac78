"""What the pages tell to type is typed, block by block, in the order of the page.

How each step begins is in ``test_newcomer``. What comes after it is typed here, into a shell, in a
copy of the course without anybody's work in it. What takes long is with ``SITE_TEST=full``, which
the workflow "weekly" sets.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
BLOCK = re.compile(r"^ *```console\n(.*?)^ *```", re.MULTILINE | re.DOTALL)

QUICK = ["reference/sql/index.md"]
SLOW = ["learn/04_ai_ready.md", "teach/index.md", "teach/grading.md", "teach/formats.md"]
PLAYED = SLOW if os.environ.get("SITE_TEST") == "full" else QUICK

# Commands that are not typed as they stand, and where that which they start is run instead.
ELSEWHERE = {
    r"python3 start\.py( test)?$": "tests/setup/test_start.py",
    r"schemathesis run ": "tests/course/test_contract.py",
    r".*\bgunicorn ": "tests/course/test_behind_nginx.py",
    r"flask add-client |curl -u CLIENT_ID": "tests/course/test_pages_of_step_3.py",
    r"checker author verify ": ".github/workflows/weekly.yml",
    r"docker (build|run) ": ".ci/containers.sh",
    r"sudo apt-get install bubblewrap$": ".ci/run",
    r".* --sandbox gvisor$": "tests/grade/test_gvisor.py",
    r"(dask|.* --cluster) ": "tests/grade/test_cluster.py",
}
PASSWORD = "a-password-for-the-course"
SERVER = "flask run"

BEGIN = f"""
stop() {{ jobs -p | xargs --no-run-if-empty kill; }}
trap stop EXIT
if curl -s -o /dev/null localhost:5000; then echo "something else listens on port 5000"; exit 1; fi
serve() {{
  curl -s -o /dev/null localhost:5000 && return
  {SERVER} >server.log 2>&1 &
  for _ in $(seq 100); do
    curl -s -o /dev/null localhost:5000 && return
    sleep 0.2
  done
  cat server.log
  return 1
}}
"""


def blocks(page: str) -> Iterator[list[str]]:
    """The commands of each block, without prompts; a long one is one line."""
    for block in BLOCK.findall((DOCS / page).read_text("utf-8").replace("\\\n", " ")):
        yield [line.strip().removeprefix("$ ") for line in block.splitlines()]


def is_elsewhere(command: str) -> bool:
    return any(re.match(pattern, command) for pattern in ELSEWHERE)


def test_every_command_of_every_page_is_typed_somewhere() -> None:
    untyped = []
    for file in sorted(DOCS.rglob("*.md")):
        page = file.relative_to(DOCS).as_posix()
        is_step = re.fullmatch(r"learn/\d\d_\w+\.md", page) is not None
        # How a step begins is typed by test_newcomer.
        later = list(blocks(page))[1 if is_step else 0 :]
        untyped += [
            f"{page}: {command}"
            for block in later
            for command in block
            if page not in QUICK + SLOW and not is_elsewhere(command)
        ]

    assert untyped == []
    assert [place for place in ELSEWHERE.values() if not (REPOSITORY / place).is_file()] == []


@pytest.fixture
def folder(copied: Path) -> Path:
    """The course, and a class that has handed in."""
    shutil.copytree(copied / "steps/01_architecture", copied / "submissions/ada")
    shutil.copytree(copied / "docs/examples/grading", copied, dirs_exist_ok=True)
    return copied


def script(page: str) -> str:
    """The page's commands as one shell would get them; what is typed is shown."""
    lines = []
    for command in (line for block in blocks(page) for line in block):
        if is_elsewhere(command):
            continue
        typed = command.replace("…", PASSWORD)
        if command.startswith("python3 start.py "):
            typed = command.replace("python3 start.py", "checker")
        elif command == "source .venv/bin/activate":
            typed = "true"  # this environment is active already
        elif command == SERVER:
            typed = "serve"
        elif command.startswith("flask add-user "):
            typed = f"printf '%s\\n' {PASSWORD} {PASSWORD} | {command}"
        elif command.startswith("export TEST_POSTGRES_URL="):
            typed = f"export TEST_POSTGRES_URL={os.environ['TEST_POSTGRES_URL']}"
        elif command.startswith("curl "):
            typed = typed.replace("curl ", "curl -sS --fail-with-body ", 1)
        lines += [f"cat <<'SHOWN'\n$ {command}\nSHOWN", typed]
    return "set -euo pipefail\n" + BEGIN + "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", PLAYED)
def test_the_commands_of_a_page_work_in_their_order(folder: Path, page: str) -> None:
    if page in QUICK and not os.environ.get("TEST_POSTGRES_URL"):
        pytest.skip("no PostgreSQL: TEST_POSTGRES_URL names none")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash"],
        cwd=folder,
        input=script(page),
        env={"PATH": path, "HOME": str(folder), "PYTHONUTF8": "1", "SECRET_KEY": "x" * 32},
        capture_output=True,
        encoding="utf-8",
        start_new_session=True,  # no terminal to ask for a password
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
