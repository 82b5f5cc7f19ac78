"""A failure half-way: what is left depends on who committed, and when."""

from sqlalchemy import create_engine, delete, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Box(Base):
    __tablename__ = "boxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)


# section: services
def move_in(session: Session, names: list[str], commit_each: bool) -> None:
    for name in names:
        if not name:
            raise ValueError("a box without a name")
        session.add(Box(name=name))
        if commit_each:
            session.commit()
    session.commit()


# end section: services
for commit_each in (True, False):
    with Session(engine) as session:
        try:
            move_in(session, ["books", "", "maps"], commit_each)
        except ValueError as error:
            session.rollback()
            print(f"{error}; stored: {session.scalars(select(Box.name)).all()}")
            session.execute(delete(Box))
            session.commit()
