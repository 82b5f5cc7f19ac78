"""Two ways to turn a page, while somebody adds a row at the top."""

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class Loan(Base):
    __tablename__ = "loans"

    id: Mapped[int] = mapped_column(primary_key=True)


engine = create_engine("sqlite://")
Base.metadata.create_all(engine)
with Session(engine) as session:
    session.add_all([Loan(id=number) for number in range(1, 7)])
    session.commit()
    # section: pages
    newest_first = select(Loan.id).order_by(Loan.id.desc()).limit(3)
    first = session.scalars(newest_first).all()
    session.add(Loan(id=7))
    by_offset = session.scalars(newest_first.offset(3)).all()
    by_key = session.scalars(newest_first.where(Loan.id < first[-1])).all()
    # end section: pages
    print("first page ", first)
    print("by offset  ", by_offset)
    print("by key     ", by_key)
