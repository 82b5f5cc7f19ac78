"""Exercise 2.1: Book is a typed model, of attributes and relationships only."""

import ast
import secrets

BOOKS = "/api/v1/books"
COLUMNS = {
    "id": ["int"],
    "title": ["str"],
    "isbn13": ["str"],
    "published_year": ["None", "int"],
    "version": ["int"],
}


def annotations() -> dict[str, list[str]]:
    """What each attribute of Book is ``Mapped[…]`` to, as sorted names; ``[]`` without Mapped."""
    import inspect
    import sys
    from types import SimpleNamespace
    from typing import get_args, get_origin, get_type_hints

    from sqlalchemy.orm import Mapped

    from app.models import Book

    def names(cls: type, annotation: object) -> list[str]:
        one = SimpleNamespace(__annotations__={"it": annotation})
        try:
            hint = get_type_hints(one, globalns=vars(sys.modules[cls.__module__]))["it"]
        except NameError:  # a class that is imported for the type checker only
            return ["Mapped"] if "Mapped[" in str(annotation) else []
        if get_origin(hint) is not Mapped:
            return []
        (inner,) = get_args(hint)
        members = (get_origin(inner) is not list and get_args(inner)) or [inner]
        said = [getattr(member, "__name__", str(member)) for member in members]
        return sorted(name.replace("NoneType", "None") for name in said)

    mine = [cls for cls in Book.__mro__ if cls.__module__.split(".")[0] == "app"]
    return {
        name: names(cls, annotation)
        for cls in reversed(mine)
        for name, annotation in inspect.get_annotations(cls).items()
    }


def legacy_doors() -> list[str]:
    from app.models import Book

    return [name for name in ("query", "query_class") if hasattr(Book, name)]


def own_functions() -> list[str]:
    """What Book, or a class of the app that it inherits from, can do by itself."""
    import inspect
    from functools import cached_property

    from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property

    from app.models import Book

    kinds = (
        classmethod,
        staticmethod,
        property,
        cached_property,
        hybrid_method,
        hybrid_property,
    )
    return sorted(
        name
        for cls in Book.__mro__
        if cls.__module__.split(".")[0] == "app"
        for name, value in vars(cls).items()
        if (inspect.isfunction(value) or isinstance(value, kinds)) and not name.startswith("__")
    )


def columns() -> dict[str, dict[str, object]]:
    from world import table

    books = table("books")
    unique = {
        column.name
        for constraint in books.constraints
        if type(constraint).__name__ == "UniqueConstraint" and len(constraint.columns) == 1
        for column in constraint.columns
    }
    indexed = {column.name for index in books.indexes for column in index.columns}
    return {
        column.name: {
            "type": column.type.python_type.__name__,
            "length": getattr(column.type, "length", None),
            "may be empty": bool(column.nullable),
            "unique": column.name in unique,
            "indexed": column.name in indexed,
            "primary key": column.primary_key,
        }
        for column in books.c
    }


def relationships() -> dict[str, dict[str, object]]:
    from sqlalchemy import inspect

    from app.models import Book

    return {
        relation.key: {
            "other end": relation.back_populates,
            "loads": relation.lazy,
            "many": bool(relation.uselist),
            "goes with the book": relation.cascade.delete and relation.cascade.delete_orphan,
            "left to the database": bool(relation.passive_deletes),
        }
        for relation in inspect(Book).relationships
    }


def version_counter() -> str:
    """What ``version_id_col`` is given."""
    from sqlalchemy import inspect

    from app.models import Book

    return type(inspect(Book).version_id_col).__name__


def positions() -> list[int]:
    import world

    return sorted(row["position"] for row in world.rows("authorships"))


def add_author(name: str) -> int:
    import world

    return world.add_author(name)


def add_book(author_ids: list[int]) -> int:
    import world

    return world.add_book(published_year=1999, author_ids=author_ids)


def test_every_column_is_typed(inside):
    found = inside(annotations)

    for name, expected in COLUMNS.items():
        said = " | ".join(reversed(expected))
        assert found.get(name), (
            f"Book.{name} has no annotation Mapped[{said}]: without it neither the editor nor mypy"
            " knows what a book holds"
        )
        assert found[name] == expected, f"Book.{name} must be Mapped[{said}]"


def test_every_relationship_is_typed(inside):
    found = inside(annotations)

    for name in ("authorships", "copies"):
        assert found.get(name), f"Book.{name} has no annotation Mapped[list[…]]"


def test_nothing_of_the_old_style_is_left(source):
    tree = source("app/models/book.py").tree

    for node in ast.walk(tree):
        said = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        old = said.split(".")[-1] in {"Column", "query"} or said in {"db.Model", "db.session"}
        assert not old, (
            f"app/models/book.py:{getattr(node, 'lineno', 0)} says {said}: a model inherits from"
            " Base, has mapped_column, and leaves queries and sessions to the services"
        )


