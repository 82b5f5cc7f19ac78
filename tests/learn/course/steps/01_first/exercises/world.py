"""How to build the app for a test."""

from flask import Flask


def build() -> Flask:
    from app import create_app

    return create_app("testing")
