"""How many statements does it take to print fifty shelves with their boxes?"""

from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
)


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    boxes: Mapped[list["Box"]] = relationship(back_populates="shelf")


class Box(Base):
    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"))
    shelf: Mapped[Shelf] = relationship(back_populates="boxes")


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Shelf(boxes=[Box(), Box()]) for _ in range(50)])
    session.commit()

said: list[str] = []
event.listen(engine, "before_cursor_execute", lambda c, cur, text, *rest: said.append(text))
# section: loops
for query in (select(Shelf), select(Shelf).options(selectinload(Shelf.boxes))):
    said.clear()
    with Session(engine) as session:
        boxes = sum(len(shelf.boxes) for shelf in session.scalars(query))
    print(boxes, "boxes,", len(said), "statements")
# end section: loops
