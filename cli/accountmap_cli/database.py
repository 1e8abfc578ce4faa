"""The options that name a database, and where its password comes from: never the command line."""

from collections.abc import Callable
from typing import TypeVar

import click

from accountmap_cli.passphrase import from_descriptor

Command = TypeVar("Command", bound=Callable[..., object])


def database_options(command: Command) -> Command:
    """Add `--dsn` and the ways to give its password."""
    options = [
        click.option(
            "--dsn",
            metavar="ADDRESS",
            help="The database: postgresql://user@host/name, sqlite:///file.db or duckdb:///file.",
        ),
        click.option(
            "--dsn-password-fd",
            type=click.IntRange(0),
            help="Read the database's password from this file descriptor. [default: ~/.pgpass, a service file]",
        ),
        click.option("--ask-dsn-password", is_flag=True, help="Ask for the database's password."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def database_password(descriptor: int | None, *, ask: bool) -> str | None:
    """Return the password that the user gave, or None: then the database's own library looks for it.

    Raises:
        WorkspaceError: the file descriptor holds none.
    """
    if descriptor is not None:
        return from_descriptor(descriptor, "password")
    return str(click.prompt("Password of the database", hide_input=True, err=True)) if ask else None
