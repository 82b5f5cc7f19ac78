"""The fixture that rolls back what a test commits, and two ways in which it does nothing."""

from collections.abc import Callable

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from library import Base, database
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)


Sessions = Callable[[Connection], Session]


# section: fixture
def run_a_test(engine: Engine, session_on: Sessions) -> None:
    with engine.connect() as connection:
        outer = connection.begin()
        session = session_on(connection)
        session.add(Book())
        session.commit()
        session.close()
        outer.rollback()


# end section: fixture
def left(engine: Engine) -> int | None:
    with Session(engine) as session:
        return session.scalar(select(func.count(Book.id)))


def with_savepoints(connection: Connection) -> Session:
    return Session(connection, join_transaction_mode="create_savepoint")


# section: extension
def of_the_extension(connection: Connection) -> Session:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = connection.engine.url
    options = {
        "bind": connection,
        "join_transaction_mode": "create_savepoint",
    }
    db = SQLAlchemy(app, model_class=Base, session_options=options)
    app.app_context().push()
    return db.session()


# end section: extension
# section: three
for name, begin, session_on in (
    ("SQLite as it comes", None, with_savepoints),
    ("transactions begin for real", "BEGIN", with_savepoints),
    ("the extension's own session", "BEGIN", of_the_extension),
):
    with database(begin) as engine:
        run_a_test(engine, session_on)
        print(f"{name}: {left(engine)} left")
# end section: three
