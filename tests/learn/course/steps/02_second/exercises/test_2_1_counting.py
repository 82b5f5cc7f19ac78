"""2.1 Double."""


def test_a_number_is_doubled(client) -> None:
    assert client.get("/double/21").json == 42, "the number is not doubled"
