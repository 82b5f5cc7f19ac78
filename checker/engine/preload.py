"""What a warm process has imported before it knows what it will be asked."""

from __future__ import annotations

import gc
import importlib
from contextlib import suppress

from checker.harness.garbage import settle

MODULES = (
    # The API
    "alembic.command",
    "apispec.ext.marshmallow",
    "argon2",
    "authlib.integrations.flask_oauth2",
    "crossplane",
    "dotenv",
    "flask",
    "flask.testing",
    "flask_caching.jinja2ext",
    "flask_cors",
    "flask_jwt_extended",
    "flask_limiter",
    "flask_marshmallow",
    "flask_migrate.cli",
    "flask_sqlalchemy.cli",
    "flask_swagger_ui",
    "flask_wtf.csrf",
    "httpx",
    "logging.config",
    "marshmallow_sqlalchemy",
    "openapi_spec_validator",
    "openfeature.api",
    "opentelemetry.instrumentation.flask",
    "opentelemetry.sdk.trace.export.in_memory_span_exporter",
    "prometheus_client.parser",
    "pybreaker",
    "redis",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.associationproxy",
    "sqlalchemy.ext.orderinglist",
    "sqlalchemy.orm",
    "sqlite3",
    "structlog",
    "tenacity",
    "werkzeug.middleware.proxy_fix",
    "werkzeug.serving",
    "werkzeug.test",
    # The tests
    "_pytest._argcomplete",
    "_pytest.assertion.rewrite",
    "_pytest.config.findpaths",
    "_pytest.helpconfig",
    "_pytest.python_api",
    "_pytest.skipping",
    "pytest",
    "checker.engine.session",
    "checker.harness.explain",
    "checker.harness.hooks",
    "checker.harness.plugin",
    "checker.harness.remote",
    "checker.harness.routing",
    "checker.harness.source",
    "checker.harness.stdio",
    "checker.harness.subject",
    "checker.harness.templates",
    "checker.harness.variants",
    "readline",
    "unittest.mock",
)


def preload() -> None:
    """Import it all. A package that is missing is for the check to report, in its words."""
    for name in MODULES:
        with suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    settle()
