"""Upgrades of the database that can be taken back: ``flask safe-upgrade FOLDER``."""

from pathlib import Path

from flask_migrate import upgrade  # type: ignore[import-untyped]


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
    upgrade()  # exercise 7.4 goes on here
    return None
