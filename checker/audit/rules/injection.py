"""Ways in which input becomes code, or a place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import PyFile, keyword, pairs_of, text_of, value_of, words_in


def _built(node: ast.AST) -> bool:
    """Whether a text is put together from parts."""
    return (
        (
            isinstance(node, ast.JoinedStr)
            and any(isinstance(part, ast.FormattedValue) for part in node.values)
        )
        or isinstance(node, ast.BinOp)
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "format"
        )
    )


@rule(
    "BSS330",
    "unsafe-load",
    "error",
    "1.5b",
    what="Data from elsewhere is read as data.",
    why="pickle and yaml.load without a safe loader run what the data say.",
    repair="Use JSON and a schema; of YAML, yaml.safe_load.",
    example="settings = yaml.safe_load(text)\n",
)
def unsafe_load(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("yaml.load", "yaml.load_all"):
            loader = keyword(call, "Loader") or (call.args[1] if len(call.args) > 1 else None)
            safe = loader is not None and any(
                "Safe" in word or "Base" in word for word in words_in(loader)
            )
            if not safe:
                yield file.hit(call, "YAML is loaded with a loader that makes any object")
        for call in file.calls_of(
            "yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load", "yaml.full_load_all"
        ):
            yield file.hit(call, "YAML is loaded with a loader that makes any object")
        for call in file.calls_of(
            "pickle.load",
            "pickle.loads",
            "cPickle.loads",
            "dill.loads",
            "marshal.loads",
            "shelve.open",
        ):
            if file.qual(call.func) == "shelve.open":
                continue
            severity: Severity = "error" if file.of_request(call) else "warning"
            yield file.hit(call, f"{file.qual(call.func)} runs what the data say", severity)


@rule(
    "BSS331",
    "eval",
    "error",
    "1.5b",
    what="Nothing that was put together at run time is run.",
    why="eval and exec do whatever the text says, with all that the app may.",
    repair="Use a mapping of names to functions; for literals, ast.literal_eval or JSON.",
    example="operation = OPERATIONS[name]\n",
)
def evaluated(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            if (
                isinstance(call.func, ast.Name)
                and call.func.id in {"eval", "exec"}
                and call.args
                and not isinstance(call.args[0], ast.Constant)
                and not file.is_imported(call.func.id)
            ):
                severity: Severity = "error" if call.func.id == "eval" else "warning"
                if file.of_request(call):
                    severity = "error"
                elif _compiled(file, call.args[0]):
                    severity = "note"  # a file of the project's own, as flask shell does
                yield file.hit(call, f"{call.func.id}() runs a text", severity)


def _compiled(file: PyFile, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and file.qual(node.func) == "compile"


@rule(
    "BSS332",
    "shell-from-pieces",
    "error",
    "1.5b",
    what="Commands are lists of arguments.",
    why="In a text for the shell a value with a ; is a second command.",
    repair="Give a list, and no shell=True.",
    example='subprocess.run(["convert", source, target], check=True, timeout=30)\n',
)
def shell(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            with_shell = name.startswith("subprocess.") and value_of(keyword(call, "shell")) is True
            if (
                (with_shell or name in BY_SHELL)
                and call.args
                and (_built(call.args[0]) or file.of_request(call.args[0]))
            ):
                yield file.hit(call, "a command for the shell is put together from pieces")


BY_SHELL = {
    "asyncio.create_subprocess_shell",
    "os.popen",
    "os.system",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
}


@rule(
    "BSS333",
    "template-from-input",
    "error",
    "1.5b",
    what="Templates are files; input goes in as variables.",
    why="What is pasted into a template's source is run by Jinja, {{ config }} for instance.",
    repair="Pass the value to the template by name.",
    example="""
return render_template("hello.html", name=name)
""",
)
def template_from_input(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("flask.render_template_string"):
            if call.args and (_built(call.args[0]) or file.of_request(call.args[0])):
                yield file.hit(call, "a template's source is put together from input")
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            makes = name == "jinja2.Template" or (
                isinstance(call.func, ast.Attribute) and call.func.attr == "from_string"
            )
            if makes and call.args and file.of_request(call.args[0]):
                yield file.hit(call, "a template's source is what the request says")


@rule(
    "BSS334",
    "open-redirect",
    "warning",
    "1.5b",
    what="A redirect leads to a place of your own.",
    why="A link to your login that ends on another site's copy of it takes passwords.",
    repair="Accept paths only, or names from a list.",
    example="""
