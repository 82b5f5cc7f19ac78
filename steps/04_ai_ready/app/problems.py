"""Problem details (RFC 9457): the same errors, for clients that speak the standard."""

from flask import Flask


def register_problems(app: Flask) -> None:
    """Answer errors as problem details to whoever prefers them.

    An answer of 400 or more whose body is our envelope becomes
    ``application/problem+json`` where ``Accept`` gives that a higher quality than
    ``application/json`` (RFC 9110, 12.5.1: ``*/*`` speaks for both, unless one is named
    beside it). Equal is not higher: JSON, as before, also without ``Accept``. Its members:
    ``type`` (``about:blank``), ``title`` (the name of the status), ``status``, ``detail``
    (the message), ``code`` and ``details``, which stay, as does what a protocol's own library
    adds to the envelope. Status and headers stay as they are.

    Every error in our envelope says ``Vary: Accept``, in either form: a cache must know.
    """
    # exercise 4.5 starts here