def test_book_is_no_door_to_the_database(inside):
    found = inside(legacy_doors)

    assert found == [], (
        "Book.query is the old way in: a query belongs to a session, select(Book), so that whoever"
        " opens the transaction also sees it; inherit from Base"
    )


def test_book_holds_attributes_and_relationships_only(inside):
    found = inside(own_functions)

    assert found == [], (
        f"Book has {', '.join(found)}: a model has attributes and relationships; rules, queries"
        " and commits live in app/services/"
    )


def test_the_table_is_what_it_was(inside):
    def column(kind: str, length: int | None = None, **more: bool) -> dict[str, object]:
        no = ("may be empty", "unique", "indexed", "primary key")
        plain = dict.fromkeys(no, False)
        return {
            "type": kind,
            "length": length,
            **plain,
            **{k.replace("_", " "): v for k, v in more.items()},
        }

    expected = {
        "id": column("int", primary_key=True),
        "title": column("str", 200),
        "isbn13": column("str", 13, unique=True),
        "published_year": column("int", may_be_empty=True),
        "version": column("int"),
    }
    found = inside(columns)
    assert sorted(found) == sorted(expected), "the table books has other columns than before"
    for name, facts in expected.items():
        assert found[name] == facts, (
            f"the column books.{name} has changed: only the way of writing it down was to change"
        )


def test_both_relationships_are_what_they_were(inside):
    found = inside(relationships)

    assert set(found) >= {"authorships", "copies"}, "Book lost its authorships or its copies"
    for name in ("authorships", "copies"):
        assert found[name]["other end"] == "book", f"Book.{name} names the other end: book"
        many = found[name]["many"]
        assert many, f"Book.{name} holds one row: it is a list of all of them, Mapped[list[…]]"
        assert found[name]["goes with the book"], (
            f"when a book goes, its {name} go with it: cascade='all, delete-orphan'"
        )
        assert found[name]["left to the database"], (
            f"whoever deletes a book need not read its {name} first: passive_deletes=True leaves"
            " to the database what was not loaded"
        )
    assert found["authorships"]["loads"] == "selectin", (
        "the authors of a page of books come in one statement: lazy='selectin'"
    )
    raises = found["copies"]["loads"] in {"raise", "raise_on_sql"}
    assert raises, "nobody needs all copies of a page of books: lazy='raise'"


def test_the_version_counts_the_writes(client, inside):
    kind = inside(version_counter)
    assert kind != "str", (
        "version_id_col is given a text: it needs the column itself, {'version_id_col': version}"
    )

    author = inside(add_author, f"A {secrets.token_hex(4)}")
    book = inside(add_book, [author])
    path = f"{BOOKS}/{book}"
    versions = [read(client.get(path)).get("version")]
    for _ in range(2):
        body = {
            "title": secrets.token_hex(4),
            "isbn13": "9780306406157",
            "published_year": 1999,
            "author_ids": [author],
            "version": versions[-1],
        }
        versions.append(read(client.put(path, json=body)).get("version"))

    counted = versions[0] == 1 and versions == sorted(set(versions))
    assert counted, (
        f"a new book and two writes gave the versions {versions}: version_id_col counts them"
    )


def test_the_authors_keep_their_order(client, inside):
    names = [f"{letter} {secrets.token_hex(3)}" for letter in "CAB"]
    ids = [inside(add_author, name) for name in names]
    names, ids = [names[place] for place in (1, 2, 0)], [ids[place] for place in (1, 2, 0)]
    body = {
        "title": "Three",
        "isbn13": "9780306406157",
        "published_year": 1999,
        "author_ids": ids,
    }
    answer = client.post(BOOKS, json=body)
    assert answer.status_code == 201, (
        "a book by three authors cannot be stored: does each authorship still get its position?"
        " collection_class=ordering_list('position') counts them"
    )
    made = read(answer)
    path = f"{BOOKS}/{made.get('id')}"

    shown = [author.get("name") for author in read(client.get(path)).get("authors", [])]
    assert shown == names, "the authors of a new book are not in the order of the cover"
    counted = inside(positions)
    assert counted == [0, 1, 2], "the positions on the cover of three authors count from 0"
    turned = {**body, "author_ids": ids[::-1], "version": made.get("version")}
    client.put(path, json=turned)
    shown = [author.get("name") for author in read(client.get(path)).get("authors", [])]
    assert shown == names[::-1], "after a PUT the authors are not in their new order"


def read(answer) -> dict[str, object]:
    good = answer.status_code in {200, 201}
    assert good, f"{answer.request.method} {answer.request.path} answered {answer.status_code}"
    return answer.get_json()
