"""Where `flask run` begins."""

from app import create_app

app = create_app()
