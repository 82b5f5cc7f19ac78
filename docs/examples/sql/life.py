"""A row's life: made, found, changed, removed, and the SQL of each moment."""

from library import Base, database, spoken
from sqlalchemy.orm import Mapped, Session, mapped_column


# section: model
class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    published_year: Mapped[int | None]


# end section: model
with database() as engine, spoken(engine), Session(engine) as session:
    # section: life
    book = Book(title="Ronia")
    session.add(book)
    print("# added; its id is", book.id)
    session.flush()
    print("# flushed; its id is", book.id)
    session.commit()

    book.published_year = 1980
    book.published_year = 1981
    print("# changed twice")
    session.commit()

    session.delete(book)
    print("# deleted")
    session.commit()
    # end section: life
