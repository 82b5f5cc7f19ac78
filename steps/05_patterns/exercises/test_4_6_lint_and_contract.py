"""Exercise 4.6: the document is of use, and it is true."""


def findings(document: dict[str, object]) -> list[list[str]]:
    from app.openapi.lint import lint

    return [list(finding) for finding in lint(document)]


def test_what_a_document_lacks_is_found(inside):
    operation = {"responses": {"200": {"description": "OK"}}, "security": []}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "One", "version": "1"},
        "paths": {"/one": {"get": operation}},
    }
    rules = [rule for _, rule, _ in inside(findings, document)]
    assert "operation-id" in rules, "an operation without operationId was not found"
