"""Upgrades of the database that can be taken back: ``flask safe-upgrade FOLDER``."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import alembic.command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from app import backups
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
    config = current_app.extensions["migrate"].migrate.get_config()
    head = ScriptDirectory.from_config(config).get_current_head()
    with db.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return None
    file = back_up(folder, current or "empty")
    with put_back_if_it_fails(file):
        alembic.command.upgrade(config, "head")
    return file


def back_up(folder: Path, revision: str) -> Path:
    """In a folder that nobody else may enter until the file is whole, and the owner's alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as place:
            draft = Path(place) / "draft"
            draft.touch(mode=0o600)
            backups.dump(db.engine, draft)
            return draft.replace(folder / f"{revision}-{secrets.token_hex(8)}.backup")
    except OSError as error:
        raise backups.BackupError(f"no back-up in {folder}: {error.strerror}") from error


@contextmanager
def put_back_if_it_fails(file: Path) -> Iterator[None]:
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        db.session.remove()
        try:
            backups.restore(db.engine, file)
        except backups.BackupError as trouble:
            raise UpgradeFailed(f"{error}: only {file.name} has all of it, {trouble}") from error
        raise UpgradeFailed(f"{error}: the database is what {file.name} has") from error
