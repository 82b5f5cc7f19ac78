"""1.1 Greet the visitor."""

import random


def test_the_visitor_is_named(client) -> None:
    name = f"visitor{random.randrange(1000)}"
    answer = client.get(f"/greet/{name}")
    assert answer.text == f"hello {name}", "the greeting does not name the visitor"


def test_an_answer_comes(client) -> None:
    assert client.get("/greet/ada").status_code == 200, "a greeting answers 200"
