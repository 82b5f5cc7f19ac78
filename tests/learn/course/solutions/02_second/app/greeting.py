"""Greetings."""


def part(name: str) -> str:
    """A farewell."""
    return f"bye {name}"


def greet(name: str) -> str:
    """A greeting that names the visitor."""
    return f"hello {name}"
