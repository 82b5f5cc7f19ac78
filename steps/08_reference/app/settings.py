"""Settings: what the environment says, what is wrong with it, and what may be shown of it."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from app.values import ConfigError

Value = TypeVar("Value")

SECRETS = (
    "ADMIN_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "SIGNING_KEYS",
    "TEST_DATABASE_URL",
)
"""The variables that are secret, or have a password in them: these may come from files."""

SAME_AS: dict[str, str] = {"staging": "production"}
"""Environments that run as another one does: ``staging`` as ``production``.

Between the two, only the values of the variables differ.
"""

TELLING = ("KEY", "SECRET", "PASSWORD", "TOKEN")
PASSWORD = re.compile(r"(://[^:]*):.*@", re.DOTALL)
HIDDEN = "***"


class Settings:
    """What ``environ`` says of each setting, and all that is wrong with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: dict[str, str] = {}

    def text(self, variable: str) -> str | None:
        """What is said of ``variable``; ``None`` where nothing is.

        For one of the ``SECRETS`` a second variable, with ``_FILE`` at the end of its name, may
        name a file instead, as a container gets its secrets: the text is what the file holds, in
        UTF-8, without the line break at its end, if there is one; nothing else is taken off. The
        second variable counts where it is not empty. Where the first one is not empty either,
        one of them is forgotten there, and that is wrong. So is a file that cannot be read: the
        problem names it.

        What is wrong is noted by ``complain``, and the text is ``None``.
        """
        said = self.environ.get(variable)
        file = self.environ.get(f"{variable}_FILE") if variable in SECRETS else None
        if not file:
            return said
        if said:
            self.complain(variable, f"is set, and so is {variable}_FILE: one of them is too many")
            return None
        try:
            with Path(file).open(encoding="utf-8", newline="") as lines:
                return re.sub(r"\r?\n\Z", "", lines.read())
        except (OSError, ValueError):
            self.complain(variable, f"the file of {variable}_FILE cannot be read: {file}")
            return None

    def read(self, variable: str, parse: Callable[[str], Value], default: Value) -> Value:
        """What ``parse`` makes of the text of ``variable``; ``default`` where there is none.

        A ``ValueError`` of ``parse`` says what the text must be: it is noted by ``complain``, and
        the answer is ``default``.
        """
        text = self.text(variable)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.complain(variable, str(error))
        return default

    def complain(self, variable: str, problem: str) -> None:
        """Note a problem, for ``check`` to tell. Of each variable the first one counts."""
        self.problems.setdefault(variable, problem)

    def check(self) -> None:
        """Raise ``ConfigError`` if anything is wrong.

        Its message has a line for each variable that is, ``VARIABLE: problem``, in the order in
        which they were noted, and no value of a variable.
        """
        if self.problems:
            lines = [f"{variable}: {problem}" for variable, problem in self.problems.items()]
            raise ConfigError("\n".join(lines))


def redacted(config: Mapping[str, Any]) -> dict[str, Any]:
    """What may be shown of ``config``: the same names, and for each value

    - ``***`` where the name says that it is secret, because ``KEY``, ``SECRET``, ``PASSWORD``
      or ``TOKEN`` is in it, in any case; an empty text, ``None`` and ``False`` stay as they are;
    - the text of an address with its password replaced by ``***``, whatever characters the
      password has: ``postgresql://ada:***@db.example.org/library``. What stands between the
      first ``:`` after ``://`` and the last ``@`` counts as the password; without both, the text
      stays. The same in every text, wherever an address stands in it alone;
    - other texts, numbers, ``True``, ``False`` and ``None`` as they are;
    - lists, tuples (as lists) and mappings with each of their values like this, by the rules for
      its name where it has one; a name that is no text counts as its ``str``;
    - of everything else the name of its class, and nothing of what is in it.
    """
    return {str(name): shown(str(name), value) for name, value in config.items()}


def shown(name: str, value: Any) -> Any:
    if value is None or value is False or value == "":
        return value
    if any(word in name.upper() for word in TELLING):
        return HIDDEN
    if isinstance(value, str):
        return PASSWORD.sub(rf"\1:{HIDDEN}@", value)
    if isinstance(value, Mapping):
        return redacted(value)
    if isinstance(value, list | tuple):
        return [shown("", inner) for inner in value]
    return value if isinstance(value, int | float) else type(value).__name__
