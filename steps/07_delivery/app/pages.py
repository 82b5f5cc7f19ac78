"""Pages for people in a browser: rendered here, with the headers that every page needs."""

from flask import Response, make_response, render_template

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(template: str, status: int = 200, **values: object) -> Response:
    """The page made from ``template``: no script, nobody's frame, in nobody's cache."""
    response = make_response(render_template(template, **values), status)
    response.headers.update(HEADERS)
    return response
