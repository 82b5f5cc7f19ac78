"""Problem details (RFC 9457): the same errors, for clients that speak the standard."""

from flask import Flask


def register_problems(app: Flask) -> None:
    """Answer errors as problem details to whoever prefers them.

    An answer of 400 or more whose body is our envelope becomes
    ``application/problem+json`` where ``Accept`` prefers that to ``application/json``: names
    it with a higher quality, or names it and not the other. Equal is not higher, and ``*/*``
    names neither: JSON, as before. Its members: ``type`` (``about:blank``), ``title`` (the
    name of the status), ``status``, ``detail`` (the message), ``code`` and ``details``, which
    stay. Status and headers stay as they are.

    Every error in our envelope says ``Vary: Accept``, in either form: a cache must know.
    """
    # exercise 4.5 starts here
