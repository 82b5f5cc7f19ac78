"""Exercise 5.4: decorators stand in one order."""


def order_of_authors() -> list[str]:
    from flask import current_app

    return current_app.view_functions["authors.list_authors"].layers


def test_a_list_of_authors_is_validated_before_it_is_looked_for(inside):
    layers = inside(order_of_authors)
    got = ", ".join(reversed(layers))
    assert got == "permissions, validation, caching, response", "the order of the list is wrong"
