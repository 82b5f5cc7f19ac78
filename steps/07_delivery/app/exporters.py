"""Exporters: where the spans go."""

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
)


def processor_for(exporter: str) -> SpanProcessor | None:
    """What hands finished spans to ``exporter``: ``console``, ``otlp``, or ``none`` at all.

    OTLP over HTTP goes where ``OTEL_EXPORTER_OTLP_ENDPOINT`` of the environment says, in
    batches, from a thread of its own: no request waits for it.
    """
    if exporter == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter())
    if exporter == "otlp":
        # Imported late: protobuf is for those who use it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return BatchSpanProcessor(OTLPSpanExporter())
    return None
