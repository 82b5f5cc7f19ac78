"""Insert, or else: what each form answers for a row that is there already."""

from library import DATABASE, Base, database, spoken
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

insert = postgresql.insert if DATABASE == "postgresql" else sqlite.insert


class Copy(Base):
    __tablename__ = "copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    barcode: Mapped[str] = mapped_column(unique=True)
    condition: Mapped[str]


# section: forms
new = insert(Copy).returning(Copy.id, Copy.barcode, Copy.condition)
key = [Copy.barcode]
forms = {
    "do nothing": new.on_conflict_do_nothing(index_elements=key),
    "do update": new.on_conflict_do_update(
        index_elements=key, set_={"condition": new.excluded.condition}
    ),
    "do update, where it differs": new.on_conflict_do_update(
        index_elements=key,
        set_={"condition": new.excluded.condition},
        where=Copy.condition != new.excluded.condition,
    ),
}
rows = [
    {"barcode": "C-1", "condition": "good"},
    {"barcode": "C-2", "condition": "good"},
]
# end section: forms

with database() as engine:
    with Session(engine) as session:
        session.add(Copy(barcode="C-1", condition="good"))
        session.commit()
    for name, form in forms.items():
        with Session(engine) as session:
            answered = session.execute(form, rows).all()
            stored = session.scalars(select(Copy.barcode).order_by(Copy.id)).all()
            print(f"{name}: answers {[row.barcode for row in answered]}, stored {stored}")
    with Session(engine) as session, spoken(engine):
        session.execute(forms["do update, where it differs"], rows)
