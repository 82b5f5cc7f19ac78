"""Commands for the terminal: ``flask seed``."""

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError


def register_commands(app: Flask) -> None:
    """Make the commands of this module available to ``flask``."""
    app.cli.add_command(seed)


@click.command()
@click.option("--books", default=60, show_default=True, type=click.IntRange(3, 10_000))
@click.option("--seed", "number", default=1, show_default=True, help="Another one, other people.")
@with_appcontext
def seed(books: int, number: int) -> None:
    """Fill an empty library with books, copies, people and loans, all of them made up."""
    from app.seed import NotEmpty, fill  # Faker: for this command only

    if not current_app.config["SAMPLE_DATA"]:
        raise click.ClickException("made-up people belong in development only: see APP_ENV")
    try:
        counts = fill(books, number)
    except NotEmpty as error:
        raise click.ClickException(
            f"nothing was added: the library has {error.books} books already."
            " To begin anew: remove the database (with SQLite, the file instance/library.db),"
            " then flask db upgrade"
        ) from None
    except DBAPIError as error:
        raise click.ClickException(
            f"the database did not take it ({type(error.orig).__name__}): flask db upgrade first?"
        ) from error
    click.echo("Added " + ", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
