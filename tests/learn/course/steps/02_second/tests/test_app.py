"""The app's own suite."""

from app import create_app


def test_an_unknown_page_is_a_404() -> None:
    assert create_app().test_client().get("/nothing").status_code == 404
