"""Traces: one span for each request, child of whatever the caller was at."""

from flask import Flask
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

SERVICE = "library"


def trace_requests(app: Flask, processor: SpanProcessor) -> None:
    """Have every request of ``app`` be a span that is handed to ``processor`` when it ends.

    Who sends a ``traceparent`` that ends in ``-00`` keeps no trace of it: such a request may be
    left out.

    Before the first request. A span is named after method and rule (``GET
    /api/v1/books/<int:book_id>``), is of the kind ``SERVER``, and says which ``service.name`` it
    belongs to: ``SERVICE``. Its parent is the one that the header ``traceparent`` names (W3C
    Trace Context), with the same trace id; without one, or with one that is malformed, a new
    trace begins. Nothing of the process is changed: another app is traced by itself, or not
    at all.
    """
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(processor)
    instrumentor = FlaskInstrumentor()
    instrumentor.instrument_app(app, tracer_provider=provider)  # type: ignore[no-untyped-call]


def current_trace_id() -> str | None:
    """The trace that the current request is a part of, 32 hexadecimal digits, if any."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None
