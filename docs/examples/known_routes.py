"""What an app knows of its own routes, and what a document makes of it."""

import re

from flask import Flask

app = Flask(__name__)


# section: routes
@app.get("/books")
def list_books() -> list[str]:
    """List books."""
    return []


@app.route("/books/<int:book_id>", methods=["GET", "DELETE"])
def book(book_id: int) -> str:
    """Read a book, or remove it."""
    return str(book_id)


# end section: routes


# section: ask
def show() -> None:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        print(path, sorted(rule.methods or []), app.view_functions[rule.endpoint].__doc__)


# end section: ask


show()
