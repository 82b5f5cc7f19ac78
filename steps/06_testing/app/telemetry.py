"""Telemetry: what is told of a running app, in logs, metrics and traces."""

from flask import Flask

from app import logs, metrics, tracing
from app.exporters import processor_for


def init_telemetry(app: Flask) -> None:
    """Set up all three for ``app``. They see every request, whoever refuses it."""
    logs.init_logs(app)
    metrics.init_metrics(app)
    processor = processor_for(app.config["TRACES_EXPORTER"])
    if processor is not None:
        tracing.trace_requests(app, processor)
