"""`accountmap influence`: what partners contribute to revenue, under a written rule."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, is_fresh, is_same_rule, workspace
from accountmap_cli.output import emit, say, write_for_editing
from accountmap_cli.passphrase import database_options, database_password

if TYPE_CHECKING:
    from accountmap import Workspace

RULES: Final = "influence.toml"
"""A file of the workspace that is used if no other is named."""

_INPUTS: Final = ("accountmap.db", RULES, "deals/current", "profiles/*", "reviews/*")
"""What the page is made from: if any of it is newer, the page is old."""


@click.group()
def influence() -> None:
    """Show what partners contribute to your revenue, by a written rule. Nothing leaves this machine."""


@influence.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--agreed-with", metavar="NAME", help="Write the rule that your agreement with this partner names.")
@click.pass_context
def rules(context: click.Context, file: Path | None, agreed_with: str | None) -> None:
    """Write the standard rule with its explanations into a file, for you to change.

    Without FILE it writes influence.toml in the workspace, which `influence build` reads. Agree on the rule with
    finance, and with your partners (`agreement new --credit-rule`), before anybody sees a number: every report
    names the digest of its rule.

    \b
    Examples:
      accountmap influence rules
      accountmap influence rules ~/rules/2026.toml
      accountmap influence rules --agreed-with globex
    """
    from accountmap.influence import DEFAULT_RULES
    from accountmap.session.influence import agreed_rules

    text = DEFAULT_RULES
    if file is None or agreed_with:
        with workspace(context) as own:
            file = file or own.folder / RULES
            if agreed_with:
                text = agreed_rules(own, own.partner(agreed_with), datetime.now(UTC).date())
    write_for_editing(file, text)


@influence.command()
@click.option(
    "--rules",
    "rules_file",
    type=existing_file(),
    help="The rule. [default: influence.toml of the workspace, if any]",
)
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--excel", is_flag=True, help="Mark the CSV files as UTF-8, for opening in Excel.")
@click.pass_context
def build(context: click.Context, rules_file: Path | None, output: Path | None, excel: bool) -> None:
    """Write what partners contribute to revenue: a page to open, a workbook, and tables as CSV and Parquet.

    \b
    Examples:
      accountmap influence build
      accountmap influence build --rules ~/rules/2026.toml -o ~/Desktop/influence
    """
    with workspace(context) as own:
        folder = output or own.folder / "reports" / "influence"
        emit(str(write(own, rules_file, folder, excel=excel)))


@influence.command()
@database_options
@click.option(
    "--rules",
    "rules_file",
    type=existing_file(),
    help="The rule. [default: influence.toml of the workspace, if any]",
)
@click.option("--prefix", default="accountmap_", show_default=True, help="Prefix of the names of the tables.")
@click.pass_context
def store(
    context: click.Context,
    dsn: str | None,
    dsn_password_fd: int | None,
    ask_dsn_password: bool,
    rules_file: Path | None,
    prefix: str,
) -> None:
    """Write what partners contribute to revenue into a database: tables, and views by partner and by deal.

    Missing tables are created. You can run it again: the rows of the last run are replaced. docs/warehouse.md
    describes the views, and a dbt source file for them.

    \b
    Examples:
      accountmap influence store --dsn postgresql://anna@db.example.com/crm
      accountmap influence store --dsn duckdb:///partners.duckdb
    """
    from accountmap import read_influence, write_sql

    if dsn is None:
        raise InputError("the results need a database", "Name it with --dsn.")
    password = database_password(dsn_password_fd, ask=ask_dsn_password)
    with workspace(context) as own:
        found = read_influence(own, rule_of(own, rules_file))
    for name in write_sql(found, dsn, password=password, prefix=prefix):
        emit(name)


@influence.command("open")
@click.pass_context
def open_page(context: click.Context) -> None:
    """Open the page in your browser; it is built first if there is anything new.

    \b
    Example:
      accountmap influence open
    """
    from accountmap.influence import DEFAULT_RULES

    with workspace(context) as own:
        page = own.folder / "reports" / "influence" / "influence.html"
        same = is_same_rule(page.parent / RULES, rule_of(own, None), DEFAULT_RULES)
        if not same or not is_fresh(page, own.folder, _INPUTS):
            write(own, None, page.parent, excel=False)
    say(f"Opening {page}")
    click.launch(str(page))


def write(own: "Workspace", rules_file: Path | None, folder: Path, *, excel: bool) -> Path:
    """Write the files, print a summary, and return the page."""
    from accountmap import read_influence, write_influence
    from accountmap.report import influence_summary

    chosen = rule_of(own, rules_file)
    found = read_influence(own, chosen)
    page, *_ = write_influence(found, folder, excel=excel)
    for sentence in influence_summary(found):
        say(sentence)
    for note in found.notes:
        say(f"  {note}")
    say(f"The rule: {chosen or 'the standard one; accountmap influence rules writes it'}.")
    return page


def rule_of(own: "Workspace", named: Path | None) -> Path | None:
    """Return the rule that was named, or that of the workspace; None for the standard one."""
    kept = own.folder / RULES
    return named or (kept if kept.is_file() else None)
