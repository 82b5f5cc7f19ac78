"""Models, relationships, transactions, SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from checker.audit.hits import Hit, Severity
from checker.audit.model import rule
from checker.audit.project import MIGRATION, Project
from checker.audit.source import PyFile, has_keyword, keyword, text_of, value_of, words_in

SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\b"
    r"|CREATE\s+(TABLE|INDEX)\s|DROP\s+(TABLE|INDEX)\s|ALTER\s+TABLE\s)",
    re.IGNORECASE,
)
EXECUTES = {"execute", "executemany", "executescript", "scalar", "scalars"}
TEXT = re.compile(r"^sqlalchemy\.(\w+\.)*text$|(^|\.)(db|sa)\.text$")
DATABASE = {"flask_sqlalchemy", "sqlalchemy"}


def _models(project: Project) -> set[str]:
    """Names of classes that are mapped: they derive from ``db.Model``, or from one that does."""
    bases = {
        node.name: {file.qual(base).rpartition(".")[2] for base in node.bases}
        for file in project.app_files
        for node in file.all(ast.ClassDef)
    }
    found = {"Model", "DeclarativeBase"} if project.imported & DATABASE else set()
    while True:
        more = {name for name, of in bases.items() if of & found} - found
        if not more:
            return found - {"Model", "DeclarativeBase"}
        found |= more


def _column_calls(file: PyFile, node: ast.ClassDef, name: str) -> Iterator[ast.Call]:
    for line in node.body:
        value = line.value if isinstance(line, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call) and file.qual(value.func).rpartition(".")[2] == name:
            yield value


@rule(
    "BSS201",
    "legacy-query",
    "warning",
    "2.2a",
    what="Queries are written in the style of SQLAlchemy 2.0.",
    why="Model.query and session.query are legacy: a type checker sees nothing through them, and "
    "they have no way to the newer loading and async interfaces.",
    repair="Use select() and the session.",
    example="""
user = db.session.scalar(select(User).where(User.email == email))
""",
)
def legacy_query(project: Project) -> Iterator[Hit]:
    models = _models(project)
    for file in project.app_files:
        seen: set[int] = set()
        for node in file.all(ast.Attribute):
            if node.attr != "query" or node.lineno in seen:
                continue
            owner = file.qual(node.value)
            called = isinstance(file.parent(node), ast.Call) and node is getattr(
                file.parent(node), "func", None
            )
            if called and owner.endswith("db.session") and project.imported & DATABASE:
                seen.add(node.lineno)
                yield file.hit(node, "session.query() is the legacy style")
            elif not called and owner.rpartition(".")[2] in models:
                seen.add(node.lineno)
                yield file.hit(node, f"{owner.rpartition('.')[2]}.query is the legacy style")


@rule(
    "BSS202",
    "untyped-column",
    "warning",
    "2.2b",
    what="A model's columns are typed with Mapped[] and mapped_column().",
    why="The annotation is where nullability and type are said once, for the database and for "
    "the type checker; Column() in a class tells neither.",
    repair="Annotate the attribute, and use mapped_column() for what the type does not say.",
    example="""
