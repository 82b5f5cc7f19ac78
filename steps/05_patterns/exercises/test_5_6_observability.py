"""Exercise 5.6: logs, metrics and traces."""


def test_requests_are_counted_by_rule(client):
    client.get("/api/v1/")

    measured = client.get("/metrics").text
    wanted = 'http_requests_total{endpoint="/api/v1/",method="GET",status="200"} 1.0'
    assert wanted in measured, "one request for the index was not counted under its rule"