target = request.args.get("next", "")
return redirect(target if target in ALLOWED else url_for("index"))
""",
)
def open_redirect(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of("flask.redirect"):
            target = call.args[0] if call.args else keyword(call, "location")
            parts = target.values if isinstance(target, ast.BoolOp) else [target]
            for part in parts:
                values = _unchecked(file, call, part.id) if isinstance(part, ast.Name) else [part]
                if any(value is not None and _asked_for(file, value) for value in values):
                    yield file.hit(call, "the redirect goes wherever the request says")
                    break


def _asked_for(file: PyFile, value: ast.expr) -> bool:
    return (isinstance(value, ast.Call) and file.qual(value.func) in REQUESTED) or (
        isinstance(value, ast.Subscript) and file.qual(value.value) in SUBSCRIPTED
    )


def _unchecked(file: PyFile, place: ast.AST, name: str) -> list[ast.expr]:
    """What a function gives a name, unless it looks at that for more than being there."""
    values: list[ast.expr] = []
    for node in ast.walk(file.function_of(place) or ast.Module([], [])):
        values += [
            value
            for target, value in pairs_of(node)
            if isinstance(target, ast.Name) and target.id == name
        ]
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            outer = file.parent(node)
            call = file.parent(outer) if isinstance(outer, ast.keyword) else outer
            goes_on = isinstance(call, ast.Call) and file.qual(call.func) in PASSES_ON
            is_there = isinstance(outer, (ast.If, ast.BoolOp)) or (
                isinstance(outer, ast.UnaryOp) and isinstance(outer.op, ast.Not)
            )
            if not (goes_on or is_there):
                return []
    return values


PASSES_ON = {"flask.redirect", "flask.render_template", "flask.url_for"}
REQUESTED = {f"flask.request.{name}.get" for name in ("args", "form", "values")}
SUBSCRIPTED = {f"flask.request.{name}" for name in ("args", "form", "values")}


@rule(
    "BSS335",
    "body-not-validated",
    "warning",
    "1.5a 1.5b",
    what="A body is loaded through a schema before anything is taken out of it.",
    why='request.json["name"] is a 500 when name is missing, and any type when it is there.',
    repair="Load the body with a schema, and answer 422 with what it says.",
    example="values = LoanSchema().load(request.get_json())\n",
)
def body_not_validated(project: Project) -> Iterator[Hit]:
    for view in project.views:
        file = view.file
        there: list[ast.Subscript] = []
        for node in ast.walk(view.function):
            if not (isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)):
                continue
            value = node.value
            direct = file.qual(value) == "flask.request.json" or (
                isinstance(value, ast.Call) and file.qual(value.func) == "flask.request.get_json"
            )
            if direct:
                if not _is_there(file, node):
                    message = "a field is taken out of a body that nothing has validated"
                    yield file.hit(node, message)
                    break
                there.append(node)
        else:
            for node in there[:1]:  # no 500 where it is missing
                yield file.hit(node, "the field is there, and may be of any type", "note")


def _is_there(file: PyFile, node: ast.Subscript) -> bool:
    """Whether somebody asked before: ``if "name" in request.json``, ``except KeyError``."""
    for inner, outer in pairwise([node, *file.above(node)]):
        if isinstance(outer, (ast.If, ast.IfExp)):
            words = words_in(outer.test)
            asked = text_of(node.slice) in words and words & {"json", "get_json"}
            if asked and inner in (outer.body if isinstance(outer, ast.If) else [outer.body]):
                return True
        if isinstance(outer, ast.Try) and inner in outer.body:
            kinds = {word for each in outer.handlers if each.type for word in words_in(each.type)}
            if kinds & {"KeyError", "LookupError", "Exception"}:
                return True
    return False
