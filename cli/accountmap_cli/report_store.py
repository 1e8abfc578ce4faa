"""`accountmap report store`: the results of a session as rows of a database."""

import click

from accountmap.errors import InputError
from accountmap_cli.context import workspace
from accountmap_cli.database import database_options, database_password
from accountmap_cli.output import emit


@click.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@database_options
@click.option("--prefix", default="accountmap_", show_default=True, help="How the tables' names begin.")
@click.pass_context
def store(
    context: click.Context,
    partner: str,
    dsn: str | None,
    dsn_password_fd: int | None,
    ask_dsn_password: bool,
    prefix: str,
) -> None:
    """Write the results of the last session into a database.

    Tables that are missing are made. It may be repeated: a session's rows are replaced, never doubled.

    \b
    Examples:
      accountmap report store --with globex --dsn postgresql://anna@db.example.com/crm
      accountmap report store --with globex --dsn duckdb:///partners.duckdb --prefix globex_
    """
    from accountmap import account_map, write_sql

    if dsn is None:
        raise InputError("the results need a database", "Name it with --dsn.")
    password = database_password(dsn_password_fd, ask=ask_dsn_password)
    with workspace(context) as own:
        tables = write_sql(account_map(own, partner), dsn, password=password, prefix=prefix)
    for name in tables:
        emit(name)
