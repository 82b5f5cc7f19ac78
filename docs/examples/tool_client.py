"""A client of the library's tools: what a model's program does, without the model."""

import json
import os
import sys
from pathlib import Path

import anyio
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

TOKEN = Path("token").read_text(encoding="utf-8").removeprefix("Authorization: Bearer ").strip()


# section: connect
async def main() -> None:
    environ = {**os.environ, "LIBRARY_TOKEN": TOKEN}
    server = StdioServerParameters(command=sys.executable, args=["-m", "flask", "mcp"], env=environ)
    with Path("tools.log").open("w") as log:
        async with stdio_client(server, log) as streams, ClientSession(*streams) as session:
            await session.initialize()
            await converse(session)


# end section: connect


# section: converse
async def converse(session: ClientSession) -> None:
    tools = (await session.list_tools()).tools
    print(len(tools), "tools:", ", ".join(tool.name for tool in tools[-8:]), "…")

    for name, arguments in (
        ("get_book", {"book_id": 1}),
        ("lend", {"body": {"copy_id": 2, "user_id": "1"}}),
        ("add_author", {"body": {"name": "Astrid Lindgren"}}),
    ):
        answer = await session.call_tool(name, arguments)
        print(f"\n{name}:", "refused" if answer.isError else "done")
        print(json.dumps(answer.structuredContent, indent=1, ensure_ascii=False))


# end section: converse


anyio.run(main)
