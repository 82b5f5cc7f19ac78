"""The library API. ``create_app`` is the one way to build it."""

from collections.abc import Callable

from flask import Flask

from app.blueprints import register_blueprints
from app.config import get_config
from app.errors import register_error_handlers
from app.extensions import init_extensions
from app.hooks import register_hooks
from app.samples import add_samples

PHASES: tuple[Callable[[Flask], None], ...] = (
    init_extensions,
    register_hooks,
    register_error_handlers,
    register_blueprints,
    add_samples,
)


class LibraryApp(Flask):
    """An app that goes through every phase as it is made."""

    def __init__(self, config_name: str) -> None:
        super().__init__(__name__)
        self.config.from_object(get_config(config_name))
        for phase in PHASES:
            phase(self)


def create_app(config_name: str) -> Flask:
    """Build an app from the settings of ``config_name``."""
    return LibraryApp(config_name)
