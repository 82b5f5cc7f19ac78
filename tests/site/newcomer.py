"""Types the commands of one page, each as its program would be started, in one process.

``python newcomer.py FOLDER`` with the commands on standard input, one on each line. Where the
server is started, it is asked once instead, and its answer's status is printed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from flask.cli import FlaskGroup, ScriptInfo

from checker.cli import cli

PASSWORD = "a-password-for-the-course"


def type_in(line: str) -> None:
    program, *arguments = shlex.split(line)
    match program, arguments:
        case "source", [".venv/bin/activate"]:
            pass  # this environment is active already
        case "cd", [folder]:
            os.chdir(folder)
            sys.path.insert(0, str(Path.cwd()))
        case "python3", ["start.py", *rest]:
            cli.main(rest, standalone_mode=False)
        case "checker", rest:
            cli.main(rest, standalone_mode=False)
        case "flask", ["run"]:
            answer = ScriptInfo().load_app().test_client().get("/api/v1/books")
            print("served:", answer.status_code)
        case "pytest", rest:
            subprocess.run([sys.executable, "-m", "pytest", *rest], check=True)
        case "flask", rest:
            with patch("getpass.getpass", lambda *_, **__: PASSWORD):
                FlaskGroup().main(rest, prog_name="flask", standalone_mode=False)
        case _:
            raise SystemExit(f"nobody has said how to type: {line}")


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    for each in sys.stdin.read().splitlines():
        print(f"$ {each}", flush=True)
        type_in(each)
