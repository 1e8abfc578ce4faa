"""`accountmap report`: building and opening the reports of a session."""

from pathlib import Path

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.map import build as build_reports
from accountmap_cli.output import emit, emit_csv, say
from accountmap_cli.passphrase import database_options, database_password


@click.command()
@partner_option()
@database_options
@click.option("--prefix", default="accountmap_", show_default=True, help="Prefix of the names of the tables.")
@click.pass_context
def store(
    context: click.Context,
    partner: str,
    dsn: str | None,
    dsn_password_fd: int | None,
    ask_dsn_password: bool,
    prefix: str,
) -> None:
    """Write the results of the last session into a database: tables, and views of the current state.

    Missing tables are created. You can run it again: a session's rows are replaced, never doubled. The views show
    the last session with each partner, by partner and by account; docs/warehouse.md describes them, and a dbt
    source file.

    \b
    Examples:
      accountmap report store --with globex --dsn postgresql://anna@db.example.com/crm
      accountmap report store --with globex --dsn duckdb:///partners.duckdb --prefix globex_
    """
    from accountmap import read_account_map, write_sql

    if dsn is None:
        raise InputError("the results need a database", "Name it with --dsn.")
    password = database_password(dsn_password_fd, ask=ask_dsn_password)
    with workspace(context) as own:
        tables = write_sql(read_account_map(own, partner), dsn, password=password, prefix=prefix)
    for name in tables:
        emit(name)


@click.group()
def report() -> None:
    """Build and open the reports of the last session."""


@report.command()
@partner_option()
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--weights", type=existing_file(), help="TOML file that says what the score is made of.")
@click.option("--excel", is_flag=True, help="Mark the CSV files as UTF-8, for opening in Excel.")
@click.pass_context
def build(context: click.Context, partner: str, output: Path | None, weights: Path | None, excel: bool) -> None:
    """Write the reports: a page to open, a workbook, and tables as CSV and Parquet.

    \b
    Examples:
      accountmap report build --with globex -o ~/Desktop/globex
      accountmap report build --with globex --weights weights.toml
    """
    from accountmap import read_account_map, write_reports
    from accountmap.account_map import STANDARD_WEIGHTS, read_weights

    chosen = read_weights(weights) if weights else STANDARD_WEIGHTS
    with workspace(context) as own:
        folder = output or own.folder / "reports" / own.partner(partner).slug
        write_reports(read_account_map(own, partner, chosen), folder, excel=excel)
    emit(str(folder / "report.html"))


@report.command()
@partner_option()
@click.argument("file", type=existing_file(), required=False)
@click.pass_context
def review(context: click.Context, partner: str, file: Path | None) -> None:
    """Keep or reject matches: your decisions stay on this machine, and apply to later sessions too.

    Without FILE it prints the matches in doubt, with a column decision to fill in: keep, reject, or open to take a
    decision back. With FILE it reads the decisions; any table of the report works if you add that column.

    \b
    Examples:
      accountmap report review --with globex > review.csv
      accountmap report review --with globex review.csv
    """
    from accountmap import read_account_map
    from accountmap.report import review_csv
    from accountmap.workspace.user_files import add_reviews

    with workspace(context) as own:
        if file is None:
            emit_csv(review_csv(read_account_map(own, partner)))
            return
        decisions = add_reviews(own, partner, file)
    kept = sum(decision.keep for decision in decisions)
    say(f"Remembered for the matches with {partner}: {kept:,} kept, {len(decisions) - kept:,} rejected.")
    say(f"Build the reports again with: accountmap report build --with {partner}")


@report.command("open")
@partner_option()
@click.pass_context
def open_report(context: click.Context, partner: str) -> None:
    """Open the report in your browser.

    \b
    Example:
      accountmap report open --with globex
    """
    with workspace(context) as own:
        page = own.folder.resolve() / "reports" / own.partner(partner).slug / "report.html"
        if not page.exists():
            build_reports(own, partner, page.parent)
    say(f"Opening {page}. If nothing opens, open this file in a browser.")
    click.launch(str(page))
