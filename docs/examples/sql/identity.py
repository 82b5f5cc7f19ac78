"""One row is one object in a session. How often is it read?"""

from library import Base, database, spoken
from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


with database() as engine:
    with Session(engine) as session:
        session.add(Book(id=1, title="Ronia"))
        session.commit()
    with spoken(engine) as sent:
        # section: reads
        with Session(engine) as session:
            first = session.get(Book, 1)
            again = session.get(Book, 1)
            found = session.scalars(select(Book).where(Book.title == "Ronia")).one()
            print("# one object:", first is again is found)
            session.commit()
            print("#", found.title)
        # end section: reads
        print("#", len(sent), "statements")
