"""The tools of steps 4 and 5, solved, in the hands of a client of the Model Context Protocol."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio
import jwt
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from checker.author.trees import solved, write_tree
from checker.course import Course

ROOT = Path(__file__).parents[2]
PREPARE = Path(__file__).parent / "contract" / "prepare.py"
EVERYTHING = "books:read books:write loans:read loans:write users:read users:write admin"
MCP = ["-m", "flask", "mcp"]
T = TypeVar("T")
Conversation = Callable[[ClientSession], Awaitable[T]]


@dataclass(frozen=True)
class Library:
    """The solved step in a folder, its data, and a program with every scope."""

    folder: Path
    environ: dict[str, str]
    client_id: str

    def speaking_for(self, scope: str) -> dict[str, str]:
        """The environment of a server that has a token of ours with this ``scope``."""
        kid, _, secret = self.environ["SIGNING_KEYS"].partition(":")
        now = int(time.time())
        claims = {
            "sub": f"client:{self.client_id}",
            "iss": "library",
            "aud": "library-api",
            "iat": now,
            "exp": now + 900,
            "jti": secrets.token_hex(16),
            "scope": scope,
        }
        token = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid})
        return {**self.environ, "LIBRARY_TOKEN": token}

    def talk(self, conversation: Conversation[T], scope: str = EVERYTHING) -> T:
        """What comes of a conversation with ``flask mcp``, begun as any client begins it."""
        server = StdioServerParameters(
            command=sys.executable, args=MCP, cwd=self.folder, env=self.speaking_for(scope)
        )

        async def connected() -> T:
            with anyio.fail_after(60):
                async with stdio_client(server) as streams, ClientSession(*streams) as session:
                    await session.initialize()
                    return await conversation(session)

        return anyio.run(connected)


@pytest.fixture(scope="module", params=(4, 5), ids=lambda number: f"step {number}")
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Library:
    step = Course.load(ROOT).step(request.param)
    folder = tmp_path_factory.mktemp("tools") / step.name
    write_tree(solved(step), folder)
    shutil.copy(PREPARE, folder)
    settings = {
        "APP_ENV": "testing",
        "TEST_DATABASE_URL": f"sqlite:///{(folder / 'library.db').as_posix()}",
        "SECRET_KEY": secrets.token_hex(32),
        "SIGNING_KEYS": f"test:{secrets.token_hex(32)}",
    }
    environ = {**os.environ, **settings}
    done = subprocess.run(
        [sys.executable, "prepare.py", "a-passphrase-for-the-course"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    # From step 5 on, what the app logs stands in front.
    return Library(folder, environ, json.loads(done.stdout.splitlines()[-1])["client_id"])


def content(result: CallToolResult) -> dict[str, Any]:
    """What a tool answered: the same as text, for the model, and as data."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    read: dict[str, Any] = json.loads(block.text)
    assert result.structuredContent == read
    return read


