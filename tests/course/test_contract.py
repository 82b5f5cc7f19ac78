"""The contract of the solved steps: what the live app answers is what its document says.

schemathesis asks, from the step's own folder, so that the step's ``schemathesis.toml`` counts:
without credentials, as a person who may do everything, and as a program that may. A few examples
each time, the same ones; many more, and of the last step too, with ``CONTRACT_TEST=full`` in the
environment: once a week.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent / "contract"
API = "/api/v1"
PASSWORD = "a-passphrase-for-the-course"
OPEN_TO_ALL = {"login", "refresh", "show_index"}
WITH_BASIC = {"revoke", "token"}  # a program proves itself there by other means than a token
KEYS = {"add_key", "list_keys", "remove_key", "rotate_key"}
NEEDS_A_PERSON = KEYS | {"change_my_password", "get_myself"}
FEW = ("--max-examples", "3")
FULL = os.environ.get("CONTRACT_TEST") == "full"
STEPS = (4, 5, 8) if FULL else (4, 5)


class Answer(NamedTuple):
    """One line of ``seen.txt``: see ``contract/hooks.py``."""

    operation: str
    status: int
    by: str


class Library:
    """The solved step in a folder of its own, with a database as a learner has it."""

    def __init__(self, folder: Path, program: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.program = program or {}
        self.database = folder / "library.db"
        self.key = f"test:{secrets.token_hex(32)}"

    @property
    def environ(self) -> dict[str, str]:
        # Cheap passwords, and no line of log for each request.
        settings = {
            "APP_ENV": "testing",
            "TEST_DATABASE_URL": f"sqlite:///{self.database.as_posix()}",
            "SECRET_KEY": secrets.token_hex(32),
            "SIGNING_KEYS": self.key,
        }
        return {**os.environ, **settings}

    def prepare(self) -> dict[str, str]:
        """Fill it; the id and the secret of a program with every scope."""
        done = subprocess.run(
            [sys.executable, "prepare.py", PASSWORD],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=120,
            check=True,
        )
        # From step 5 on, what the app logs stands in front.
        program: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return program

    @contextmanager
    def served(self) -> Iterator[str]:
        """``flask run``; the address. Ends the server, whatever happened."""
        run = [sys.executable, "-m", "flask", "--app", "unlimited", "run", "--port", "0"]
        with subprocess.Popen(
            run,
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,  # where it says its address from step 5 on
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as server:
            assert server.stdout is not None
            found = (re.search(r"127.0.0.1:(\d+)", line) for line in server.stdout)
            port = next(match[1] for match in found if match)
            # What it logs from now on must go somewhere, or the pipe fills and it stops.
            reader = threading.Thread(target=server.stdout.read)
            reader.start()
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()
                reader.join()  # before the pipe is closed


@pytest.fixture(scope="module", params=STEPS, ids=lambda number: f"step {number}")
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    """The folder of a library that looks lived in, and a program that it knows."""
    step = Course.load(ROOT).step(request.param)
    folder = tmp_path_factory.mktemp("contract") / step.name
    write_tree(solved(step), folder)
    for name in ("prepare.py", "unlimited.py"):
        shutil.copy(HERE / name, folder)
    return folder, Library(folder).prepare()


def ask(address: str, path: str, body: Any = None, token: str = "") -> dict[str, Any]:
    """The JSON that a GET, or with a body a POST, is answered with."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(address + path, data, headers), timeout=30) as answer:  # noqa: S310
        read: dict[str, Any] = json.load(answer)
        return read


def login(address: str, email: str) -> dict[str, Any]:
    return ask(address, f"{API}/auth/login", {"email": email, "password": PASSWORD})


