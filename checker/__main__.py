"""The entry point: ``checker`` and ``python -m checker``."""

from __future__ import annotations

import sys

QUICK = (["list"], ["list", "--json"])


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    from checker.learn.guard import guarded
    from checker.learn.text import prepare_streams

    prepare_streams()
    sys.exit(guarded(_quick_list if sys.argv[1:] in QUICK else _any_command))


def _quick_list() -> None:
    """The one command that is all speed: importing click would take longer than the rest of it."""
    from checker.learn.listing import print_list
    from checker.learn.session import Session

    print_list(Session.open(), as_json="--json" in sys.argv)


def _any_command() -> None:
    import click

    from checker.cli import cli

    try:
        cli(prog_name="checker", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        raise KeyboardInterrupt from None  # Ctrl-C is no verdict: click's own code for it, 1, is


if __name__ == "__main__":
    main()
