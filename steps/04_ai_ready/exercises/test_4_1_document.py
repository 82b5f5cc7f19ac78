"""Exercise 4.1: the document is the app: every route of it, and nothing else."""

import json
import re
import secrets

LISTED = {"get", "post", "put", "patch", "delete"}


def plant(names: list[str], methods: list[str], flask_path: str) -> None:
    """A route at ``flask_path`` in a blueprint within a blueprint: outer, inner and view."""
    from flask import Blueprint, current_app

    outer, inner, view = names
    child = Blueprint(inner, "planted")
    by_default = {"page": 1}  # which is no part of the path
    child.add_url_rule(flask_path, view, lambda **path: path, methods=methods, defaults=by_default)
    parent = Blueprint(outer, "planted")
    parent.register_blueprint(child)
    current_app.register_blueprint(parent)


def plant_bare(routes: list[list[str]]) -> None:
    """Routes by path and endpoint, of the methods GET and POST."""
    from flask import current_app

    views = {endpoint: (lambda **path: path) for _, endpoint in routes}
    for path, endpoint in routes:
        current_app.add_url_rule(path, endpoint, views[endpoint], methods=["GET", "POST"])


def plant_documented(docs: dict[str, str | None]) -> None:
    from flask import current_app

    for name, doc in docs.items():

        def view() -> str:
            return ""

        view.__doc__ = doc
        current_app.add_url_rule(f"/{name}", name, view)


def plant_unlisted(name: str, reason: str) -> None:
    from flask import current_app

    from app.openapi.contracts import unlisted

    current_app.add_url_rule(f"/{name}", name, unlisted(reason)(lambda: ""))


def plant_guarded(name: str, scope: str) -> None:
    """One view that is open, one that demands a scope, one that demands anybody at all."""
    from flask import current_app

    from app.auth.guards import public, requires

    guards = {"open": public, "scoped": requires(scope), "known": requires()}
    for end, guard in guards.items():
        current_app.add_url_rule(f"/{name}/{end}", f"{name}_{end}", guard(lambda: ""))


def plant_a_contract(name: str, field: str) -> None:
    """``PUT /<name>/<int:number>``, which reads a query and a body, and answers with 202."""
    from flask import current_app
    from marshmallow import Schema, fields

    from app.openapi.contracts import accepts, answers

    schema = Schema.from_dict({field: fields.Integer(required=True)}, name=name)
    query = Schema.from_dict({f"{field}_like": fields.String()}, name="Query")
    view = answers(schema(), 202, errors={409: [name.lower()]})(lambda *sent, **path: sent)
    view = accepts(query(), "query")(accepts(schema())(view))
    current_app.add_url_rule(f"/{name}/<int:number>", name, view, methods=["PUT"])


def routes() -> list[list[str]]:
    """Path and method of every route, and why it is unlisted."""
    from flask import current_app

    from app.openapi.contracts import unlisted_because

    return [
        [rule.rule, method, unlisted_because(rule.endpoint, view)]
        for rule in current_app.url_map.iter_rules()
        for view in [current_app.view_functions[rule.endpoint]]
        for method in rule.methods
    ]


def made_twice() -> list[str]:
    """As text, keys in the order in which they were put there."""
    import json

    from flask import current_app

    from app.openapi.document import make_document

    return [json.dumps(make_document(current_app)) for _ in range(2)]


def made_for_another() -> list[str]:
    import world
    from app.openapi.document import make_document

    return list(make_document(world.new_app())["paths"])


def named_here() -> list[str]:
    """What ``info`` is to say of this app."""
    from flask import current_app

    from app.openapi.info import API_VERSION, TITLE, description_of

    return [TITLE, API_VERSION, description_of(current_app)]


def word() -> str:
    return f"w{secrets.token_hex(4)}"


def read(anonymous):
    answer = anonymous.get("/openapi.json")
    assert answer.status_code == 200, f"the document was answered with {answer.status_code}"
    document = answer.json
    assert isinstance(document, dict), "the document is no object"
    assert isinstance(document.get("paths"), dict), "the document has no paths"
    for path, item in document["paths"].items():
        assert isinstance(item, dict), f"{path} has no methods with their operations"
        for method, operation in item.items():
            assert isinstance(operation, dict), f"{method} {path} is no operation: {operation!r}"
            parameters = operation.get("parameters")
            assert isinstance(parameters, list), f"{method} {path} has no list of parameters"
            assert all(isinstance(one, dict) for one in parameters), f"the parameters of {path}"
            assert isinstance(operation.get("responses"), dict), f"{method} {path} has no responses"
    return document


