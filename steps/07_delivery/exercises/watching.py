"""Watching an app at work: what it writes, and the spans of its requests.

Runs in the app's process. Nothing here judges: the expected values stay with the tests.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from flask import Flask, current_app, g, request
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import world

Request = list[Any]
"""Method, path, headers, and the body or ``None``."""


@contextmanager
def writing(out: io.StringIO | None = None, **settings: str) -> Iterator[tuple[Flask, io.StringIO]]:
    """A new app with our views, and all that is written to standard output meanwhile."""
    out = out or io.StringIO()
    with redirect_stdout(out):
        app = world.new_app(**settings)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        world.add_probes(app)
        world.open_to_all(app)
        yield dressed(app), out


def dressed(app: Flask) -> Flask:
    """With a view that tells, and a name for each request."""
    from app.auth.guards import public

    app.add_url_rule("/told/<int:number>", "told", public(tell), methods=["GET", "POST"])
    app.before_request(name_request)
    return app


def name_request() -> None:
    """As exercise 5.3 does it, which this one does not wait for."""
    claimed = request.headers.get("X-Request-ID", "")
    g.request_id = claimed if claimed.isalnum() else "unnamed"


def tell(number: int) -> dict[str, object]:
    """A view that logs; its answer says which trace it is a part of."""
    from app.tracing import current_trace_id

    current_app.logger.warning("told %d", number)
    return {"trace_id": current_trace_id()}


def ask(app: Flask, requests: list[Request]) -> list[Any]:
    """Ask ``app`` as nobody in particular; the status and the JSON of each answer."""
    client = app.test_client()
    answers = []
    for method, path, headers, body in requests:
        answer = client.open(path, method=method, headers=headers, json=body)
        answers.append([answer.status_code, answer.get_json(silent=True)])
    return answers


@contextmanager
def tracing() -> Iterator[list[dict[str, Any]]]:
    """Apps that are made within are traced, as by ``TRACES_EXPORTER``; afterwards the spans."""
    from app import telemetry

    exporter, spans = InMemorySpanExporter(), []
    before = telemetry.processor_for
    telemetry.processor_for = lambda _exporter: SimpleSpanProcessor(exporter)
    try:
        yield spans
    finally:
        telemetry.processor_for = before
    for span in exporter.get_finished_spans():
        context, parent = span.get_span_context(), span.parent
        spans.append(
            {
                "name": span.name,
                "kind": span.kind.name,
                "trace_id": format(context.trace_id, "032x") if context else "",
                "parent": format(parent.span_id, "016x") if parent else None,
                "service": span.resource.attributes.get("service.name"),
            }
        )
