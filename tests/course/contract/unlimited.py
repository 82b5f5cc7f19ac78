"""The solved step as ``wsgi.py`` makes it, but nobody is told that they ask too often.

Else all that schemathesis saw of a login, after the tenth, would be a 429.
"""

from wsgi import app

MANY = "1000000 per minute"
app.config.update(AUTH_RATE_LIMIT=MANY, ACCOUNT_RATE_LIMIT=MANY, RATE_LIMIT=MANY)
