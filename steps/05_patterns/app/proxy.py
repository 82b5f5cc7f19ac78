"""Behind a proxy: what it says of a request, and how far that is believed."""

from flask import Flask


def init_proxy(app: Flask) -> None:
    """Let ``app`` know who asks, and by which id, with ``TRUSTED_PROXIES`` of ours in front.

    Where from
        Of ``X-Forwarded-For``, ``-Proto`` and ``-Host`` the last ``TRUSTED_PROXIES`` values
        are ours, and the first of those is the client's: its address, its scheme, the host
        that it asked for, in ``request`` as anywhere. What stands left of them the client may
        have written. A header with fewer values counts for nothing; with 0 proxies, the
        default, none of them counts. No other ``X-Forwarded-`` header ever does.
    Which request
        ``g.request_id`` is there for every request, also for one that no view answers, before
        anything else looks at it: the ``X-Request-ID`` that came in, if it is 1 to 64 of the
        characters ``A-Z a-z 0-9 . _ -``; else a new one, 32 hexadecimal digits. Every answer
        has it as ``X-Request-ID``, errors too.
    """
    # exercise 5.3 starts here
