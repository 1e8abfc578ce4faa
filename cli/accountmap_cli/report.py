"""`accountmap report`: building and opening the reports of a session."""

from pathlib import Path

import click

from accountmap_cli.context import workspace
from accountmap_cli.map import build as build_reports
from accountmap_cli.output import emit, say


@click.group()
def report() -> None:
    """Build and open the reports of the last session."""


@report.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.pass_context
def build(context: click.Context, partner: str, output: Path | None) -> None:
    """Write the reports: a page to open, and tables as CSV and Parquet.

    \b
    Example:
      accountmap report build --with globex -o ~/Desktop/globex
    """
    with workspace(context) as own:
        folder = output or own.folder / "reports" / own.partner(partner).slug
        build_reports(own, partner, folder)
    emit(str(folder / "report.html"))


@report.command("open")
@click.option("--with", "partner", required=True, help="Your partner.")
@click.pass_context
def open_report(context: click.Context, partner: str) -> None:
    """Open the report in your browser.

    \b
    Example:
      accountmap report open --with globex
    """
    with workspace(context) as own:
        page = own.folder / "reports" / own.partner(partner).slug / "report.html"
        if not page.exists():
            build_reports(own, partner, page.parent)
    say(f"Opening {page}")
    click.launch(str(page))
