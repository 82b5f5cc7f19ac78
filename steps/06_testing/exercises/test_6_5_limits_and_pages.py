"""Exercise 6.5: tests of limits, of pages, and of what is said to caches."""

import pytest

from checker.harness.variants import Change, Exam, Variant, bug

LIMITS, PAGING, CACHING = "app/limits.py", "app/paging.py", "app/caching.py"
AUTHORS, CONDITIONAL = "app/blueprints/catalog/authors.py", "app/conditional.py"
HOOKS = "app/hooks.py"

EXAM = Exam(
    tests=("tests/test_limits_and_pages.py",),
    bugs=(
        bug(
            "one_too_many",
            "one request more than the limit is answered",
            "app/counting.py",
            "return count + amount",
            "return count",
        ),
        bug(
            "no_word_of_when",
            "a 429 does not say when to come back",
            LIMITS,
            'Response(status=429, headers={"Retry-After": str(seconds_until_reset(limit))})',
            "Response(status=429)",
        ),
        bug(
            "by_address_alone",
            "a stranger uses up what a signed-in caller at the same address may ask",
            LIMITS,
            "principal = recognised_principal()",
            "principal = None",
        ),
        bug(
            "pages_overlap",
            "the next page begins with the last of the page before",
            PAGING,
            "start = (page - 1) * per_page",
            "start = max(0, (page - 1) * (per_page - 1))",
        ),
        bug(
            "no_last_page",
            "the last page leads on to a next one",
            PAGING,
            "if page < last:",
            "if page <= last:",
        ),
        bug(
            "total_of_the_page",
            "total is how many are on the page, not how many there are",
            PAGING,
            "per_page=per_page, total=total)",
            "per_page=per_page, total=len(items))",
        ),
        bug(
            "for_everybody",
            "a cache that others use may keep a list that needs credentials",
            CACHING,
            '"private, no-cache"',
            '"public, no-cache"',
        ),
        bug(
            "sent_again",
            "whoever has the list already is sent all of it again",
            CONDITIONAL,
            "if current is not None and (tags.star_tag or tags.contains_weak(current)):",
            "if current is not None and tags.star_tag:",
        ),
        bug(
            "remembered_too_long",
            "a new author is missing in a list that was asked for before",
            AUTHORS,
            '@reads_page(sort=["id", "name", "birth_year"])\n@cached(300, "authors", shared=True)',
            '@reads_page(sort=["id", "name", "birth_year"])\n@cached(300, "books", shared=True)',
        ),
        bug(
            "one_too_few",
            "the last request that the limit allows is refused",
            "app/counting.py",
            "return count + amount",
            "return count + amount + 1",
        ),
        bug(
            "always_as_many",
            "RateLimit-Remaining stays where it began",
            LIMITS,
            "str(limit.remaining)",
            "str(limit.limit.amount)",
        ),
        bug(
            "between_pages",
            "between two pages an author is missing",
            PAGING,
            "start = (page - 1) * per_page",
            "start = (page - 1) * (per_page + 1)",
        ),
        bug(
            "two_hundred",
            "a page of 200 is given to whoever asks for it",
            "app/schemas/paging.py",
            "MAX_PER_PAGE = 100",
            "MAX_PER_PAGE = 200",
        ),
        bug(
            "errors_kept",
            "an error does not say no-store",
            HOOKS,
            'request.method in {"GET", "HEAD"} and response.status_code < 400',
            'request.method in {"GET", "HEAD"}',
        ),
        bug(
            "writes_kept",
            "the answer to a write does not say no-store",
            HOOKS,
            'request.method in {"GET", "HEAD"} and response.status_code < 400',
            "response.status_code < 400",
        ),
    ),
    ways=(
        Variant(
            "another_way",
            "weak ETags, links in another order, and remembered for less long",
            (
                Change(
                    PAGING, "start = (page - 1) * per_page", "start = page * per_page - per_page"
                ),
                Change(CACHING, "response.add_etag()", "response.add_etag(weak=True)"),
                Change(
                    PAGING,
                    'targets = {"first": 1, "last": last}',
                    'targets = {"last": last, "first": 1}',
                ),
                Change(
                    AUTHORS,
                    'reads_page(sort=["id", "name", "birth_year"])\n@cached(300, "authors"',
                    'reads_page(sort=["name", "id", "birth_year"])\n@cached(60, "authors"',
                ),
                Change(LIMITS, "max(1, ceil(limit", "max(2, ceil(limit"),
            ),
        ),
    ),
)


@pytest.mark.parametrize("name", EXAM.names)
def test_your_suite_finds(suite, name):
    missed = suite.missed(EXAM, name)
    assert not missed, missed


def test_your_suite_is_right(suite):
    wrong = suite.wrong(EXAM)
    assert not wrong, wrong
