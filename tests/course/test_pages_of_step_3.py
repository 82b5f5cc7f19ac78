"""The pages of step 3, solved, as people meet them: in a browser, clicked through."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from checker.author.trees import solved, write_tree
from checker.course import Course

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
SIZES = [(1280, "light"), (390, "dark")]
PASSWORD = "a-passphrase-for-the-course"


class Shop(BaseHTTPRequestHandler):
    """The program of somebody else: waits for the browser to come back with a code."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Shelf</title>Back in the shop.")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Requests are no news."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/callback"
    server.shutdown()
    thread.join()
    server.server_close()


class Library:
    """The solved step, served as a learner does it: ``flask run``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_tree(solved(Course.load(ROOT).step(3)), folder)
        self.environ = {**os.environ, "APP_ENV": "development", "SECRET_KEY": secrets.token_hex(32)}
        self.flask("db", "upgrade")
        self.flask("seed")

    def flask(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "flask", *args],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        return done.stdout

    def add_user(self, email: str, name: str, role: str) -> None:
        self.flask("add-user", email, name, "--role", role, "--password", PASSWORD)

    def serve(self) -> Iterator[str]:
        run = [sys.executable, "-m", "flask", "run", "--port", "0"]
        with subprocess.Popen(
            run, cwd=self.folder, env=self.environ, stderr=subprocess.PIPE, encoding="utf-8"
        ) as server:
            assert server.stderr is not None
            port = next(
                found[1] for line in server.stderr if (found := re.search(r"127.0.0.1:(\d+)", line))
            )
            # What it logs from now on must go somewhere, or the pipe fills and it stops.
            reader = threading.Thread(target=server.stderr.read)
            reader.start()
            yield f"http://localhost:{port}"
            server.terminate()
            reader.join()  # before the pipe is closed


@pytest.fixture(scope="module")
def library(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = Library(tmp_path_factory.mktemp("library") / "03_authentication")
    library.add_user("eve@example.org", "Eve", "admin")
    library.add_user("mia@example.org", "Mia", "member")
    return library


@pytest.fixture(scope="module")
def address(library: Library) -> Iterator[str]:
    yield from library.serve()


@pytest.fixture(params=SIZES, ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console", lambda line: wrong.append(line.text) if "Security Policy" in line.text else None
    )
    yield page
    context.close()
    assert wrong == []


def look_at(page: Page, name: str) -> None:
    """Nobody should have to pull a page sideways; keeps a picture where ``PICTURES`` says."""
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    if "PICTURES" in os.environ:
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=Path(os.environ["PICTURES"]) / f"{name}-{width}.png", full_page=True)


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def ask(url: str, data: dict[str, str] | None = None, token: str = "") -> dict[str, object]:
    body = None if data is None else urlencode(data).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urlopen(Request(url, body, headers)) as answer:  # noqa: S310 - our own server
        found: dict[str, object] = json.load(answer)
    return found


def test_somebody_lets_a_program_in(page: Page, library: Library, address: str, shop: str) -> None:
    scopes = ["--scope", "books:read", "--scope", "loans:read", "--scope", "loans:write"]
    said = library.flask("add-client", "Shelf", *scopes, "--redirect-uri", shop, "--public")
    client_id = said.split()[-1]
    verifier = secrets.token_urlsafe(40)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": shop,
        "scope": "books:read loans:read",
        "state": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    page.goto(f"{address}/api/v1/oauth/authorize?{urlencode(query)}")
    sign_in(page, "mia@example.org")
    page.get_by_role("heading", name="Let Shelf in?").wait_for()
    assert page.get_by_role("listitem").all_inner_texts() == ["see the catalogue", "see your loans"]
    assert urlsplit(shop).netloc in page.get_by_role("main").inner_text()
    look_at(page, "consent")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{shop}?*")

    returned = {name: each[0] for name, each in parse_qs(urlsplit(page.url).query).items()}
    assert returned["state"] == query["state"]
    exchange = {
        "grant_type": "authorization_code",
        "code": returned["code"],
        "redirect_uri": shop,
        "client_id": client_id,
        "code_verifier": verifier,
    }
    tokens = ask(f"{address}/api/v1/oauth/token", exchange)
    assert tokens["scope"] == "books:read loans:read"
    loans = ask(f"{address}/api/v1/loans", token=str(tokens["access_token"]))
    assert loans["total"] == 0

    page.goto(f"{address}/api/v1/oauth/authorize?{urlencode(query)}")
    page.get_by_role("button", name="Refuse").click()
    page.wait_for_url(f"{shop}?*")
    assert "error=access_denied" in page.url


def test_a_program_acts_for_itself(library: Library, address: str) -> None:
    """By the commands that the step's page shows."""
    page = (ROOT / "docs" / "learn" / "03_authentication.md").read_text(encoding="utf-8")
    told = re.search(r"^\$ flask (add-client .+)\n\$ (curl .+)$", page, re.MULTILINE)
    assert told is not None
    registered = library.flask(*shlex.split(told[1])).split()
    client = dict(zip(registered[::2], registered[1::2], strict=True))
    pair = f"{client['client_id']}:{client['client_secret']}"
    command = told[2].replace("CLIENT_ID:CLIENT_SECRET", pair)
    command = command.replace("localhost:5000", address.removeprefix("http://"))
    done = subprocess.run(shlex.split(command), capture_output=True, check=True)

    books = ask(f"{address}/api/v1/books", token=json.loads(done.stdout)["access_token"])
    assert books["total"]


def test_an_admin_works_at_the_desk(page: Page, library: Library, address: str) -> None:
    name = f"Aaron {secrets.token_hex(3)}"  # first on the first page
    library.add_user(f"{secrets.token_hex(4)}@example.org", name, "member")
    page.goto(f"{address}/api/v1/desk/users")
    look_at(page, "sign-in")
    sign_in(page, "eve@example.org", "not her password")
    page.get_by_role("alert").wait_for()
    look_at(page, "sign-in-failed")
    sign_in(page, "eve@example.org")
    page.get_by_role("heading", name="Welcome, Eve").wait_for()
    look_at(page, "welcome")
    page.get_by_role("link", name="Who holds a card").click()
    page.get_by_role("row").nth(10).wait_for()
    look_at(page, "desk")

    page.get_by_role("button", name=f"Deactivate {name}").click()
    assert name in page.get_by_role("status").inner_text()
    assert "closed" in page.get_by_role("row").filter(has_text=name).inner_text()
    look_at(page, "deactivated")
    assert page.get_by_role("button", name="Deactivate Eve").count() == 0

    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    page.goto(f"{address}/api/v1/desk/users")
    page.get_by_role("heading", name="Sign in").wait_for()


def test_no_other_page_frames_it(browser: Browser, address: str, shop: str) -> None:
    page = browser.new_page()
    page.goto(shop)

    with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        page.evaluate(
            "url => { const frame = document.createElement('iframe'); frame.src = url;"
            " document.body.append(frame); }",
            f"{address}/api/v1/session",
        )

    assert page.frame_locator("iframe").get_by_role("button", name="Sign in").count() == 0
    page.close()