def samples(address: str, eve: str, program: dict[str, str]) -> dict[str, Any]:
    """For each operation a request that succeeds, on rows that no other one needs.

    Also for those that only a later step has: whoever asks takes what there is.
    """
    mia = login(address, "mia@example.org")
    reader = ask(address, f"{API}/users/me", token=mia["access_token"])["id"]

    def post(path: str, body: Any) -> Any:
        return ask(address, API + path, body, eve)

    author = post("/authors", {"name": "Astrid Lindgren"})["id"]

    def book(isbn13: str) -> dict[str, Any]:
        return {"title": "Pippi Longstocking", "isbn13": isbn13, "author_ids": [author]}

    kept = post("/books", book("9780140309577"))
    gone = post("/books", book("9780192793799"))

    def copy(number: int) -> int:
        made = post(f"/books/{kept['id']}/copies", {"barcode": f"C-{number}", "condition": "new"})
        identity: int = made["id"]
        return identity

    copies = [copy(number) for number in range(4)]
    renewed, returned = (
        post("/loans", {"copy_id": one, "user_id": reader})["id"] for one in copies[:2]
    )
    later: dict[str, Any] = {"read_metadata": {"path_parameters": {"book_id": kept["id"]}}}
    if f"{API}/reservations" in ask(address, "/openapi.json")["paths"]:
        wanted = post("/books", book("9780140327595"))["id"]
        only = post(f"/books/{wanted}/copies", {"barcode": "C-ONLY", "condition": "new"})["id"]
        post("/loans", {"copy_id": only, "user_id": reader})
        people = [
            {"email": f"{name}@example.org", "name": name, "password": PASSWORD}
            for name in ("ana", "bob", "cat")
        ]
        waiting = [{"book_id": wanted, "user_id": post("/users", one)["id"]} for one in people]
        read, given_up = (post("/reservations", one)["id"] for one in waiting[:2])
        later |= {
            "reserve": json_body(waiting[2]),
            "get_reservation": {"path_parameters": {"reservation_id": read}},
            "cancel": {"path_parameters": {"reservation_id": given_up}},
        }
    keys = [post("/api-keys", {"name": "Nightly", "scopes": ["books:read"]}) for _ in range(2)]
    pair = f"{program['client_id']}:{program['client_secret']}"
    basic = {"headers": {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}}
    person = {"email": "noa@example.org", "name": "Noa", "password": PASSWORD}
    passwords = {"current_password": PASSWORD, "new_password": PASSWORD[::-1]}
    return later | {
        "login": json_body({"email": "mia@example.org", "password": PASSWORD}),
        "refresh": json_body({"refresh_token": mia["refresh_token"]}),
        "token": form_body({"grant_type": "client_credentials"}) | basic,
        "revoke": form_body({"token": "of nobody"}) | basic,
        "add_key": json_body({"name": "Nightly", "scopes": ["books:read"]}),
        "remove_key": {"path_parameters": {"key_id": keys[0]["id"]}},
        "rotate_key": {"path_parameters": {"key_id": keys[1]["id"]}},
        "add_author": json_body({"name": "Tove Jansson"}),
        "get_author": {"path_parameters": {"author_id": author}},
        "add_book": json_body(book("9780670876211")),
        "get_book": {"path_parameters": {"book_id": kept["id"]}},
        "replace_book": {
            "path_parameters": {"book_id": kept["id"]},
            **json_body(book(kept["isbn13"]) | {"version": kept["version"]}),
        },
        "remove_book": {"path_parameters": {"book_id": gone["id"]}},
        "list_copies": {"path_parameters": {"book_id": kept["id"]}},
        "add_copy": {
            "path_parameters": {"book_id": kept["id"]},
            **json_body({"barcode": "C-NEW", "condition": "new"}),
        },
        "get_copy": {"path_parameters": {"copy_id": copies[0]}},
        "remove_copy": {"path_parameters": {"copy_id": copies[3]}},
        "add_copies": {
            "path_parameters": {"book_id": kept["id"]},
            **json_body({"items": [{"barcode": "C-MANY"}, {"barcode": "of no use"}]}),
        },
        "list_loans_of": {"path_parameters": {"user_id": reader}},
        "lend": json_body({"copy_id": copies[2], "user_id": reader}),
        "get_loan": {"path_parameters": {"loan_id": renewed}},
        "renew": {"path_parameters": {"loan_id": renewed}},
        "give_back": {"path_parameters": {"loan_id": returned}},
        "add_user": json_body(person),
        "get_user": {"path_parameters": {"user_id": reader}},
        "change_my_password": json_body(passwords),
    }


def json_body(body: dict[str, Any]) -> dict[str, Any]:
    return {"body": body, "media_type": "application/json"}


def form_body(body: dict[str, str]) -> dict[str, Any]:
    return {"body": body, "media_type": "application/x-www-form-urlencoded"}


def contract(library: Library, who: str, *phases: str) -> list[Answer]:
    """Run schemathesis as ``who``; what it was answered.

    Fails where schemathesis finds a failure, or did not try an operation of the document.
    """
    folder, program = library.folder, library.program
    with library.served() as address:
        eve = login(address, "eve@example.org")["access_token"]
        person = ask(address, f"{API}/users/me", token=eve)["id"]
        subjects = {
            "nobody": "",
            "person": f"{person}",
            "program": f"client:{program['client_id']}",
        }
        write(folder / "subject.txt", subjects[who])
        write(folder / "key.txt", library.key)
        write(folder / "samples.json", json.dumps(samples(address, eve, program)))
        run = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"]
        done = subprocess.run(
            [*run, "--phases", ",".join(phases), "--no-color", *([] if FULL else FEW)],
            cwd=folder,
            env={
                **os.environ,
                "CONTRACT": str(folder),
                "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        document = ask(address, "/openapi.json")
    assert done.returncode == 0, done.stdout
    lines = (folder / "seen.txt").read_text("utf-8").splitlines()
    answers = [Answer(name, int(status), by) for name, status, by in map(str.split, lines)]
    operations = {
        one["operationId"] for item in document["paths"].values() for one in item.values()
    }
    # The document itself is where schemathesis begins.
    assert {answer.operation for answer in answers} == operations - {"show_document"}
    return answers


def good(answers: list[Answer], *by: str) -> set[str]:
    """The operations that succeeded at least once, when asked by what is in ``by``."""
    return {one.operation for one in answers if one.by in by and 200 <= one.status < 300}


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def test_the_document_has_nothing_to_mend(prepared: tuple[Path, dict[str, str]]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "openapi-lint"],
        cwd=prepared[0],
        env=Library(prepared[0]).environ,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def library(prepared: tuple[Path, dict[str, str]], tmp_path: Path) -> Library:
    """The prepared library, for one test to spoil."""
    folder, program = prepared
    shutil.copytree(folder, tmp_path / folder.name)
    return Library(tmp_path / folder.name, program)


def test_whoever_may_do_everything_gets_what_the_document_says(library: Library) -> None:
    phases = ("examples", "coverage", "fuzzing", "stateful") if FULL else ("examples", "fuzzing")
    answers = contract(library, "person", *phases)

    never = {one.operation for one in answers} - good(answers, "ours", "other", "nothing")
    assert never == set(), "what was only ever refused was not tried"


def test_a_program_gets_what_the_document_says(library: Library) -> None:
    answers = contract(library, "program", "examples")

    never = {one.operation for one in answers} - good(answers, "ours", "nothing")
    assert never == NEEDS_A_PERSON | WITH_BASIC


def test_without_credentials_nothing_is_answered_but_what_is_open(library: Library) -> None:
    answers = contract(library, "nobody", "examples", *(["coverage"] if FULL else []))

    assert good(answers, "nothing") == OPEN_TO_ALL
