"""A version counter, the statements that it makes."""

from library import Base, database, spoken
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError


# section: model
class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


# end section: model
with database(begin=None) as engine:
    with Session(engine) as session:
        session.add(Book(id=1, title="Ronja"))
        session.commit()
    # section: race
    with Session(engine) as ada, Session(engine) as grace:
        hers, mine = ada.get_one(Book, 1), grace.get_one(Book, 1)
        hers.title = "Ronia"
        ada.commit()
        mine.title = "Ronja Rövardotter"
        with spoken(engine):
            try:
                grace.commit()
            except StaleDataError as error:
                print("#", error)
    # end section: race
