"""Change many rows, and hear which."""

from library import Base, database, spoken
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column


class Reservation(Base):
    __tablename__ = "reservations"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    status: Mapped[str]
    ends_on: Mapped[str]


with database() as engine:
    with engine.begin() as connection:
        rows = [{"user_id": n, "status": "ready", "ends_on": f"2027-01-0{n}"} for n in range(1, 7)]
        connection.execute(insert(Reservation), rows)
    # section: expire
    expire = (
        update(Reservation)
        .where(
            Reservation.status == "ready",
            Reservation.ends_on < "2027-01-04",
        )
        .values(status="expired")
        .returning(Reservation.user_id)
    )
    with Session(engine) as session, spoken(engine):
        print("# to be told:", sorted(session.scalars(expire)))
        session.commit()
    # end section: expire
    with Session(engine) as session:
        left = select(Reservation.id).where(Reservation.status == "ready")
        print("# still ready:", session.scalars(left).all())
