"""Authors: the smallest service. Read it before you write the others."""

from typing import Any

from app.extensions import db
from app.models import Author
from app.services.lookup import get


def get_author(author_id: int) -> Author:
    """The author with this id; :class:`app.errors.NotFound` where there is none."""
    return get(Author, author_id)


def add_author(values: dict[str, Any]) -> Author:
    """Add an author from the values that ``AuthorSchema`` loads."""
    author = Author(**values)
    db.session.add(author)
    db.session.commit()
    return author
