"""A class body runs once, when its module is imported. An ``__init__`` runs when called."""

import os


class AtImport:
    LEVEL = os.environ.get("LEVEL", "not set")


class AtCall:
    def __init__(self) -> None:
        self.LEVEL = os.environ.get("LEVEL", "not set")


os.environ["LEVEL"] = "debug"

print("read at import:", AtImport().LEVEL)
print("read at call:  ", AtCall().LEVEL)
