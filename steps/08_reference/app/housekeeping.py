"""Commands for those who run the library: some every night, some twice a year."""

import logging

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import rotation
from app.auth.errors import NotBuiltYet
from app.config import PROJECT
from app.services import reservations
from app.values import ConfigError

STAGES = {
    "prepare": rotation.prepare,
    "switch": rotation.switch,
    "retire": rotation.retire,
}


def register_housekeeping(app: Flask) -> None:
    """Make the commands of this module available to ``flask``."""
    app.cli.add_command(expire_reservations)
    app.cli.add_command(signing_keys)
    app.cli.add_command(audit)


@click.command()
@with_appcontext
def expire_reservations() -> None:
    """End what was held in vain: each copy goes to the next who waits. Run it every night."""
    try:
        click.echo(f"Expired: {reservations.expire()}.")
    except NotBuiltYet as error:
        raise click.ClickException(error.message) from None


@click.command()
@click.argument("stage", type=click.Choice(list(STAGES)))
@with_appcontext
def signing_keys(stage: str) -> None:
    """Print the next SIGNING_KEYS of a rotation, for your secret store. It is a secret.

    First prepare; when every instance has that, switch; when every instance has that, and a
    token's life has gone by, retire.
    """
    try:
        click.echo(STAGES[stage](current_app.config["SIGNING_KEYS"]))
    except (ConfigError, NotBuiltYet) as error:
        raise click.ClickException(str(error)) from None


@click.command()
@with_appcontext
def audit() -> None:
    """Go through the checklist of a release; exit with 1 where something is left to do."""
    from app.checklist import CHECKS  # jsonschema: for this command only

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    left = 0
    logging.disable()  # the checks ask the app, and the findings should stand alone
    for name, check in CHECKS.items():
        try:
            found = list(check(app, PROJECT))
        except NotBuiltYet as error:
            found = [error.message]
        for sentence in found:
            click.echo(f"{name}: {sentence}")
        left += len(found)
    logging.disable(logging.NOTSET)
    if left:
        raise click.ClickException(f"{left} to mend")
    click.echo(f"All of {', '.join(CHECKS)} are well.")
