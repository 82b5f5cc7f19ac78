"""Greetings."""


def part(name: str) -> str:
    """A farewell."""
    return "bye"


def greet(name: str) -> str:
    """A greeting that names the visitor."""
    return f"hello {name}"
