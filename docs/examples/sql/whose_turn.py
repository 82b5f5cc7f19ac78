"""Two workers take reminders from one table. Neither waits, and none is sent twice."""

from library import Base, database
from sqlalchemy import insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column


class Reminder(Base):
    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(primary_key=True)
    sent: Mapped[bool] = mapped_column(default=False)


with database() as engine:
    with engine.begin() as connection:
        connection.execute(insert(Reminder), [{} for _ in range(5)])
    # section: take
    take = (
        select(Reminder)
        .where(Reminder.sent.is_(False))
        .order_by(Reminder.id)
        .limit(2)
        .with_for_update(skip_locked=True)
    )
    with Session(engine) as one, Session(engine) as other:
        for name, worker in (("one", one), ("other", other)):
            print(
                name,
                "takes",
                [reminder.id for reminder in worker.scalars(take)],
            )
        one.rollback()  # it crashed
        print("other takes", [reminder.id for reminder in other.scalars(take)])
    # end section: take
