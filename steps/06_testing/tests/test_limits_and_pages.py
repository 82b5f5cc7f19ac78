"""Limits, pages, and what caches may keep. What a client sees when there is much of it.

To be held here, each in a test that fails when it no longer is so:

Limits
    ``RATE_LIMIT`` of ``app.config``, as it is at that moment (``"3 per minute"``): so many
    requests of one caller are answered, and no more. The next is 429, code
    ``too_many_requests``, and says in ``Retry-After`` when to come back: a whole number, 1 or
    more. Every answer says ``RateLimit-Limit`` and ``RateLimit-Remaining``, which goes down to 0.
    A caller with credentials and one without have a count each, also at the same address.
Pages
    ``GET /api/v1/authors?per_page=2&page=…``: all pages together are the whole list, in order,
    each author once; ``total`` is how many there are on all of them. ``Link`` leads on with
    ``rel="next"`` from every page but the last. More than 100 for ``per_page`` is 422.
Caches
    ``GET /api/v1/authors`` says ``Cache-Control: private, no-cache`` and an ``ETag``. Whoever sends
    that as ``If-None-Match`` gets 304 and no body, until something has changed: then 200, the new
    list, and another ``ETag``. A write and an error say ``no-store``.

How long anything is remembered, what an ``ETag`` looks like and how ``Link`` is spelled may change
any day. ``conftest.py`` begins each test with nothing counted and nothing remembered;
``monkeypatch.setitem(app.config, …)`` sets a limit for one test.
"""

from flask.testing import FlaskClient

AUTHORS = "/api/v1/authors"


def test_an_empty_list_is_one_empty_page(client: FlaskClient) -> None:
    assert client.get(AUTHORS).get_json()["items"] == []


# exercise 6.5 starts here
