"""Contracts: what an operation takes and gives, said once, above the view that keeps it.

Each decorator here acts *and* documents. They stand in this order:

    @books.get("/<int:book_id>")         # the route
    @requires("books:read")              # who may: permissions
    @accepts(BookQuery(), "query")       # what comes in: validation
    @cached(60, "books", "authorships")  # whether it was worked out before: caching
    @answers(BookSchema())               # what goes out: response
    def get_book(query, book_id): ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Literal

from flask import current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from app.auth.guards import STATIC
from app.conditional import tag
from app.errors import Invalid
from app.hints import explain
from app.links import with_links
from app.stack import add_layer

View = Callable[..., Any]

CACHE_HEADERS = {
    "Cache-Control": "For the client itself, which asks each time whether it is still so.",
    "ETag": "What to send as If-None-Match, to be spared what you have.",
}

Place = Literal["json", "query", "form"]
Codes = Mapping[int, Sequence[str]]
"""The codes of the errors that an operation answers, by status."""


@dataclass
class Contract:
    """What is known of a view. The decorators write it, the document reads it.

    ``takes`` are the schemas of what comes in, by place. ``gives`` is the schema of a good
    answer: ``None`` for an empty one. ``paged`` says that ``gives`` is one of many, in pages.
    ``headers`` are those of a good answer, with a sentence on each. ``for_programs`` says that
    a program of OAuth 2 calls it, and proves there which one it is. ``repeatable`` says that it
    may be sent again under an idempotency key. ``unlisted`` is the reason why the document leaves
    the view out.
    """

    takes: dict[Place, Schema] = field(default_factory=dict)
    gives: Schema | None = None
    status: int = 200
    paged: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    errors: dict[int, list[str]] = field(default_factory=dict)
    for_programs: bool = False
    repeatable: bool = False
    unlisted: str | None = None

    def add_errors(self, errors: Codes) -> None:
        for status, codes in errors.items():
            self.errors.setdefault(status, []).extend(codes)


def contract_of(view: Callable[..., Any]) -> Contract:
    """The contract of ``view``; a blank one where nobody said anything."""
    contract: Contract = getattr(view, "contract", Contract())
    return contract


def contract_for(view: Callable[..., Any]) -> Contract:
    """The contract of ``view``, to be written into: it stays with the view."""
    contract: Contract = view.__dict__.setdefault("contract", Contract())
    return contract


def accepts(schema: Schema, place: Place = "json") -> Callable[[View], View]:
    """Load what the client sent with ``schema``, and hand it to the view as first argument.

    ``place`` is ``"json"`` for the body or ``"query"`` for the query string, whose unknown
    parameters are ignored. What does not load is 422, code ``validation_failed``, with the
    details that ``explain`` gives.
    """
    unknown: Literal["exclude", "raise"] = "exclude" if place == "query" else "raise"

    def decorate(view: View) -> View:
        @wraps(view)
        def load_first(**path: Any) -> Any:
            sent = request.args.to_dict() if place == "query" else request.get_json()
            try:
                values = schema.load(sent, unknown=unknown)
            except ValidationError as error:
                raise Invalid(explain(error, schema, sent)) from None
            return view(values, **path)

        add_layer(load_first, "validation")
        contract_for(load_first).takes[place] = schema
        return load_first

    return decorate


def answers(
    schema: Schema | None,
    status: int = 200,
    *,
    location: str | None = None,
    errors: Codes | None = None,
) -> Callable[[View], View]:
    """Answer with ``status`` and what the view returns, dumped with ``schema``.

    Without a schema the body is empty. ``location`` names the endpoint of what was made: its
    address, for the ``id`` of what the view returned, goes out as ``Location``. ``errors`` are
    those that this view alone can say: what every view with a body, a guard or a path can
    answer is known without.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def dump_after(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            result = view(*args, **kwargs)
            if schema is None:
                return "", status
            response = jsonify(with_links(schema, schema.dump(result)))
            if "version" in schema.dump_fields:
                tag(response, result.version)
            if location is not None:
                response.headers["Location"] = address(location, result.id)
            response.status_code = status
            return response

        add_layer(dump_after, "response")
        contract = contract_for(dump_after)
        contract.gives, contract.status = schema, status
        contract.add_errors(errors or {})
        if location is not None:
            contract.headers["Location"] = "Where the new one is found."
        if schema is not None and "version" in schema.dump_fields:
            contract.headers["ETag"] = "Its version: send it as If-Match, or If-None-Match."
        return dump_after

    return decorate


def reads_form(schema: Schema, *, gives: Schema | None, errors: Codes) -> Callable[[View], View]:
    """Document a view whose form, and whose program, is known to the library of OAuth 2 alone."""

    def decorate(view: View) -> View:
        contract = contract_for(view)
        contract.takes["form"], contract.gives, contract.for_programs = schema, gives, True
        contract.add_errors(errors)
        return view

    return decorate


def unlisted(reason: str) -> Callable[[View], View]:
    """Leave a view out of the document, and say there why."""

    def decorate(view: View) -> View:
        contract_for(view).unlisted = reason
        return view

    return decorate


def address(endpoint: str, row_id: int) -> str:
    (rule,) = current_app.url_map.iter_rules(endpoint)
    (argument,) = rule.arguments
    values: dict[str, Any] = {argument: row_id}
    return url_for(endpoint, **values)


def unlisted_because(endpoint: str, view: Callable[..., Any]) -> str | None:
    """Why the document leaves out ``view``, whose ``endpoint`` this is; ``None``: it does not."""
    return "files" if endpoint == STATIC else contract_of(view).unlisted
