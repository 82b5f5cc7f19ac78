"""What a server runs: ``flask run`` and ``gunicorn wsgi:app`` both look here."""

import os

from app import create_app

app = create_app(os.environ.get("APP_ENV", "development"))
