"""A column gets a new name, while the old release is still running."""

from library import database
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

# section: releases
RELEASES = {
    "1: name": (
        "INSERT INTO users (name) VALUES ('Ada')",
        "SELECT name FROM users",
    ),
    "2: both, reads name": (
        "INSERT INTO users (name, full_name) VALUES ('Ada', 'Ada')",
        "SELECT name FROM users",
    ),
    "3: both, reads full_name": (
        "INSERT INTO users (name, full_name) VALUES ('Ada', 'Ada')",
        "SELECT full_name FROM users",
    ),
    "4: full_name": (
        "INSERT INTO users (full_name) VALUES ('Ada')",
        "SELECT full_name FROM users",
    ),
}
# end section: releases
# section: migrations
MIGRATIONS = {
    "before": "CREATE TABLE users (name TEXT NOT NULL)",
    "expand": "ALTER TABLE users ADD COLUMN full_name TEXT",
    "backfill": "UPDATE users SET full_name = name WHERE full_name IS NULL",
    "relax": "ALTER TABLE users ALTER COLUMN name DROP NOT NULL",
    "contract": "ALTER TABLE users DROP COLUMN name",
}
# end section: migrations


# section: works
def works(connection: Connection, release: str) -> bool:
    """Whether the release can write, read, and find a name in every row."""
    trial = connection.begin_nested()
    try:
        write, read = (text(statement) for statement in RELEASES[release])
        connection.execute(write)
        return None not in connection.scalars(read).all()
    except DBAPIError:
        return False
    finally:
        trial.rollback()


# end section: works
with database() as engine, engine.connect() as connection:
    print(f"{'':10}" + "".join(f"{release[0]:>5}" for release in RELEASES))
    for name, statement in MIGRATIONS.items():
        connection.execute(text(statement))
        if name == "before":
            connection.execute(text("INSERT INTO users VALUES ('Grace')"))
        marks = ["yes" if works(connection, release) else "-" for release in RELEASES]
        print(f"{name:10}" + "".join(f"{mark:>5}" for mark in marks))