def operations_of(document):
    return {
        (path, method): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def operation_at(document, path, method="get"):
    operation = document["paths"].get(path, {}).get(method)
    assert operation is not None, f"{method.upper()} {path} is a route, and not in the document"
    return operation


def in_the_document(flask_path):
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", flask_path)


def as_text(pairs):
    return [f"{method.upper()} {path}" for path, method in sorted(pairs)]


def references_in(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from references_in(part)


def target_of(document, reference):
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def test_paths_and_methods_are_those_of_the_app(anonymous, inside):
    document = read(anonymous)
    expected = {
        (in_the_document(path), method.lower())
        for path, method, reason in inside(routes)
        if method.lower() in LISTED and not reason
    }
    got = set(operations_of(document))

    odd = sorted(path for path, _ in got if not re.fullmatch(r"([^{}<>]|\{\w+\})*", path))
    assert odd == [], f"{odd[0]}: of a variable the document has the name, in braces"
    unasked = sorted({method.upper() for _, method in got} - {one.upper() for one in LISTED})
    assert unasked == [], f"{unasked[0]} is among the methods: Flask answers it, no view does"
    missing, beyond = as_text(expected - got), as_text(got - expected)
    assert missing == [], f"{missing[0]} is a route of the app, and not in the document"
    assert beyond == [], f"{beyond[0]} is in the document, but unlisted, or no route at all"


def test_a_route_that_nobody_thought_of_is_there(anonymous, inside):
    start = word()
    cases = {
        "/a/<string:name>/parts/<int:part_id>": ["/a/{name}/parts/{part_id}", "PATCH", "DELETE"],
        "/b/<name>/<any(red, 'blue'):hue>/<path:rest>": ["/b/{name}/{hue}/{rest}", "GET", "PUT"],
        "/c/<int(min=1):year>-<int(fixed_digits=2):month>/": ["/c/{year}-{month}/", "POST"],
    }
    blueprints = {path: [word(), word()] for path in cases}
    for path, (_, *methods) in cases.items():
        inside(plant, [*blueprints[path], word()], [*methods, "TRACE"], f"/{start}{path}")

    operations = operations_of(read(anonymous))
    for path, (listed, *methods) in cases.items():
        place = f"/{start}{listed}"
        got = [one for one in operations if one[0].startswith(f"/{start}{path[:3]}")]
        expected = [f"{method} {place}" for method in sorted(methods)]
        assert as_text(got) == expected, f"/{start}{path} was planted, for {' and '.join(methods)}"
        for one in got:
            assert operations[one].get("tags") == [".".join(blueprints[path])], (
                "the tag is the blueprint's name, as the endpoint has it"
            )


def test_what_is_unlisted_is_left_out_with_its_reason(anonymous, inside):
    name, reason = word(), f"only for {word()}"
    inside(plant_unlisted, name, reason)

    document = read(anonymous)
    assert f"/{name}" not in document["paths"], "an unlisted view is in the document"
    info = document.get("info", {})
    assert f"`/{name}`: {reason}" in info.get("description", ""), (
        "the description of the API says what is left out, and why"
    )
    got = [info.get("title"), info.get("version"), info.get("description")]
    assert got == inside(named_here), "title, version and description of the API"
    assert document.get("openapi") == "3.1.0", "the version of OpenAPI"


def test_no_two_operations_have_the_same_id(anonymous, inside):
    # Before all the app's own, in the order of the document.
    start, name = f"/0{word()}", word()
    bare = [[f"{start}/{place}", name] for place in "cba"]
    # One has a name from the start that /b would be given; one a name that /b was given.
    named = [[f"{start}/aa", f"post_{name}_2"], [f"{start}/e", f"get_{name}"]]
    inside(plant_bare, [*bare, *named])
    inside(plant, ["outer", "inner", name], ["GET"], f"{start}/d")

    document = read(anonymous)
    assert operation_at(document, "/api/v1/books").get("operationId") == "list_books", (
        "the id of books.list_books: no operation before it is called so"
    )
    ids = [str(operation.get("operationId")) for operation in operations_of(document).values()]
    repeated = sorted({one for one in ids if ids.count(one) > 1})
    assert repeated == [], f"more than one operation has the id {repeated[0]}"
    got = {
        f"{method} {path.removeprefix(start)}": operation.get("operationId")
        for (path, method), operation in operations_of(document).items()
        if path.startswith(start)
    }
    assert got == {
        "get /a": name,
        "post /a": f"post_{name}",
        "get /aa": f"post_{name}_2",
        "post /aa": f"post_post_{name}_2",
        "get /b": f"get_{name}",
        "post /b": f"post_{name}_3",
        "get /c": f"get_{name}_2",
        "post /c": f"post_{name}_4",
        "get /d": f"get_outer_inner_{name}",
        "get /e": f"get_get_{name}",
        "post /e": f"post_get_{name}",
    }, f"/a, /b, /c are {name}, /aa is post_{name}_2, /d outer.inner.{name}, /e get_{name}"
    bare = operation_at(document, f"{start}/b")
    assert bare.get("summary") == bare.get("operationId"), "without a docstring, the summary"
    assert "tags" not in bare, "an endpoint without a blueprint has no tags"


def test_the_words_are_those_of_the_docstring(anonymous, inside):
    first, second, third = word(), word(), word()
    docs = {
        "short": f"List {first}.",
        "long": f"List {first}\n    and e.g. {second}.\n\n    For {third}:\n\n    - all.\n    ",
        "indented": f"\n        Count {first}\n        ",
        "silent": None,
    }
    names = {kind: word() for kind in docs}
    inside(plant_documented, {names[kind]: doc for kind, doc in docs.items()})

    document = read(anonymous)
    got = {kind: operation_at(document, f"/{name}") for kind, name in names.items()}
    assert {kind: one.get("summary") for kind, one in got.items()} == {
        "short": f"List {first}",
        "long": f"List {first} and e.g. {second}",
        "indented": f"Count {first}",
        "silent": got["silent"].get("operationId"),
    }, "the summary is the first paragraph, on one line, without its full stop"
    assert {kind: one.get("description") or None for kind, one in got.items()} == {
        "short": None,
        "long": f"For {third}:\n\n- all.",
        "indented": None,
        "silent": None,
    }, "the description is the rest of the docstring"


def test_the_variables_of_a_path_are_parameters(anonymous, inside):
    kinds = {
        "int": {"type": "integer", "minimum": 0},
        "float": {"type": "number", "minimum": 0},
        "uuid": {"type": "string", "format": "uuid"},
        "path": {"type": "string"},
        "string": {"type": "string"},
        "": {"type": "string"},
        "int(min=1, fixed_digits=4)": {"type": "integer", "minimum": 0},
        "float(max=9)": {"type": "number", "minimum": 0},
        "any(red, 'blue')": {"type": "string"},
        "string(length=2)": {"type": "string"},
    }
    names = {f"{word()}_id": kind for kind in kinds}
    place = f"/{word()}"
    variables = [f"<{kind}:{name}>".replace("<:", "<") for name, kind in names.items()]
    inside(plant_bare, [["/".join([place, *variables]), word()]])
    document = read(anonymous)
    (path,) = [one for one in document["paths"] if one.startswith(place)] or [place]

    parameters = operation_at(document, path)["parameters"]
    assert [one.get("name") for one in parameters] == list(names), "the parameters of the path"
    for parameter in parameters:
        name = parameter["name"]
        assert (parameter.get("in"), parameter.get("required")) == ("path", True), (
            f"{name} stands in the path, and no path is without it"
        )
        assert parameter.get("description"), f"{name} has no description"
        kind = names[name] or "not given"
        told = "; what stands in its brackets is not told" if "(" in kind else ""
        assert parameter.get("schema") == kinds[names[name]], (
            f"the schema of a variable, where Flask's converter is {kind}{told}"
        )


def test_security_is_what_the_view_demands(anonymous, inside):
    name, scope = word(), secrets.choice(["books:write", "loans:read", "users:write"])
    inside(plant_guarded, name, scope)

    document = read(anonymous)
    schemes = ["bearer", "oauth2", "api_key", "basic"]
    defined = document.get("components", {}).get("securitySchemes", {})
    every = sorted([*schemes, "client", "operator"])
    assert sorted(defined) == every, "the schemes among the components"
    opened, scoped, known = (
        operation_at(document, f"/{name}/{end}").get("security")
        for end in ("open", "scoped", "known")
    )
    assert opened == [], "a public view needs nothing, and an empty list says so"
    assert scoped == [{scheme: [scope]} for scheme in schemes], f"a view that requires {scope}"
    assert known == [{scheme: []} for scheme in [*schemes, "operator"]], (
        "a view that requires valid credentials and nothing more"
    )


def test_what_the_contract_knows_is_said(anonymous, inside):
    name, field = word().upper(), word()
    inside(plant_a_contract, name, field)

    document = read(anonymous)
    operation = operation_at(document, f"/{name}/{{number}}", "put")
    got = [[one.get("in"), one.get("name")] for one in operation["parameters"]]
    assert got == [["path", "number"], ["query", f"{field}_like"]], (
        "the parameters of the path, then those of the query string"
    )
    assert sorted(operation["responses"]) == sorted(
        ["202", "400", "401", "404", "409", "413", "415", "422"]
    ), "what may be answered: 202 by @answers, 409 by its errors, the rest by what is read"
    sent = str(operation.get("requestBody"))
    assert f"#/components/schemas/{name}Input" in sent, "the body that @accepts reads"
    made = target_of(document, f"#/components/schemas/{name}Input") or {}
    assert list(made.get("properties", {})) == [field], "the schema of the body"
    lost = sorted({one for one in references_in(document) if target_of(document, one) is None})
    assert lost == [], "references that lead nowhere: the components have to hold them"


def test_it_is_made_anew_and_the_same_each_time(inside):
    name = word()
    inside(plant_bare, [[f"/{name}", name]])

    first, second = inside(made_twice)
    assert first == second, "make_document(app) twice, and two different documents"
    paths = json.loads(first).get("paths", {})
    assert list(paths) == sorted(paths), "the paths are sorted"
    unsorted = [path for path, item in paths.items() if list(item) != sorted(item)]
    assert unsorted == [], "paths whose methods are not sorted"
    assert f"/{name}" in paths, f"GET /{name} is a route, and not in the document"
    assert f"/{name}" not in inside(made_for_another), (
        "the document of another app has a route of the first one"
    )
