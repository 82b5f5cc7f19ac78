"""2.2 Say goodbye."""


def test_the_visitor_is_named_again(inside) -> None:
    def farewell(name):
        from app.greeting import part

        return part(name)

    assert inside(farewell, "ada") == "bye ada", "the farewell does not name the visitor"
