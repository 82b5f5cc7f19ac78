"""Who is asking, and what they may do."""

from flask import Flask


def init_auth(app: Flask) -> None:
    """Set up every part of this package for ``app``, whose routes are there already."""
    # Imported late: the parts import the models, which import this package's neighbours.
    from app.auth import audit, browser, keys, oauth, throttle, tokens

    keys.read_keys(app.config)  # a ring that cannot be used stops the start, not the first login
    tokens.init_tokens(app)
    oauth.init_oauth(app)
    browser.init_browser(app)
    throttle.init_throttle(app)
    audit.init_audit(app)
