"""Who a client is: the headers that the step's world gives to a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from checker.harness.shipping import ship

if TYPE_CHECKING:
    from werkzeug.test import Client

    from checker.harness.record import Recorder


def client_as(name: str | None, subject: Recorder) -> Client:
    """A client whose requests carry the headers of ``world.identity(name)``.

    A header that a request names itself wins. Without a name, or in a world without
    identities, the client says nothing about itself.
    """
    from werkzeug.test import Client

    headers = subject.aside(ship(_headers_of), name) if name is not None else {}
    environ = {f"HTTP_{key.upper().replace('-', '_')}": value for key, value in headers.items()}

    def wsgi(own: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        __tracebackhide__ = True
        return subject.wsgi({**environ, **own}, start_response)

    return Client(wsgi)


def _headers_of(name: str) -> dict[str, str]:
    import world  # type: ignore[import-not-found]

    identity = getattr(world, "identity", None)
    headers: dict[str, str] = {} if identity is None else identity(name)
    return headers