def document(library: Library) -> dict[str, Any]:
    subprocess.run(
        [sys.executable, "-m", "flask", "openapi"],
        cwd=library.folder,
        env=library.environ,
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    read: dict[str, Any] = json.loads((library.folder / "openapi.json").read_text("utf-8"))
    return read


def test_the_tools_are_the_operations_that_demand_credentials(library: Library) -> None:
    operations = {
        operation["operationId"]: (method, operation)
        for item in document(library)["paths"].values()
        for method, operation in item.items()
        if operation["security"] and {} not in operation["security"]
    }

    tools = library.talk(lambda session: session.list_tools()).tools

    assert {tool.name for tool in tools} == set(operations)
    for tool in tools:
        method, operation = operations[tool.name]
        names = {parameter["name"] for parameter in operation["parameters"]}
        names |= {"body"} & {"body" for _ in operation.get("requestBody", {})}
        assert set(tool.inputSchema["properties"]) == names
        assert tool.description is not None
        assert tool.description.startswith(operation["summary"])
        assert tool.annotations is not None
        assert tool.annotations.readOnlyHint is (method == "get")


def test_a_client_finds_a_copy_and_lends_it(library: Library) -> None:
    async def lend(session: ClientSession) -> tuple[CallToolResult, CallToolResult, int]:
        reader = content(await session.call_tool("list_users", {"sort": ["-id"], "per_page": 1}))
        book = content(await session.call_tool("list_books", {"per_page": 1}))["items"][0]
        barcode, place = secrets.token_hex(4).upper(), {"book_id": book["id"]}
        body = {"barcode": barcode, "condition": "new"}
        copy = content(await session.call_tool("add_copy", {**place, "body": body}))
        wish = {"copy_id": copy["id"], "user_id": reader["items"][0]["id"]}
        lent = await session.call_tool("lend", {"body": wish})
        return lent, await session.call_tool("lend", {"body": wish}), copy["id"]

    lent, again, copy = library.talk(lend)

    assert not lent.isError
    assert content(lent)["copy_id"] == copy
    assert content(lent)["returned_at"] is None
    assert again.isError
    assert content(again)["code"] == "copy_on_loan"


def test_a_tool_beyond_the_scopes_of_the_token_is_refused_as_the_api_refuses(
    library: Library,
) -> None:
    async def overreach(session: ClientSession) -> tuple[CallToolResult, CallToolResult]:
        body = {"body": {"name": "Astrid Lindgren"}}
        return await session.call_tool("list_books", {}), await session.call_tool(
            "add_author", body
        )

    allowed, refused = library.talk(overreach, scope="books:read")

    assert not allowed.isError
    assert refused.isError
    envelope = content(refused)
    assert envelope["code"] == "insufficient_scope"
    assert set(envelope) == {"code", "message", "details"}


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("add_author", {"body": {"name": ""}}, "name", "replace"),
    ("list_books", {"per_page": 1000}, "per_page", "replace"),
    ("list_books", {"per_pages": 10}, "per_pages", "remove"),
    ("add_author", {}, "body", "add"),
]


def test_wrong_arguments_come_back_with_what_would_be_right(library: Library) -> None:
    async def err(session: ClientSession) -> list[CallToolResult]:
        return [await session.call_tool(tool, arguments) for tool, arguments, _, _ in WRONG]

    for refused, (_, _, field, way_out) in zip(library.talk(err), WRONG, strict=True):
        assert refused.isError
        envelope = content(refused)
        assert envelope["code"] == "validation_failed"
        (detail,) = envelope["details"]
        assert detail["field"] == field
        assert (detail["hint"]["op"], detail["hint"]["path"]) == (way_out, f"/{field}")


def test_an_argument_that_is_missing_is_named(library: Library) -> None:
    refused = library.talk(lambda session: session.call_tool("get_book", {}))

    assert refused.isError
    assert [detail["field"] for detail in content(refused)["details"]] == ["book_id"]


def test_a_hint_that_is_followed_leads_to_a_good_answer(library: Library) -> None:
    async def learn(session: ClientSession) -> CallToolResult:
        body: dict[str, Any] = {"name": secrets.token_hex(4), "birth_year": "unknown", "born": 1907}
        refused = content(await session.call_tool("add_author", {"body": body}))
        for detail in refused["details"]:
            name = detail["hint"]["path"].removeprefix("/")
            if detail["hint"]["op"] == "remove":
                del body[name]
            else:
                body[name] = detail["hint"]["value"]
        return await session.call_tool("add_author", {"body": body})

    assert not library.talk(learn).isError


def test_the_server_ends_when_its_client_hangs_up(library: Library) -> None:
    server = subprocess.Popen(
        [sys.executable, *MCP],
        cwd=library.folder,
        env=library.speaking_for(EVERYTHING),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    printed, _ = server.communicate(timeout=60)

    assert server.returncode == 0
    assert printed == b"", "nothing but the protocol belongs on standard output"


def test_the_server_asks_on_whose_behalf_before_it_starts(library: Library) -> None:
    done = subprocess.run(
        [sys.executable, *MCP],
        cwd=library.folder,
        env=library.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "LIBRARY_TOKEN" in done.stderr
