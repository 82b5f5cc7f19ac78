"""The app's own suite."""

from app import create_app


def test_the_app_answers():
    assert create_app("testing").test_client().get("/").status_code == 200
