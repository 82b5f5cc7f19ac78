"""The library API. ``create_app`` is the one way to build it."""

from flask import Flask

from app.auth import init_auth
from app.blueprints import register_blueprints
from app.body import StrictJSON
from app.commands import register_commands
from app.conditional import init_conditions
from app.config import get_config
from app.cors import init_cors
from app.errors import register_error_handlers
from app.extensions import init_extensions
from app.flags import init_flags
from app.hooks import register_hooks
from app.housekeeping import register_housekeeping
from app.problems import register_problems
from app.proxy import init_proxy
from app.services.metadata import MetadataClient
from app.sessions import BrowserSessions
from app.stack import check_stacks
from app.telemetry import init_telemetry


def create_app(config_name: str) -> Flask:
    """Build an app from the settings of ``config_name``. Every call gives a new one.

    ``config_name`` is ``"development"``, ``"testing"`` or ``"production"``; what
    ``get_config`` raises for another is passed on. Importing this package builds nothing and
    reads no setting.
    """
    app = Flask(__name__)
    app.config.from_object(get_config(config_name))
    app.json = StrictJSON(app)
    app.session_interface = BrowserSessions()
    init_extensions(app)
    init_proxy(app)
    init_flags(app)
    init_telemetry(app)
    init_cors(app)  # after whoever watches every request, before whoever may refuse it
    register_hooks(app)
    register_error_handlers(app)
    register_problems(app)
    init_conditions(app)
    register_blueprints(app)
    init_auth(app)
    app.extensions["metadata"] = MetadataClient(app.config["METADATA_URL"])
    register_commands(app)
    register_housekeeping(app)
    check_stacks(app)
    return app
