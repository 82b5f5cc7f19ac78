"""One request to the library, and everything that it left behind."""

from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import create_app, telemetry

# Where spans go is a setting; here they stay, to be looked at.
spans = InMemorySpanExporter()
telemetry.processor_for = lambda _name: SimpleSpanProcessor(spans)
app = create_app("testing")

# section: ask
headers = {
    "X-Request-ID": "order-4711",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
app.test_client().get("/api/v1/books/7", headers=headers)
# end section: ask

(span,) = spans.get_finished_spans()
print("span:", span.name, "| trace", f"{span.context.trace_id:032x}", end=" | ")
print("parent", f"{span.parent.span_id:016x}" if span.parent else None)
