"""Tools: the operations of the document for a language model, by the Model Context Protocol."""

import json
import os
from collections.abc import Mapping
from contextvars import Context
from typing import Any
from urllib.parse import quote

import anyio
from flask import Flask
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations
from werkzeug.test import TestResponse

from app.errors import Invalid
from app.openapi import document_of
from app.openapi.info import API_VERSION, TITLE

STDOUT, STDERR = 1, 2


def make_server(app: Flask, headers: Mapping[str, str]) -> Server[Any, Any]:
    """A server whose tools are the operations of ``app`` that nobody calls without credentials.

    The ``operationId`` is the tool's name; its arguments are the parameters and, as ``body``,
    the body of the request. A call is a request to ``app``, in this process, with ``headers``:
    whoever they speak for may do what the API lets them do, and no more. An error of the API is
    an error of the tool, in the same envelope, hints and all.
    """
    server: Server[Any, Any] = Server(TITLE, API_VERSION)
    operations = {
        operation["operationId"]: (method, path, operation)
        for path, item in document_of(app)["paths"].items()
        for method, operation in item.items()
        if operation["security"] and {} not in operation["security"]
    }

    @server.list_tools()  # type: ignore[no-untyped-call, untyped-decorator]
    async def list_tools() -> list[Tool]:
        schemas = document_of(app)["components"]["schemas"]
        return [tool(method, operation, schemas) for method, _, operation in operations.values()]

    # Not validated by the SDK: the API does that itself, and says it better.
    @server.call_tool(validate_input=False)  # type: ignore[untyped-decorator]
    async def call_tool(name: str, arguments: dict[str, Any]) -> CallToolResult:
        if name not in operations:
            raise ValueError(f"there is no tool {name}: list them")
        method, path, operation = operations[name]
        details = wrong_with(arguments, operation)
        if details:
            error = Invalid(details)
            return told(
                {"code": error.code, "message": error.message, "details": details}, is_error=True
            )
        # In an empty context: requests within one app context would share its g, and the caller.
        return result(Context().run(send, app, method, path, operation, arguments, headers))

    return server


async def serve(app: Flask, headers: Mapping[str, str]) -> None:
    """Serve on standard input and output until the client hangs up.

    Standard output belongs to the protocol: what anybody else writes there from now on, the log
    of the app for one, goes to standard error.
    """
    server = make_server(app, headers)
    with os.fdopen(os.dup(STDOUT), "w", encoding="utf-8") as ours:
        os.dup2(STDERR, STDOUT)
        async with stdio_server(stdout=anyio.wrap_file(ours)) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


def tool(method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Tool:
    properties = {
        parameter["name"]: parameter["schema"] | {"description": parameter["description"]}
        for parameter in operation["parameters"]
    }
    if "requestBody" in operation:
        reference = body_of(operation)["schema"]["$ref"]
        properties["body"] = schemas[reference.rpartition("/")[2]]
    return Tool(
        name=operation["operationId"],
        description=f"{operation['summary']}. {operation.get('description', '')}".strip(),
        inputSchema={
            "type": "object",
            "properties": properties,
            "required": required_of(operation),
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(
            readOnlyHint=method == "get",
            destructiveHint=method in {"put", "delete"},
            idempotentHint=method in {"get", "put", "delete"},
        ),
    )


def body_of(operation: Mapping[str, Any]) -> dict[str, Any]:
    media: dict[str, Any] = operation["requestBody"]["content"]["application/json"]
    return media


def names_of(operation: Mapping[str, Any]) -> list[str]:
    """The arguments that a tool knows."""
    names = [parameter["name"] for parameter in operation["parameters"]]
    return [*names, "body"] if "requestBody" in operation else names


def required_of(operation: Mapping[str, Any]) -> list[str]:
    optional = {one["name"] for one in operation["parameters"] if not one["required"]}
    return [name for name in names_of(operation) if name not in optional]


def wrong_with(arguments: Mapping[str, Any], operation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What no request can be made of: details as in ``app/hints.py``. The rest the API judges."""
    known = names_of(operation)
    example = body_of(operation)["example"] if "body" in known else None
    add_body = {"op": "add", "path": "/body", "value": example}
    missing = [
        {
            "field": name,
            "reason": "Missing data for required field.",
            "allowed": None,
            "hint": add_body if name == "body" else None,
        }
        for name in required_of(operation)
        if name not in arguments
    ]
    unknown = [
        {
            "field": name,
            "reason": "Unknown field.",
            "allowed": known,
            "hint": {"op": "remove", "path": "/" + name.replace("~", "~0").replace("/", "~1")},
        }
        for name in sorted(set(arguments) - set(known))
    ]
    return missing + unknown


def send(
    app: Flask,
    method: str,
    path: str,
    operation: Mapping[str, Any],
    arguments: Mapping[str, Any],
    headers: Mapping[str, str],
) -> TestResponse:
    query, sent = {}, dict(headers)
    for parameter in operation["parameters"]:
        name = parameter["name"]
        if name in arguments and parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(str(arguments[name]), safe=""))
        elif name in arguments and parameter["in"] == "header":
            sent[name] = str(arguments[name])
        elif name in arguments:
            value = arguments[name]
            query[name] = ",".join(value) if isinstance(value, list) else str(value)
    body: dict[str, Any] = {"json": arguments["body"]} if "requestBody" in operation else {}
    return app.test_client().open(path, method=method, query_string=query, headers=sent, **body)


def result(answer: TestResponse) -> CallToolResult:
    body = answer.get_json(silent=True)
    return told(answer.status if body is None else body, is_error=answer.status_code >= 400)


def told(body: Any, is_error: bool) -> CallToolResult:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structuredContent=body if isinstance(body, dict) else None,
        isError=is_error,
    )
