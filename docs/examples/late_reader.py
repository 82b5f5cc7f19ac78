"""A write comes while somebody is just reading. What is in the cache afterwards?"""

from collections.abc import Callable
from typing import Any

stored = {"book 1": "Comet in Moominland"}
kept: dict[str, Any] = {}


def write(new: str, forget: Callable[[], None]) -> None:
    stored["book 1"] = new
    forget()


# section: emptied
def empty() -> None:
    kept.pop("book 1", None)


read = stored["book 1"]  # the reader asks the database …
write("Moominsummer Madness", empty)  # … a writer commits, and empties the cache …
kept["book 1"] = read  # … and the reader keeps what it has read
print("emptied by the write:", kept["book 1"])
# end section: emptied

# section: versions
versions = {"books": "a"}


def outdate() -> None:
    versions["books"] = "b"


before, read = versions["books"], stored["book 1"]
write("Moominpappa at Sea", outdate)
kept["book 1"] = (before, read)
made_with, text = kept["book 1"]
print("outdated by the write:", text if made_with == versions["books"] else "ask again")
# end section: versions
