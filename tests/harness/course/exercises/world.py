"""How to build the tiny app for a test."""

from flask import Flask


def build() -> Flask:
    from app import create_app

    app = create_app()

    @app.get("/probe/crash")
    def crash() -> str:
        raise RuntimeError("a probe that fails")

    return app
