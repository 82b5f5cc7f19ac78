"""A test may commit, and leave nothing: the transaction around it is rolled back."""

from sqlalchemy import create_engine, event, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Box(Base):
    __tablename__ = "boxes"

    name: Mapped[str] = mapped_column(primary_key=True)


engine = create_engine("sqlite://")
# sqlite3 would begin only at the first write: leave that to us.
event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
Base.metadata.create_all(engine)

for test in ("one test", "the next"):
    # section: around
    with engine.connect() as connection:
        outer = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint")
        session.add(Box(name="unique"))
        session.commit()
        print(test, "sees", session.scalar(select(func.count(Box.name))))
        session.close()
        outer.rollback()
    # end section: around
with Session(engine) as session:
    print("left behind", session.scalar(select(func.count(Box.name))))
