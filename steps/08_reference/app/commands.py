"""Commands for the terminal: ``flask --help`` lists them, beside Flask's own."""

import json
import os
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError

from app.auth.errors import NotBuiltYet
from app.auth.scopes import ROLE_SCOPES, SCOPES
from app.backups import BackupError
from app.errors import Conflict
from app.openapi import document_of
from app.openapi.command import openapi
from app.schemas.user import UserSchema
from app.services import clients, users
from app.settings import redacted
from app.upgrades import UpgradeFailed, safe_upgrade


def register_commands(app: Flask) -> None:
    """Make the commands of this module available to ``flask``."""
    app.cli.add_command(seed)
    app.cli.add_command(add_user)
    app.cli.add_command(add_client)
    app.cli.add_command(openapi)
    app.cli.add_command(openapi_lint)
    app.cli.add_command(mcp)
    app.cli.add_command(upgrade_safely)
    app.cli.add_command(settings)


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


@click.command()
@click.argument("email")
@click.argument("name")
@click.option("--role", default="member", show_default=True, type=click.Choice(sorted(ROLE_SCOPES)))
@click.password_option()
@with_appcontext
def add_user(email: str, name: str, role: str, password: str) -> None:
    """Issue a card: the way in for the first librarian, and the only one for an admin."""
    try:
        values = UserSchema().load({"email": email, "name": name, "password": password})
        user = users.add_user(values | {"role": role})
    except ValidationError as error:
        raise click.ClickException(str(error)) from None
    except Conflict as error:
        raise click.ClickException(error.message) from None
    click.echo(f"Added {user.name}, user {user.id}, {user.role}.")


@click.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES))
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Exactly as it will be sent.")
@click.option("--public", is_flag=True, help="Runs on its users' devices, and can keep no secret.")
@with_appcontext
def add_client(
    name: str, scopes: tuple[str, ...], redirect_uris: tuple[str, ...], public: bool
) -> None:
    """Register a program for OAuth 2. Its secret is shown once."""
    if public and not redirect_uris:
        raise click.ClickException("a public client needs people who let it in: --redirect-uri")
    client, secret = clients.add_client(name, scopes, redirect_uris, public)
    click.echo(f"client_id {client.client_id}")
    if secret is not None:
        click.echo(f"client_secret {secret}")


@click.command()
@with_appcontext
def openapi_lint() -> None:
    """Say what the OpenAPI document lacks; exit with 1 if anything."""
    from app.openapi.lint import lint  # jsonschema: for this command only

    findings = lint(finished_document())
    for finding in findings:
        click.echo(f"{finding.where}: {finding.rule}: {finding.message}")
    if findings:
        raise click.ClickException(f"{len(findings)} to mend")


@click.command()
@with_appcontext
def mcp() -> None:
    """Offer the operations of this API as tools to a language model, over stdin and stdout.

    Speaks for whoever LIBRARY_TOKEN (an access token) or LIBRARY_API_KEY belongs to.
    """
    import anyio

    from app.openapi.tools import serve  # the SDK: for this command only

    headers = {}
    if "LIBRARY_API_KEY" in os.environ:
        headers["X-API-Key"] = os.environ["LIBRARY_API_KEY"]
    if "LIBRARY_TOKEN" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['LIBRARY_TOKEN']}"
    if not headers:
        raise click.ClickException("on whose behalf? Set LIBRARY_TOKEN or LIBRARY_API_KEY")
    finished_document()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    anyio.run(serve, app, headers)


@click.command()
@with_appcontext
def settings() -> None:
    """Show the settings as they are here and now, without secrets: for a ticket, for a diff."""
    click.echo(json.dumps(redacted(current_app.config), indent=2, sort_keys=True))


@click.command("safe-upgrade")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def upgrade_safely(folder: Path) -> None:
    """Upgrade the database, after a back-up into FOLDER; if it fails, put that back."""
    try:
        file = safe_upgrade(folder)
    except (BackupError, UpgradeFailed) as error:
        raise click.ClickException(str(error)) from None
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise click.ClickException(f"the database cannot be upgraded: {said}") from error
    click.echo("Nothing to do." if file is None else f"Upgraded. The back-up: {file}")


def finished_document() -> dict[str, Any]:
    """The document; a command has words for one that cannot be made yet, and no traceback."""
    try:
        return document_of(current_app)
    except NotBuiltYet as error:
        raise click.ClickException(error.message) from None
