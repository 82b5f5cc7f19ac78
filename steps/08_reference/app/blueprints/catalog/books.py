"""Books: list, add, read, replace, remove.

The list is sorted by ``id``, ``title``, ``published_year`` and ``isbn13``. A new book is answered
with 201 and its address in ``Location``, a removed one with 204 and nothing.
"""

from typing import Any

from flask import Blueprint, current_app
from sqlalchemy import Select, select

from app.auth.guards import requires
from app.caching import cached
from app.conditional import check_version
from app.models import Book
from app.openapi.contracts import accepts, answers
from app.paging import page_of, reads_page
from app.repeats import repeatable
from app.schemas.book import BookSchema, BookUpdateSchema
from app.schemas.metadata import MetadataSchema
from app.services import books as service
from app.services.lookup import locked
