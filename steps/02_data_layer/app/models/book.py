"""Books: titles, not what stands on a shelf."""

from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.orderinglist import ordering_list

from app.extensions import db
from app.models.author import Authorship


class Book(db.Model):  # type: ignore[name-defined, misc]  # exercise 2.1 starts here
    """A title, not a copy on a shelf.

    ``id``
        A whole number, the primary key.
    ``title``
        Text of at most 200 characters.
    ``isbn13``
        Text of 13 characters, unique by a constraint (which needs no index beside it).
    ``published_year``
        A whole number; the only column that may be empty.
    ``version``
        A whole number: 1 for a new book, one more with every write. SQLAlchemy counts, and
        refuses to write over a row that somebody else has written meanwhile.
    ``authorships``, ``copies``
        The other ends of ``Authorship.book`` and ``Copy.book``. They go when the book goes;
        those that were not loaded are left to the database, whose foreign keys say CASCADE.
        Authorships come along with every book, one statement for all of them. Copies are not
        wanted on a page of books: reading them through a book that was loaded without raises.
    ``authors``
        The authors in the order of the cover, by way of ``authorships``.

    Attributes and relationships, and nothing else: rules, queries and commits live in
    ``app/services/``.
    """

    __tablename__ = "books"

    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(200), nullable=False)
    isbn13 = db.Column(db.String(13), nullable=False, unique=True)
    published_year = db.Column(db.Integer)
    version = db.Column(db.Integer, nullable=False)

    authorships = db.relationship(
        "Authorship",
        back_populates="book",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
        order_by="Authorship.position",
        collection_class=ordering_list("position"),
    )
    copies = db.relationship(
        "Copy",
        back_populates="book",
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="raise",
    )
    authors = association_proxy(
        "authorships", "author", creator=lambda author: Authorship(author=author)
    )

    __mapper_args__ = {"version_id_col": version}

    # Nobody calls these any more: the services and the schemas have taken over.

    @classmethod
    def by_isbn(cls, isbn13):  # type: ignore[no-untyped-def]
        return cls.query.filter_by(isbn13=isbn13).first()

    def rename(self, title):  # type: ignore[no-untyped-def]
        if not title:
            raise ValueError("a book needs a title")
        self.title = title
        db.session.commit()
