"""Fills the library of the solved step, from its own folder, with its own commands.

Tables, made-up books, people and loans; Eve, an admin; Mia, a reader; a program with every scope.
Prints as JSON what only this run knows: ``client_id``, ``client_secret``.
"""

import json
import sys

from wsgi import app

from app.auth.scopes import SCOPES

PASSWORD = sys.argv[1]
COMMANDS = [
    ["db", "upgrade"],
    ["seed", "--books", "12"],
    ["add-user", "eve@example.org", "Eve", "--role", "admin", "--password", PASSWORD],
    ["add-user", "mia@example.org", "Mia", "--password", PASSWORD],
    ["add-client", "Worker", *[part for scope in SCOPES for part in ("--scope", scope)]],
]

app.config["SAMPLE_DATA"] = True  # which testing has not
runner = app.test_cli_runner()
for command in COMMANDS:
    done = runner.invoke(args=command, catch_exceptions=False)
    if done.exit_code:
        sys.exit(done.output)
print(json.dumps(dict(line.split() for line in done.stdout.splitlines())))
