"""A statement for many rows, beside objects that are loaded already."""

from library import Base, database
from sqlalchemy import update
from sqlalchemy.orm import Mapped, Session, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]


# section: raise
def raise_prices(session: Session, synchronize: str | bool) -> None:
    book = session.get_one(Book, 1)
    session.execute(
        update(Book).values(price=Book.price + 5),
        execution_options={"synchronize_session": synchronize},
    )
    print(f"{synchronize!s:9} the object says", book.price)
    session.refresh(book)
    print(f"{'':9} the row says   ", book.price)
    session.rollback()


# end section: raise
with database() as engine, Session(engine) as session:
    session.add(Book(id=1, price=20))
    session.commit()
    for choice in ("auto", False):
        raise_prices(session, choice)
