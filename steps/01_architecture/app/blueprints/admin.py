"""What the people behind the desk look at. ``app/hooks.py`` guards it."""

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue

from app.extensions import store

admin = Blueprint("admin", __name__)


@admin.get("/stats")
def show_stats() -> ResponseReturnValue:
    return {
        "authors": len(store.authors),
        "books": len(store.books),
        "users": len(store.users),
        "requests": dict(current_app.extensions["request_count"]),
    }
