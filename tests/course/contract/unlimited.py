"""The solved step as ``wsgi.py`` makes it, but nobody counts how often a password is tried.

Else all that schemathesis saw of a login, after the tenth, would be a 429.
"""

from wsgi import app

app.config.update(AUTH_RATE_LIMIT="1000000 per minute", ACCOUNT_RATE_LIMIT="1000000 per minute")
