"""The checklist: fourteen questions before each release, which the app answers itself.

A check looks at a built ``app`` and at the ``folder`` that it comes from, the one with
``wsgi.py``; ``app/evidence.py`` has eyes for both. It yields one sentence for each thing that is
not as its docstring says, and names it: the module by its path (``app/config.py``), the view by
its endpoint. Where all is well it yields nothing. It changes nothing, and raises nothing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask

from app.auth.errors import NotBuiltYet

Check = Callable[[Flask, Path], Iterator[str]]


def factory(app: Flask, folder: Path) -> Iterator[str]:
    """The factory alone makes apps: no module of ``app/`` calls ``Flask`` when it is imported.

    ``flask.Flask`` is the same. Names the module.
    """
    raise NotBuiltYet("8.2")  # exercise 8.2 starts here


def extensions(app: Flask, folder: Path) -> Iterator[str]:
    """Extensions are made in ``app/extensions.py``, and nowhere else in ``app/``.

    Nowhere else is a name called on import that came from a package whose name begins with
    ``flask_``, by ``from … import``. Names the module.
    """
    raise NotBuiltYet("8.2")


def secrets(app: Flask, folder: Path) -> Iterator[str]:
    """No secret stands in ``app/``: none is a text of 8 characters or more in the code.

    A secret is a variable or an attribute, in a function or not, whose name ends in ``secret``,
    ``secret_key``, ``password``, ``token`` or ``api_key``, in large letters or small. Names the
    module.
    """
    raise NotBuiltYet("8.2")


def hints(app: Flask, folder: Path) -> Iterator[str]:
    """Caching is decided in one place: few modules of ``app/`` write ``"Cache-Control"``.

    ``caching.py``, ``hooks.py``, ``pages.py``, ``blueprints/health.py``, ``openapi/contracts.py``
    and this one may. What counts is a text that is that and nothing else. Names the module.
    """
    raise NotBuiltYet("8.2")


def tests(app: Flask, folder: Path) -> Iterator[str]:
    """The app's own tests, below ``tests/``, look at each layer.

    Schemas: one of its modules imports something from ``app.schemas``, or below. Services:
    likewise, ``app.services``. Routes: a function ``test_…``, in a class or not, has an argument
    ``client``. Names what nobody tests: ``schemas``, ``services``, ``routes``.
    """
    raise NotBuiltYet("8.2")


def document(app: Flask, folder: Path) -> Iterator[str]:
    """The document is served, and lists every view that ``unlisted_because`` has no reason for.

    With each of its methods that ``METHODS`` of ``app/openapi/document.py`` names. A view is
    found by the rule of its route, whose variables stand in braces there. Names the endpoint; where
    nothing is served, ``/openapi.json``.
    """
    raise NotBuiltYet("8.2")


def examples(app: Flask, folder: Path) -> Iterator[str]:
    """The served document is good, and its examples are true: ``lint`` finds nothing in it.

    Names what ``lint`` names: ``where``. A document that is not served is not judged here.
    """
    raise NotBuiltYet("8.2")


def guards(app: Flask, folder: Path) -> Iterator[str]:
    """Every view says who may use it (``RULE`` of ``app/auth/guards.py``), but Flask's ``static``.

    Names the endpoint.
    """
    raise NotBuiltYet("8.2")


def scopes(app: Flask, folder: Path) -> Iterator[str]:
    """Every scope that a view demands is one of ``SCOPES``. Names the endpoint and the scope."""
    raise NotBuiltYet("8.2")


def security(app: Flask, folder: Path) -> Iterator[str]:
    """What the served document says of credentials is what the view demands: ``security_of``.

    For every operation that it lists and that the app has. Names the endpoint. A document that is
    not served is not judged here.
    """
    raise NotBuiltYet("8.2")


def pages(app: Flask, folder: Path) -> Iterator[str]:
    """Every collection comes in pages: its contract is ``paged``.

    A collection is what a GET reads below ``/api/v1/``, if one can POST to the same rule, and the
    document lists it. Names the endpoint.
    """
    raise NotBuiltYet("8.2")


def limits(app: Flask, folder: Path) -> Iterator[str]:
    """Limits are on, and everything below ``/api/v1/`` counts: no view of it is ``UNLIMITED``.

    On means that ``RATELIMIT_ENABLED`` of the config is not false, which it is not where nobody
    has set it. Names the setting, or the endpoint.
    """
    raise NotBuiltYet("8.2")


def health(app: Flask, folder: Path) -> Iterator[str]:
    """Whoever runs the app can ask how it is: a GET of ``/healthz``, and one of ``/readiness``.

    Each has a view that is ``PUBLIC`` and ``UNLIMITED``: a probe has no credentials, and asks all
    day. Names the path of what is not so.
    """
    raise NotBuiltYet("8.2")


def image(app: Flask, folder: Path) -> Iterator[str]:
    """The image is small: ``Dockerfile`` has two stages or more, and the last one runs nothing.

    A stage begins with ``FROM``; after the last one there is no ``RUN``: whatever is installed, is
    installed in another. An instruction is the first word of a line, in large letters or small.
    Names ``Dockerfile`` once, also where there is none.
    """
    raise NotBuiltYet("8.2")


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        factory,
        extensions,
        secrets,
        hints,
        tests,
        document,
        examples,
        guards,
        scopes,
        security,
        pages,
        limits,
        health,
        image,
    )
}
