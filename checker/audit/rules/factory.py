"""The factory, its extensions and blueprints."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from checker.audit.hits import Hit
from checker.audit.model import rule
from checker.audit.project import Project
from checker.audit.source import PyFile, has_keyword, keyword, names_in, text_of

EXTENSIONS = {
    "flask_bcrypt.Bcrypt", "flask_caching.Cache", "flask_jwt_extended.JWTManager",
    "flask_limiter.Limiter", "flask_login.LoginManager", "flask_mail.Mail",
    "flask_marshmallow.Marshmallow", "flask_migrate.Migrate", "flask_socketio.SocketIO",
    "flask_sqlalchemy.SQLAlchemy", "flask_wtf.CSRFProtect", "flask_wtf.csrf.CSRFProtect",
}  # fmt: skip
FLASK = ("flask.Flask", "flask.app.Flask")
AT_ROOT = re.compile(
    r"main|index|root|page|home|site|health|public|front|web|core|static", re.IGNORECASE
)
RUNNERS = re.compile(r"(^|/)(wsgi|asgi|main|run|manage|serve|server|__main__)\.py$")


def _in_factory(file: PyFile, node: ast.AST) -> bool:
    function = file.function_of(node)
    return function is not None and any(
        file.function_of(call) is function for call in file.calls_of(*FLASK)
    )


@rule(
    "BSS101",
    "app-made-at-import",
    "error",
    "1.1a 1.1b 8.2a",
    what="The application is made by a factory, not when a module is imported.",
    why="An app that exists at import has one configuration for everybody: no test can build a "
    "second one, and importing any part of it connects, reads the environment, or fails.",
    repair="Move the set-up into create_app(config_name), and build the app in wsgi.py.",
    example="""
def create_app(config_name: str) -> Flask:
    app = Flask(__name__)
    app.config.from_object(get_config(config_name))
    return app
""",
)
def app_made_at_import(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of(*FLASK):
            if file.at_import(call):
                yield file.hit(call, "a Flask app is made when this module is imported")


@rule(
    "BSS102",
    "factory-called-at-import",
    "warning",
    "1.1b",
    what="The module that defines the factory does not call it.",
    why="Whoever imports the factory, a test for instance, has already built an app with the "
    "settings of whatever machine it is.",
    repair="Call the factory in a module of its own, such as wsgi.py, that nothing imports.",
    example="""
# wsgi.py
app = create_app(os.environ["APP_ENV"])
""",
)
def factory_called_at_import(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        factories = {
            function.name
            for call in file.calls_of(*FLASK)
            if (function := file.function_of(call)) is not None
        }
        if RUNNERS.search(file.name):
            continue
        for call in file.all(ast.Call):
            if (
                isinstance(call.func, ast.Name)
                and call.func.id in factories
                and file.at_import(call)
            ):
                yield file.hit(call, f"{call.func.id}() is called when its module is imported")


@rule(
    "BSS103",
    "blueprint-without-prefix",
    "note",
    "1.1d",
    what="Each domain's blueprint lives under a URL prefix of its own.",
    why="Without one its paths may collide with those of another, and no rule, log or limit can "
    "speak of the domain as a whole.",
    repair="Give url_prefix where the blueprint is made, or where it is registered.",
    example="""
app.register_blueprint(loans, url_prefix="/api/v1/loans")
""",
)
def blueprint_without_prefix(project: Project) -> Iterator[Hit]:
    made: dict[str, list[tuple[PyFile, ast.Call]]] = defaultdict(list)
    for file in project.app_files:
        for call in file.calls_of("flask.Blueprint", "flask.blueprints.Blueprint"):
            parent = file.parent(call)
            if isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name):
                made[parent.targets[0].id].append((file, call))
    registered: dict[str, list[ast.Call]] = defaultdict(list)
    for file in project.app_files:
        for call in file.all(ast.Call):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "register_blueprint":
                name = file.qual(call.args[0]).rpartition(".")[2] if call.args else ""
                registered[name].append(call)
    if sum(map(len, made.values())) < 2:
        return  # with one domain there is nothing to tell apart
    for name, places in made.items():
        routes = [
            view
            for view in project.views
            if f"{name}.route" in view.decorators
            or any(decorator.rpartition(".")[0].endswith(name) for decorator in view.decorators)
        ]
        if len(routes) == 1:
            continue  # such as /metrics: one path cannot be told from its own prefix
        bare = [
            (file, call)
            for file, call in places
            if not has_keyword(call, "url_prefix")
            and not AT_ROOT.search(text_of(call.args[0]) or "" if call.args else "")
        ]
        unprefixed = registered[name] and not any(
            has_keyword(call, "url_prefix") for call in registered[name]
        )
        if len(places) == 1 and unprefixed:
            for file, call in bare:
                yield file.hit(call, f"the blueprint {name} has no URL prefix")


@rule(
    "BSS104",
    "extension-made-in-view",
    "error",
    "1.2a 1.2c",
    what="An extension is made once, not in each request.",
    why="A pool of connections, a counter or a cache that is made anew each time holds nothing, "
    "and costs the connection every time.",
    repair="Make it at the top of extensions.py, and bind it with init_app in the factory.",
    example="""
# extensions.py
limiter = Limiter(key_func=get_remote_address)
""",
)
def extension_made_in_view(project: Project) -> Iterator[Hit]:
    views = {view.function for view in project.views}
    for file in project.app_files:
        for call in file.calls_of(*EXTENSIONS):
            if file.function_of(call) in views:
                name = file.qual(call.func).rpartition(".")[2]
                yield file.hit(call, f"{name} is made anew in each request")


@rule(
    "BSS105",
    "extension-bound-at-import",
    "warning",
    "1.2b 1.2c",
    what="Extensions meet the app in the factory, by init_app.",
    why="Extension(app) at import ties it to one app: two apps cannot run side by side, and the "
    "module can only be imported once the app is complete.",
    repair="Make the extension without an app, and call init_app in the factory.",
    example="""
