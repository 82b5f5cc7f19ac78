"""Two desks, one copy. Both ask first, and both are told that it is free."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Index, create_engine, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


# section: model
class Loan(Base):
    __tablename__ = "loans"
    __table_args__ = (
        Index("one_open", "copy", unique=True, sqlite_where=text("returned_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    copy: Mapped[int]
    returned_at: Mapped[str | None]


# end section: model
# section: desks
def is_free(desk: Session, copy: int) -> bool:
    return not desk.scalars(select(Loan).filter_by(copy=copy, returned_at=None)).all()


with TemporaryDirectory() as folder:
    engine = create_engine(f"sqlite:///{Path(folder) / 'library.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as left, Session(engine) as right:
        print("free?", is_free(left, 7), is_free(right, 7))
        for desk, name in ((left, "left"), (right, "right")):
            try:
                desk.add(Loan(copy=7))
                desk.commit()
                print(name, "lent it")
            except IntegrityError:
                print(name, "was refused by the database")
    engine.dispose()
# end section: desks
