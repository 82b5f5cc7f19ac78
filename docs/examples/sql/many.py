"""A thousand new rows: what is sent, in three ways of writing it."""

from library import Base, database
from sqlalchemy import event, insert
from sqlalchemy.orm import Mapped, Session, mapped_column


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    barcode: Mapped[str]


BARCODES = [f"C-{number:04}" for number in range(1000)]


# section: ways
def one_by_one(session: Session) -> None:
    for barcode in BARCODES:
        session.add(Copy(barcode=barcode))
        session.flush()


def all_at_once(session: Session) -> None:
    session.add_all([Copy(barcode=barcode) for barcode in BARCODES])
    session.flush()


def as_rows(session: Session) -> None:
    rows = [{"barcode": barcode} for barcode in BARCODES]
    session.scalars(insert(Copy).returning(Copy.id), rows).all()


# end section: ways
with database() as engine:
    sent: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda c, cur, text, *rest: sent.append(text),
    )
    for way in (one_by_one, all_at_once, as_rows):
        with Session(engine) as session:
            session.connection()
            sent.clear()
            way(session)
            print(f"{way.__name__:12} statements: {len(sent)}")
