"""Exercise 4.4: one operation, one effect."""


def lend() -> dict[str, object]:
    import world

    loan = world.add_loan()
    return {"id": loan}


def test_a_renewal_counts_from_the_day_it_was_due(client, inside):
    loan = inside(lend)["id"]
    before = client.get(f"/api/v1/loans/{loan}").json
    answer = client.post(f"/api/v1/loans/{loan}/renewals")
    assert answer.status_code == 200, f"a renewal was answered with {answer.status_code}"
    assert answer.json["renewals"] == before["renewals"] + 1, "a renewal is counted"
