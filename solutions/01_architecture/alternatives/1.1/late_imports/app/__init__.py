"""The library API. Importing it costs nothing: everything else is imported when it is needed."""

from __future__ import annotations

import typing

if typing.TYPE_CHECKING:
    from flask import Flask


def create_app(config_name: str) -> Flask:
    """Build an app from the settings of ``config_name``."""
    import flask

    from app import blueprints, config, errors, extensions, hooks, samples

    app = flask.Flask("app")
    settings = config.get_config(config_name)
    app.config.update({key: getattr(settings, key) for key in dir(settings) if key.isupper()})
    hooks.register_hooks(app)
    errors.register_error_handlers(app)
    blueprints.register_blueprints(app)
    extensions.init_extensions(app)
    samples.add_samples(app)
    return app
