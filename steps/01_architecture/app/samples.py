"""A few believable books, so that a first ``curl`` has something to show."""

from flask import Flask

from app.extensions import store
from app.store import Author, Book, User


def add_samples(app: Flask) -> None:
    """Fill the store of ``app`` where its config says ``SAMPLE_DATA`` and nothing is in it yet."""
    with app.app_context():
        if not app.config.get("SAMPLE_DATA") or len(store.books):
            return
        lindgren = store.authors.add(Author("Astrid Lindgren", 1907))
        pratchett = store.authors.add(Author("Terry Pratchett", 1948))
        gaiman = store.authors.add(Author("Neil Gaiman", 1960))
        store.books.add(Book("Ronia, the Robber's Daughter", "9780192717610", 1981, [lindgren]))
        store.books.add(Book("Good Omens", "9780060853976", 1990, [pratchett, gaiman]))
        store.books.add(Book("Small Gods", "9780552138901", 1992, [pratchett]))
        store.users.add(User("ada@example.org", "Ada Lovelace", role="librarian"))
        store.users.add(User("grace@example.org", "Grace Hopper"))
