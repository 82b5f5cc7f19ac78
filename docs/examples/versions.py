"""Two people change one row. The second has not seen what the first did."""

from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError


class Base(DeclarativeBase):
    pass


# section: model
class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


# end section: model
with TemporaryDirectory() as folder:
    engine = create_engine(f"sqlite:///{Path(folder) / 'shelves.db'}")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Shelf(id=1, label="A1"))
        session.commit()
    with Session(engine) as ada, Session(engine) as grace:
        first, second = ada.get_one(Shelf, 1), grace.get_one(Shelf, 1)
        first.label = "north"
        ada.commit()
        print("Ada wrote version", first.version)
        second.label = "south"
        try:
            grace.commit()
        except StaleDataError:
            print("Grace would have overwritten it, and was stopped")
    engine.dispose()
