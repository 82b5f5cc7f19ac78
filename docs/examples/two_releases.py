"""A column gets another name, in one go or beside the old one, and the last release runs on."""

import sqlite3

OLD_CODE = "INSERT INTO authors (name) VALUES ('Tove Jansson')"
NEW_CODE = "SELECT full_name FROM authors"

for title, migration in {
    "renamed": "ALTER TABLE authors RENAME COLUMN name TO full_name",
    "added": "ALTER TABLE authors ADD COLUMN full_name TEXT",
}.items():
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT)")
    # section: run
    database.execute(migration)
    try:
        database.execute(OLD_CODE)
        found = database.execute(NEW_CODE).fetchone()
        print(f"{title}: the new code finds {found}")
    except sqlite3.OperationalError as error:
        print(f"{title}: the old code fails: {error}")
    # end section: run
