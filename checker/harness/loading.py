"""Why an app could not be built, said so that the learner can act on it."""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys

from checker.harness.errors import AuthorError, LoadError
from checker.harness.factory import odd_factory
from checker.harness.failure import Failure, Location
from checker.harness.forbidden import Forbidden
from checker.harness.ground import Ground, details
from checker.harness.packages import distribution_of
from checker.harness.words import one_line, raised, sentence

_PARTIAL = "partially initialized module"


def load_error(error: BaseException, ground: Ground) -> LoadError | AuthorError:
    """What ``error``, raised while the app was imported or built, means.

    An :class:`AuthorError` where no file of the learner's has part in it.
    """
    return _Reading(error, ground).result()


class _Reading:
    """One exception, looked at from the most telling side first."""

    def __init__(self, error: BaseException, ground: Ground) -> None:
        self.error = error
        self.ground = ground
        self.blame, self.where = ground.blame(error)

    def result(self) -> LoadError | AuthorError:
        error = self.error
        if isinstance(error, SyntaxError):
            return self.syntax(error)
        if isinstance(error, Forbidden):
            return self.fails(f"{error.message} while the app was loaded: {error.advice}")
        if isinstance(error, SystemExit):
            return self.fails(
                "your code called sys.exit() while the app was loaded: importing a module must"
                " define things, never end the program"
            )
        if _PARTIAL in str(error):
            return self.circular()
        if isinstance(error, ModuleNotFoundError):
            return self.missing_module(error)
        if isinstance(error, ImportError):
            return self.missing_name(error)
        if self.blame == "course" and self.where is None:
            factory = odd_factory(error, self.ground)
            return factory or AuthorError(f"world.py: {sentence(*raised(error))}")
        said = sentence(*raised(error))
        return self.fails(f"your code raised {said} while the app was built")

    def syntax(self, error: SyntaxError) -> LoadError | AuthorError:
        file = error.filename or ""
        if self.ground.owner(file) != "learner":
            return AuthorError(f"{file}:{error.lineno}: {type(error).__name__}: {error.msg}")
        said = f"{type(error).__name__}: {error.msg}"
        if "null bytes" in error.msg:
            said = "it is no text in UTF-8; save it in that encoding"
        self.where = Location(self.ground.relative(file), error.lineno)
        line = one_line(error.text or "") or None
        return self.fails(f"{self.where.file} cannot be read: {said}", got=line)

    def circular(self) -> LoadError:
        files = []
        for owner, code, _ in self.ground.frames(self.error.__traceback__):
            if owner == "learner" and code.co_name == "<module>":
                files.append(self.ground.relative(code.co_filename))
        ring = (
            " imports ".join(_brief(_ring(files, self.target()))) or "two modules need each other"
        )
        return self.fails(f"circular import: {ring}; import inside the function that needs it")

    def target(self) -> str | None:
        """The half-loaded file that was asked for a name."""
        path = getattr(self.error, "path", None)
        if not path:
            found = re.search(rf"{_PARTIAL} '([\w.]+)'", str(self.error))
            path = getattr(sys.modules.get(found[1]), "__file__", None) if found else None
        return self.ground.relative(path) if path else None

    def missing_module(self, error: ModuleNotFoundError) -> LoadError | AuthorError:
        name = error.name or ""
        package = distribution_of(name)
        if package is not None and importlib.util.find_spec(name.partition(".")[0]) is None:
            failure = Failure(
                f"the package {package} is not installed: run `python -m pip install {package}`",
                where=self.where,
                details=details(error),
            )
            return LoadError(failure, environment=True)
        top = name.partition(".")[0]
        local = (self.ground.root / top).exists() or (self.ground.root / f"{top}.py").exists()
        if self.where is None and not local and top not in {"app", "wsgi"}:
            return AuthorError(f"world.py: there is no module {name}")
        return self.fails(f"there is no module {name}: a typo, or a file that is missing?")

    def missing_name(self, error: ImportError) -> LoadError | AuthorError:
        found = re.match(r"cannot import name '([^']+)'", str(error))
        if found and error.path and self.ground.owner(error.path) == "learner":
            file = self.ground.relative(error.path)
            self.where = self.where or Location(file)
            return self.fails(f"{file} has no {found[1]}{_near(found[1], error.name)}")
        if self.where is None:
            return AuthorError(f"world.py: {sentence(*raised(error))}")
        return self.fails(f"your code raised {sentence(*raised(error))} while the app was loaded")

    def fails(self, message: str, got: str | None = None) -> LoadError:
        return LoadError(Failure(message, got=got, where=self.where, details=details(self.error)))


def _near(name: str, module: str | None) -> str:
    """A name that is there and looks like the one that is not."""
    names = [known for known in vars(sys.modules.get(module or "", sys)) if known[0] != "_"]
    near = difflib.get_close_matches(name, names if module in sys.modules else [], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _brief(ring: list[str]) -> list[str]:
    """A long ring by both ends: where it begins, and the two files where it closes."""
    return ring if len(ring) <= 4 else [*ring[:1], "…", *ring[-2:]]


def _ring(files: list[str], target: str | None) -> list[str]:
    """The files that import each other in a circle, the first one again at the end."""
    if target is None or target not in files:
        return files
    return [*files[files.index(target) :], target]
