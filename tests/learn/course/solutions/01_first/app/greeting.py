"""Greetings."""


def greet(name: str) -> str:
    """A greeting that names the visitor."""
    return f"hello {name}"
