"""One index, six questions: which of them does it help?"""

from library import Base, database, plan
from sqlalchemy import Index, insert, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column


# section: model
class Loan(Base):
    __tablename__ = "loans"
    __table_args__ = (Index("by_user", "user_id", "borrowed_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    borrowed_on: Mapped[str]
    note: Mapped[str]


# end section: model
with database() as engine:
    with engine.begin() as connection:
        rows = [
            {
                "user_id": n % 200,
                "borrowed_on": f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}",
                "note": "-",
            }
            for n in range(6000)
        ]
        connection.execute(insert(Loan), rows)
        connection.execute(text("ANALYZE"))
    # section: questions
    questions = {
        "both columns": (Loan.user_id == 7) & (Loan.borrowed_on > "2026-06"),
        "the first column": Loan.user_id == 7,
        "the second column": Loan.borrowed_on == "2026-06-06",
        "a calculation": Loan.user_id + 1 == 8,
        "either": or_(Loan.user_id == 7, Loan.user_id == 8),
        "all but a few": Loan.user_id > 3,
    }
    for name, condition in questions.items():
        print(name)
        plan(engine, select(Loan.note).where(condition))
    print("the latest of one user")
    of_user = select(Loan.note).where(Loan.user_id == 7)
    plan(engine, of_user.order_by(Loan.borrowed_on.desc()).limit(5))
    # end section: questions
