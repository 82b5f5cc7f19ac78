"""A typed model: the annotation says what the column may hold."""

from sqlalchemy import String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(20), unique=True)
    room: Mapped[str | None]


for column in Shelf.__table__.columns:
    print(column.name, column.type, "may be empty" if column.nullable else "required")

# section: query
engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Shelf(label="A1", room="north"), Shelf(label="B2")])
    session.commit()
    query = select(Shelf.label).where(Shelf.room.is_(None))
    print(query)
    print(session.scalars(query).all())
# end section: query
