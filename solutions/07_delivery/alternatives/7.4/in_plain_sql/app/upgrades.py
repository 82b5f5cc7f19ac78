"""Upgrades of the database that can be taken back: ``flask safe-upgrade FOLDER``."""

import os
import tempfile
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
    config = current_app.extensions["migrate"].migrate.get_config()
    with db.engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    if set(heads) == set(ScriptDirectory.from_config(config).get_heads()):
        return None

    name = heads[0] if heads else "empty"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number, draft = tempfile.mkstemp(dir=folder, prefix=f"{name}-")  # for its owner alone
        os.close(number)
    except OSError as error:
        raise BackupError(str(error)) from error
    try:
        dump(db.engine, Path(draft))
    except BackupError:
        Path(draft).unlink()
        raise
    file = Path(draft).rename(f"{draft}.backup")

    try:
        upgrade()
    except SystemExit as error:
        raise UpgradeFailed(what_became_of(file)) from error
    except Exception as error:
        raise UpgradeFailed(f"{what_became_of(file)}: {error}") from error
    return file


def what_became_of(file: Path) -> str:
    """The back-up is put back, if that can be done."""
    db.session.close()
    try:
        restore(db.engine, file)
    except BackupError as error:
        return f"the back-up is {file}, and could not be put back ({error})"
    return f"the back-up is {file}"