class Book(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    year: Mapped[int | None]
""",
)
def untyped_column(project: Project) -> Iterator[Hit]:
    if not project.imported & DATABASE:
        return
    for file in project.app_files:
        for node in file.all(ast.ClassDef):
            calls = list(_column_calls(file, node, "Column"))
            if calls:
                more = f" and {len(calls) - 1} more" if len(calls) > 1 else ""
                yield file.hit(calls[0], f"{node.name} has a column{more} without Mapped[]")


@rule(
    "BSS203",
    "commit-in-view",
    "warning",
    "2.4a 2.4b",
    what="A service decides when to commit; a view never does.",
    why="A view that commits cannot be composed, nor tested with a rollback, and half of what a "
    "service does is saved when the other half fails.",
    repair="Move the change and its commit into a service, and call that.",
    example="""
@loans.post("")
def lend() -> dict[str, object]:
    return schema.dump(service.lend(**schema.load(request.get_json())))
""",
)
def commit_in_view(project: Project) -> Iterator[Hit]:
    for view in project.views:
        for call in ast.walk(view.function):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "commit"
                and re.search(r"(^|\.)(session|db)$", view.file.qual(call.func.value))
                and not view.file.qual(call.func.value).startswith("flask.")
            ):
                yield view.file.hit(call, f"the view {view.function.name} commits")
                break


def _relationships(project: Project) -> Iterator[tuple[PyFile, ast.Call]]:
    if not project.imported & DATABASE:
        return
    for file in project.app_files:
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            if name == "sqlalchemy.orm.relationship" or (
                name.endswith("db.relationship") and "." in name
            ):
                yield file, call


@rule(
    "BSS204",
    "relationship-without-back-populates",
    "warning",
    "2.3b",
    what="Both ends of a relationship name each other with back_populates.",
    why="Two ends that do not know each other disagree until the next load, and each writes the "
    "same foreign key.",
    repair="Write the relationship at both ends.",
    example="""
books: Mapped[list[Book]] = relationship(back_populates="author")   # in Author
author: Mapped[Author] = relationship(back_populates="books")       # in Book
""",
)
def without_back_populates(project: Project) -> Iterator[Hit]:
    found = list(_relationships(project))
    ends = {
        (owner.name, target)
        for file, call in found
        if (owner := file.class_of(call)) is not None
        and not has_keyword(call, "backref")  # that makes an end of its own
        for target in _targets(file, call)
    }
    for file, call in found:
        if has_keyword(call, "back_populates") or value_of(keyword(call, "viewonly")) is True:
            continue
        owner = file.class_of(call)
        other = owner is not None and any(
            (target, owner.name) in ends for target in _targets(file, call)
        )
        if not other and not has_keyword(call, "backref"):
            yield file.hit(call, "the relationship has no other end", "note")
        elif has_keyword(call, "backref"):
            yield file.hit(call, "backref hides the other end; back_populates shows it", "note")
        else:
            yield file.hit(call, "the relationship does not name its other end")


def _targets(file: PyFile, call: ast.Call) -> set[str]:
    """The names that may be of the class at the other end."""
    words = words_in(call.args[0]) if call.args else set[str]()
    parent = file.parent(call)
    if isinstance(parent, ast.AnnAssign):
        words |= words_in(parent.annotation)
    return {name for word in words for name in re.findall(r"\w+", word)}


@rule(
    "BSS205",
    "lazy-by-default",
    "note",
    "2.3a",
    what="How a relationship is loaded is a decision.",
    why="By default each object of a list loads its own: one statement becomes N + 1. (In "
    "practice the query decides, with selectinload; then say so by raise or by an exception.)",
    repair='Set lazy="selectin" on what is always shown, lazy="raise" on what never is; dynamic '
    "is legacy, WriteOnlyMapped is its successor.",
    example="""
copies: Mapped[list[Copy]] = relationship(back_populates="book", lazy="selectin")
""",
)
def lazy_by_default(project: Project) -> Iterator[Hit]:
    told: set[tuple[str, ast.ClassDef | None]] = set()
    for file, call in _relationships(project):
        if text_of(keyword(call, "lazy")) == "dynamic":
            yield file.hit(call, 'lazy="dynamic" is legacy: each access is a statement', "warning")
        elif not has_keyword(call, "lazy"):
            owner = file.class_of(call)
            if (file.name, owner) not in told:
                told.add((file.name, owner))
                name = owner.name if owner else "the class"
                yield file.hit(call, f"relationships of {name} load lazily, by default")


@rule(
    "BSS206",
    "cascade-not-said",
    "note",
    "2.3c",
    what="What happens to the many when the one goes is written out.",
    why="Without a word SQLAlchemy sets the foreign keys of the children to NULL: an error where "
    "they must not be, orphans where they may.",
    repair="Write cascade, and ondelete at the foreign key, also where the default is meant.",
    example="""
copies: Mapped[list[Copy]] = relationship(back_populates="book", cascade="save-update, merge")
""",
)
def cascade_not_said(project: Project) -> Iterator[Hit]:
    for file, call in _relationships(project):
        parent = file.parent(call)
        if not isinstance(parent, ast.AnnAssign):
            continue
        kinds = words_in(parent.annotation)
        many = kinds & {"list", "List", "set", "Set", "WriteOnlyMapped"} or any(
            "list[" in word for word in kinds
        )
        if (
            many
            and not has_keyword(call, "cascade", "secondary")
            and value_of(keyword(call, "viewonly")) is not True
        ):
            yield file.hit(call, "the cascade of a collection is not written out")


@rule(
    "BSS207",
    "create-all-outside-tests",
    "warning",
    "2.5d 7.3a",
    what="Tables are made by migrations.",
    why="create_all() makes what is missing and never changes what is there: beside migrations "
    "the two disagree, and at the start of several workers they race.",
    repair="Make a migration and run flask db upgrade when deploying; keep create_all for tests.",
    example="$ flask db migrate -m 'loans' && flask db upgrade\n",
)
def create_all(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            if re.search(r"(^|\.)(db|metadata)\.create_all$", name):
                if file.for_development(call) or file.guarded(call):
                    continue
                function = file.function_of(call)
                if function is not None and (
                    "stamp" in words_in(function)  # and tells alembic that all is there
                    or any("command" in words_in(node) for node in function.decorator_list)
                ):
                    continue
                yield file.hit(call, "tables are made with create_all()")


@rule(
    "BSS208",
    "no-migrations",
    "warning",
    "2.5d 7.3a",
    what="Every change of the schema is a migration.",
    why="Without them nobody can bring a database with data in it from one release to the next.",
    repair="Add Flask-Migrate, then: flask db init, flask db migrate.",
    example="""
migrate = Migrate()
migrate.init_app(app, db)
""",
)
def no_migrations(project: Project) -> Iterator[Hit]:
    if not (project.is_app and _models(project)):
        return
    there = any(MIGRATION.search(name) or name.endswith("alembic.ini") for name in project.names)
    if not there and not project.imported & {"alembic", "flask_alembic"}:
        yield Hit(*project.place, "there are models, and no migrations")


@rule(
    "BSS209",
    "sql-from-pieces",
    "error",
    "2.5a 1.5b",
    what="Values reach SQL as parameters only.",
    why="Whoever chooses a value that is pasted into the statement chooses the statement.",
    repair="Use select(), or text() with :names and a dictionary of values.",
    example="""
db.session.execute(text("SELECT id FROM users WHERE email = :email"), {"email": email})
""",
)
def sql_from_pieces(project: Project) -> Iterator[Hit]:
    for file in project.app_files:
        for call in file.all(ast.Call):
            name = file.qual(call.func)
            verb = call.func.attr if isinstance(call.func, ast.Attribute) else name
            if not call.args or not (verb in EXECUTES or TEXT.search(name)):
                continue
            statement = call.args[0]
            if isinstance(statement, ast.Name):
                statement = file.assigned(call, statement.id) or statement
            if TEXT.search(name) and file.of_request(statement) and not _pieces(statement):
                yield file.hit(call, "SQL is whatever the request says")
            # Each name once, however often it is put in
            once = {getattr(each, "id", each): each for each in _pieces(statement)}
            pieces = list(once.values())
            open_ones = [piece for piece in pieces if not _harmless(file, call, piece)]
            if open_ones:
                yield file.hit(
                    call, "SQL is put together from pieces", _how_bad(file, call, open_ones)
                )


def _pieces(statement: ast.expr) -> list[ast.expr]:
    """What is put into a text of SQL, by any of Python's ways."""
    if isinstance(statement, ast.JoinedStr):
        first = text_of(statement.values[0]) if statement.values else None
        if first and SQL.match(first):
            return [part.value for part in statement.values if isinstance(part, ast.FormattedValue)]
    elif isinstance(statement, ast.BinOp):
        leftmost: ast.expr = statement
        pieces = []
        while isinstance(leftmost, ast.BinOp):
            pieces.append(leftmost.right)
            leftmost = leftmost.left
        if SQL.match(text_of(leftmost) or ""):
            return [
                inner
                for piece in pieces
                for inner in (piece.elts if isinstance(piece, ast.Tuple) else [piece])
                if not isinstance(inner, ast.Constant)
            ]
    elif (
        isinstance(statement, ast.Call)
        and isinstance(statement.func, ast.Attribute)
        and statement.func.attr == "format"
        and SQL.match(text_of(statement.func.value) or "")
    ):
        return [*statement.args, *(given.value for given in statement.keywords)]
    return []


def _harmless(file: PyFile, place: ast.AST, piece: ast.expr) -> bool:
    """Constants by their name, places for parameters, numbers."""
    if isinstance(piece, ast.Constant) or file.qual(piece).rpartition(".")[2].isupper():
        return True
    if isinstance(piece, ast.Call) and file.qual(piece.func) in {"int", "len", "float"}:
        return True
    if isinstance(piece, ast.Name):
        value = file.assigned(place, piece.id)
        return (
            "placeholder" in piece.id
            or (value is not None and _harmless(file, place, value))
            or _goes_through_constants(file, place, piece.id)
        )
    marks = {text_of(inner) for inner in ast.walk(piece) if isinstance(inner, ast.Constant)}
    return bool(marks & {"?", "%s", "?,", "%s,"})


def _goes_through_constants(file: PyFile, place: ast.AST, name: str) -> bool:
    """Whether a name is that of a loop over what is written out, or a constant by its name."""
    loops = [
        node.iter
        for node in ast.walk(file.function_of(place) or file.tree)
        if isinstance(node, (ast.For, ast.comprehension))
        and isinstance(node.target, ast.Name)
        and node.target.id == name
    ]
    return bool(loops) and all(
        file.qual(over).rpartition(".")[2].isupper()
        or (
            isinstance(over, (ast.Tuple, ast.List, ast.Set))
            and all(isinstance(item, ast.Constant) for item in over.elts)
        )
        for over in loops
    )


def _how_bad(file: PyFile, place: ast.AST, pieces: list[ast.expr]) -> Severity:
    function = file.function_of(place)
    given = {argument.arg for argument in function.args.args} if function else set[str]()
    from_outside = any(words_in(piece) & (given | {"request"}) for piece in pieces)
    by_request = any(
        isinstance(piece, ast.Name)
        and (value := file.assigned(place, piece.id)) is not None
        and "request" in words_in(value)
        for piece in pieces
    )
    return "error" if from_outside or by_request else "warning"
