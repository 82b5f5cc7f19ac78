"""Upgrades of the database that can be taken back: ``flask safe-upgrade FOLDER``."""

import os
from datetime import UTC, datetime
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask_migrate import upgrade  # type: ignore[import-untyped]

from app.backups import BackupError, dump, restore
from app.extensions import db


class UpgradeFailed(Exception):
    """The migrations failed. The message names the back-up.

    The database is as it was, or the message says why it is not.
    """


def safe_upgrade(folder: Path) -> Path | None:
    """Bring the current app's database to the newest migration, with a way back.

    Where it is there already, nothing is done, and ``None`` comes back. Else first a back-up
    by ``dump`` of ``app/backups.py``, then ``flask_migrate.upgrade()``; the path of the back-up
    comes back.

    The back-up
        A new file in ``folder``, which is made where it is missing. Its name begins with the
        revision that the database was at (``empty`` where there was none) and ends with
        ``.backup``; it replaces no other. Nobody but its owner may read it. A file with such a
        name is whole: of a dump that fails nothing is left.
    No back-up, no upgrade
        What ``dump`` raises goes on. What the file system has against it is a ``BackupError``
        too. The database has not changed.
    A migration that fails
        Whatever it raises, ``restore`` puts the back-up back: rows, tables, revision. Then
        ``UpgradeFailed`` is raised; its message has the name of the file, which stays. Where
        ``restore`` fails, too, the message has what that said as well.
    """
    revision = current_revision()
    if revision == newest_revision():
        return None
    file = back_up(folder, revision or "empty")
    try:
        upgrade()
    except BaseException as error:  # Flask-Migrate ends the process with SystemExit
        raise UpgradeFailed(f"the upgrade failed ({error!r}); {put_back(file)}") from error
    return file


def back_up(folder: Path, revision: str) -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    file = folder / f"{revision}-{moment}.backup"
    unfinished = file.with_suffix(".unfinished")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600))
        try:
            dump(db.engine, unfinished)
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BackupError(f"there is no back-up: {error}") from error
    return file


def put_back(file: Path) -> str:
    """What came of it."""
    db.session.remove()
    try:
        restore(db.engine, file)
    except BackupError as error:
        return f"{file} could not be put back: {error}"
    return f"{file} was put back"


def current_revision() -> str | None:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    config = current_app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config).get_current_head()
