"""Exercise 4.1: the document names every route of the app, and nothing else."""

import re


def routes_of_the_app() -> list[list[str]]:
    from flask import current_app

    from app.openapi.contracts import unlisted_because

    return [
        [rule.rule, method.lower()]
        for rule in current_app.url_map.iter_rules()
        if not unlisted_because(rule.endpoint, current_app.view_functions[rule.endpoint])
        for method in rule.methods - {"HEAD", "OPTIONS"}
    ]


def read(anonymous):
    answer = anonymous.get("/openapi.json")
    assert answer.status_code == 200, f"the document was answered with {answer.status_code}"
    return answer.json


def test_paths_and_methods_are_those_of_the_app(anonymous, inside):
    document = read(anonymous)
    expected = sorted(
        [re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule), method]
        for rule, method in inside(routes_of_the_app)
    )
    got = sorted([path, method] for path, item in document["paths"].items() for method in item)
    assert got == expected, "paths and methods are those of the app"
