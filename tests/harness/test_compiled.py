"""What is compiled once is the source's own, and nobody else's."""

import inspect
from pathlib import Path

import pytest
from flask import Flask, render_template

from checker.harness.compiled import Shelf
from checker.harness.templates import remember_templates

SOURCE = b"def answer():\n    def deeper():\n        1 / 0\n    deeper()\n"


def test_what_is_on_the_shelf_is_not_compiled_again(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(SOURCE)
    shelf = Shelf()
    shelf.code("plain", SOURCE, str(file))
    assert shelf.missing == [("plain", str(file))]

    shelf.add("plain", file)
    assert shelf.code("plain", SOURCE, str(file)) is shelf.code("plain", SOURCE, str(file))
    assert len(shelf.missing) == 1

    shelf.code("plain", SOURCE + b"# saved\n", str(file))
    shelf.code("marked", SOURCE, str(file))
    assert len(shelf.missing) == 3, "another text, or another kind, is another code"


def test_a_copy_elsewhere_says_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(SOURCE)
    shelf = Shelf()
    shelf.add("plain", file)
    names: dict[str, object] = {}
    exec(shelf.code("plain", SOURCE, "elsewhere.py"), names)  # noqa: S102 - written above
    answer = names["answer"]
    assert inspect.isfunction(answer)
    with pytest.raises(ZeroDivisionError) as caught:
        answer()
    places = [(str(entry.path), entry.lineno + 1) for entry in caught.traceback[1:]]
    assert places == [("elsewhere.py", 4), ("elsewhere.py", 3)]
    assert shelf.missing == []


@pytest.mark.parametrize("content", [None, b"def", b"\0", b"#" * (1 << 21)])
def test_what_cannot_be_compiled_is_left_alone(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mine.py").write_bytes(content)
    shelf = Shelf()
    shelf.add("plain", tmp_path / "mine.py")
    shelf.add("plain", tmp_path)
    assert vars(shelf) == vars(Shelf())


def test_a_template_is_compiled_once_for_all_apps(tmp_path: Path) -> None:
    def page() -> tuple[str, object]:
        app = Flask(__name__, template_folder=str(tmp_path))
        remember_templates(app)
        with app.test_request_context():
            said = render_template("page.html")
        return said, app.jinja_env.get_template("page.html").root_render_func.__code__

    (tmp_path / "page.html").write_text("one", "utf-8")
    first, again = page(), page()
    assert first == ("one", again[1])
    (tmp_path / "page.html").write_text("two", "utf-8")
    assert page()[0] == "two"
