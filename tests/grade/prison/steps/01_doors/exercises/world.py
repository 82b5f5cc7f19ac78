"""Builds the app of the doors."""

from flask import Flask


def build() -> Flask:
    from app import create_app

    return create_app()
