"""Traces: one span for each request, child of whatever the caller was at."""

from flask import Flask, g, request
from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SERVICE = "library"
PROPAGATOR = TraceContextTextMapPropagator()


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
    provider = TracerProvider(resource=Resource({SERVICE_NAME: SERVICE}))
    provider.add_span_processor(processor)
    tracer = provider.get_tracer(__name__)

    @app.before_request
    def begin() -> None:
        caller = PROPAGATOR.extract(dict(request.headers.items(lower=True)), context.Context())
        name = (
            request.method if request.url_rule is None else f"{request.method} {request.url_rule}"
        )
        g.span = tracer.start_span(name, caller, trace.SpanKind.SERVER)
        g.token = context.attach(trace.set_span_in_context(g.span))

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        if "span" in g:
            context.detach(g.pop("token"))
            g.pop("span").end()


def current_trace_id() -> str | None:
    """The trace that the current request is a part of, 32 hexadecimal digits, if any."""
    context_of_span = trace.get_current_span().get_span_context()
    return f"{context_of_span.trace_id:032x}" if context_of_span.is_valid else None
