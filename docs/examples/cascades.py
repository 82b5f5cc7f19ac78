"""What goes when a shelf goes? The cascade says, or else the database does."""

from sqlalchemy import ForeignKey, create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    pass


# section: models
class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    boxes: Mapped[list["Box"]] = relationship(cascade="save-update, merge")
    labels: Mapped[list["Label"]] = relationship(cascade="all, delete-orphan")


# end section: models
class Box(Base):
    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"))


class Label(Base):
    __tablename__ = "labels"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"))


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
for shelf in (Shelf(labels=[Label()]), Shelf(boxes=[Box()])):
    with Session(engine) as session:
        session.add(shelf)
        session.commit()
        try:
            session.delete(shelf)
            session.commit()
            print("gone, and labels left:", session.scalar(select(func.count(Label.id))))
        except IntegrityError as error:
            print("refused:", error.orig)
