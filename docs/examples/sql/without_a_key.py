"""A page that goes on after a row whose key is empty."""

from library import Base, database
from sqlalchemy import func, insert, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    published_year: Mapped[int | None]


# section: pages
def visit(session: Session, year) -> list[int]:
    """The ids of all books, two to a page, after the last one seen."""
    query = select(Book.id, year).order_by(year, Book.id).limit(2)
    seen: list[int] = []
    page = session.execute(query).all()
    while page:
        seen += [row.id for row in page]
        last = page[-1]
        after = tuple_(year, Book.id) > (last[1], last.id)
        page = session.execute(query.where(after)).all()
    return seen


# end section: pages
with database() as engine:
    with engine.begin() as connection:
        years = [1950, None, 1960, None, 1970]
        connection.execute(insert(Book), [{"published_year": year} for year in years])
    with Session(engine) as session:
        # section: calls
        print("the column itself:", visit(session, Book.published_year))
        print(
            "never empty:      ",
            visit(session, func.coalesce(Book.published_year, 0)),
        )
        # end section: calls
