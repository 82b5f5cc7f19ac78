"""Exercise 5.5: sub-resources, many at once, and conditions."""


def stamp() -> str | None:
    from flask import Response

    from app.conditional import tag

    response = Response()
    tag(response, 7)
    return response.headers.get("ETag")


def test_a_version_is_a_tag(inside):
    assert inside(stamp) == '"7"', "version 7 has another ETag"