db = SQLAlchemy()

def create_app(config_name: str) -> Flask:
    app = Flask(__name__)
    db.init_app(app)
    return app
""",
)
def extension_bound_at_import(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.calls_of(*EXTENSIONS):
            given = call.args[0] if call.args else keyword(call, "app")
            bound = isinstance(given, ast.Name) and given.id in {"app", "application"}
            if bound and file.at_import(call):
                name = file.qual(call.func).rpartition(".")[2]
                yield file.hit(call, f"{name} is bound to an app when the module is imported")


@rule(
    "BSS106",
    "extensions-scattered",
    "note",
    "1.2a 8.2a",
    what="All extension objects are in one module.",
    why="Extensions made all over import each other's homes, and sooner or later in a circle.",
    repair="Move them to extensions.py; everybody imports from there.",
    example="from app.extensions import db\n",
)
def extensions_scattered(project: Project) -> Iterator[Hit]:
    homes = []
    for file in project.app_files:
        made = [call for call in file.calls_of(*EXTENSIONS) if file.at_import(call)]
        if made:
            homes.append((file, made))
    if len(homes) < 2:
        return
    main = max(homes, key=lambda home: ("extensions" in home[0].name, len(home[1])))
    for file, made in homes:
        if file is not main[0]:
            name = file.qual(made[0].func).rpartition(".")[2]
            yield file.hit(made[0], f"{name} is made here, other extensions in {main[0].name}")


HANDLERS = re.compile(r"errorhandler|register_error_handler|error_handler")
HANDLING = {
    "apiflask",
    "connexion",
    "flask_openapi3",
    "flask_restful",
    "flask_restx",
    "flask_smorest",
}


@rule(
    "BSS115",
    "errors-in-html",
    "warning",
    "1.7c",
    what="Every error of an API has the API's own shape.",
    why="Flask's own 404, 405 and 500 are HTML pages: a client that parses JSON fails on them "
    "with an error about something else.",
    repair="Register a handler for HTTPException, and one for Exception, that answer in JSON.",
    example="""
@app.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    response = error.get_response()  # keeps headers such as Allow
    response.data = json.dumps({"code": ..., "message": error.description, "details": []})
    response.content_type = "application/json"
    return response
""",
)
def errors_in_html(project: Project) -> Iterator[Hit]:
    if not (project.is_app and project.is_api) or project.imported & HANDLING:
        return
    if not any(HANDLERS.search(file.text) for file in project.app_files):
        yield Hit(*project.place, "no error handler is registered: errors are HTML pages")


@rule(
    "BSS116",
    "error-text-leaked",
    "warning",
    "1.7c 3.7d",
    what="An unforeseen error says nothing of the inside to the client.",
    why="The text of an exception holds SQL, paths, addresses, sometimes a password.",
    repair="Log the exception, and answer with a fixed sentence.",
    example="""
@app.errorhandler(Exception)
def failed(error: Exception) -> tuple[dict[str, object], int]:
    current_app.logger.exception("unforeseen")
    return {"code": "internal_error", "message": "something went wrong", "details": []}, 500
""",
)
def error_text_leaked(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        registered = {
            call.args[1].id
            for call in file.all(ast.Call)
            if isinstance(call.func, ast.Attribute)
            and call.func.attr == "register_error_handler"
            and len(call.args) > 1
            and isinstance(call.args[1], ast.Name)
            and (file.qual(call.args[0]) or ast.dump(call.args[0])) in ERRORS
        }
        for function in file.functions():
            handled = {
                file.qual(decorator.args[0]) or ast.dump(decorator.args[0])
                for decorator in function.decorator_list
                if isinstance(decorator, ast.Call)
                and isinstance(decorator.func, ast.Attribute)
                and decorator.func.attr in {"errorhandler", "app_errorhandler"}
                and decorator.args
            }
            if not handled & ERRORS and function.name not in registered:
                continue
            error = function.args.args[0].arg if function.args.args else ""
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                told = file.qual(call.func)
                inner = call.args[0] if call.args else None
                shown = (
                    told in {"str", "repr"} and isinstance(inner, ast.Name) and inner.id == error
                )
                if (shown or told == "traceback.format_exc") and _returned(file, call):
                    yield file.hit(call, "the text of an unforeseen error is sent to the client")
    told_at: set[tuple[str, int]] = set()
    for view in project.views:
        for caught in (n for n in ast.walk(view.function) if isinstance(n, ast.ExceptHandler)):
            if caught.type is not None and view.file.qual(caught.type) not in UNFORESEEN:
                continue
            for call in (node for node in ast.walk(caught) if isinstance(node, ast.Call)):
                told = view.file.qual(call.func)
                of_error = told in {"str", "repr"} and caught.name in names_in(call)
                place = view.file.name, call.lineno
                if place in told_at:
                    continue  # str(error).splitlines() if str(error) else ...
                if (of_error or told == "traceback.format_exc") and _returned(view.file, call):
                    told_at.add(place)
                    yield view.file.hit(
                        call, "the text of an unforeseen error is sent to the client"
                    )


UNFORESEEN = {"Exception", "BaseException"}
ERRORS = {*UNFORESEEN, "Constant(value=500)"}


def _returned(file: PyFile, node: ast.AST) -> bool:
    return any(isinstance(outer, ast.Return) for outer in file.above(node))
