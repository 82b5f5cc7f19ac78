"""How people are greeted."""


def greeting(name: str) -> str:
    """A greeting for ``name``, without the blanks around it."""
    return ""
