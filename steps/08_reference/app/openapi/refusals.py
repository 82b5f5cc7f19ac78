"""Refusals: what every operation of a kind can answer, whatever its view does."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.routing import Rule

from app.auth.tokens import REFUSALS
from app.limits import UNLIMITED
from app.openapi.contracts import contract_of
from app.openapi.security import demands_of

UNKNOWN_CALLER = sorted(
    {code for code, _ in REFUSALS.values()}
    | {"account_closed", "api_key_expired", "api_key_invalid", "token_key", "unauthorized"}
)

KEY_ERRORS = {
    400: ["idempotency_key_invalid"],
    409: ["idempotency_key_in_use"],
    422: ["idempotency_key_reused"],
}
"""What may be wrong with an idempotency key."""

Refusals = dict[int, list[str]]


def refusals_of(rule: Rule, view: Callable[..., Any]) -> Refusals:
    """The codes of all errors that an operation may answer, by status, both sorted."""
    contract = contract_of(view)
    kinds: list[Mapping[int, list[str]]] = [contract.errors]
    demands = demands_of(view)
    if demands is not None:
        kinds.append({401: UNKNOWN_CALLER})
    if demands:
        kinds.append({403: ["insufficient_scope"]})
    if rule.arguments:
        kinds.append({404: ["not_found"]})
    if contract.takes:
        kinds.append({422: ["validation_failed"]})
    if "json" in contract.takes:
        kinds.append(
            {
                400: ["bad_request"],
                413: ["request_entity_too_large"],
                415: ["unsupported_media_type"],
            }
        )
    if contract.repeatable:
        kinds.append(KEY_ERRORS)
    if not hasattr(view, UNLIMITED):
        kinds.append({429: ["too_many_requests"]})
    merged: dict[int, set[str]] = {}
    for kind in kinds:
        for status, codes in kind.items():
            merged.setdefault(status, set()).update(codes)
    return {status: sorted(merged[status]) for status in sorted(merged)}
