"""Repeats: marks what may be sent again under an idempotency key."""

from functools import wraps
from typing import Any

from flask import Response, current_app

from app.idempotency import answer_once
from app.openapi.contracts import View, contract_for
from app.stack import add_layer


def repeatable(view: View) -> View:
    """Let the client send the same request again, and have its work done once: ``answer_once``.

    Stands where ``cached`` stands for a GET, and counts as that: below what validates, above
    what makes the answer, which is given again.
    """

    @wraps(view)
    def answer(*values: Any, **path: Any) -> Response:
        return answer_once(lambda: current_app.make_response(view(*values, **path)))

    add_layer(answer, "caching")
    contract_for(answer).repeatable = True
    return answer
