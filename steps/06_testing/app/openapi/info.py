"""What the document says of the API as a whole."""

from flask import Flask

from app.openapi.contracts import unlisted_because

TITLE = "Library"
API_VERSION = "1.5.0"

WELCOME = """A lending library: books and their authors, copies, and who has them.

Begin at `/api/v1/`: every answer links on. Every error is `{code, message, details}`; send
`Accept: application/problem+json` for the same by RFC 9457. Where something you sent is wrong, a
detail holds a `hint`: an operation of a JSON Patch (RFC 6902) that makes it right.

Every answer has an `X-Request-ID`, yours if you send one: quote it when you report a problem.

`HEAD` and `OPTIONS` answer as HTTP has it, and are not listed. Nor are:
"""


def description_of(app: Flask) -> str:
    """A welcome, and what the document leaves out, address by address, with the reason."""
    left_out = {
        f"- `{rule.rule}`: {reason}"
        for rule in app.url_map.iter_rules()
        if (reason := unlisted_because(rule.endpoint, app.view_functions[rule.endpoint]))
    }
    return "\n".join([WELCOME, *sorted(left_out)])
