"""What a failure shows of two values: short, one line each, and where they differ."""

from typing import Any

from checker.harness.words import LINE, both_shown, raised


def test_long_values_begin_shortly_before_they_differ() -> None:
    rows: list[dict[str, Any]] = [{"id": n, "title": f"Book {n}"} for n in range(40)]
    other = [*rows[:30], {"id": 30, "title": "Another one"}, *rows[31:]]

    one, two = both_shown(rows, other)

    assert "'Book 30'" in one
    assert "'Another one'" in two
    assert max(len(one), len(two)) <= LINE


def test_short_values_are_whole() -> None:
    assert both_shown([1, 2], [1, 3]) == ("[1, 2]", "[1, 3]")


def test_tables_of_the_same_keys_are_shown_in_the_same_order() -> None:
    assert both_shown([{"b": 1, "a": 2}], [{"a": 2, "b": 3}]) == (
        "[{'a': 2, 'b': 1}]",
        "[{'a': 2, 'b': 3}]",
    )


def test_a_value_within_itself_is_shown() -> None:
    ring: list[Any] = []
    ring.append(ring)

    assert all("[...]" in text for text in both_shown(ring, [ring]))


def test_the_advice_at_the_end_of_a_long_sentence_is_kept() -> None:
    said = (
        'Type annotation for "Book.title" can\'t be correctly interpreted for Annotated Declarative'
        " Table form. ORM annotations should normally make use of the ``Mapped[]`` generic type"
    )

    assert raised(TypeError(said)) == ("TypeError", said)
