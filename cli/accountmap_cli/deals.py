"""`accountmap deals`: reading, checking and preparing your own deals."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import WorkspaceError
from accountmap_cli.context import existing_file, pairs, workspace
from accountmap_cli.output import emit, emit_json, plural, say, table, with_options
from accountmap_cli.reading import FILE_OPTIONS, SOURCE_OPTIONS, from_file_or_database

if TYPE_CHECKING:
    from accountmap import AccountList, Workspace
    from accountmap.accounts.schema import DealList, Remark

Options = dict[str, Any]


_reading_options: Final = with_options(
    *SOURCE_OPTIONS,
    click.option(
        "--map", "mapping", multiple=True, metavar="NAME=HEADING,…", help="Your headings: amount=Volumen."
    ),
    click.option(
        "--outcome",
        "outcomes",
        multiple=True,
        metavar="VALUE=OUTCOME,…",
        help="Your words for won, lost and open: Auftrag=won.",
    ),
    click.option(
        "--stage-date",
        "stage_dates",
        multiple=True,
        metavar="STAGE=HEADING,…",
        help="Your headings for the day on which a deal entered a stage: Proposal=Proposal sent.",
    ),
    click.option("--touches", type=existing_file(), help="File with what partners did: partner, kind, day, deal."),
    click.option(
        "--map-touches", multiple=True, metavar="NAME=HEADING,…", help="Headings of that file: kind=Art."
    ),
    click.option("--sheet", "sheets", multiple=True, help="Sheet of a workbook; may be repeated."),
    *FILE_OPTIONS,
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
"""Adds the argument and options that name what is read, and those that say how."""


def read(options: Options) -> "DealList":
    """Read the file or the statement that the user named, and the touches.

    Raises:
        InputError: neither or both were named, or options are missing or do not apply.
    """
    from dataclasses import replace

    from accountmap.accounts.deals import DealOptions, read_deals, read_deals_sql, read_touches

    how = DealOptions(
        mapping=pairs(options["mapping"], "--map") or None,
        outcomes=pairs(options["outcomes"], "--outcome") or None,
        stage_dates=pairs(options["stage_dates"], "--stage-date") or None,
        currency=options["currency"],
    )
    deals = from_file_or_database(
        options,
        "Deals are",
        lambda file, **of_file: read_deals(file, how, **of_file),
        lambda statement, dsn, password: read_deals_sql(statement, dsn, how, password=password),
    )
    if options["touches"]:
        mapping = pairs(options["map_touches"], "--map-touches") or None
        deals = replace(deals, touches=read_touches(options["touches"], mapping))
    return deals


@click.group()
def deals() -> None:
    """Read, check and prepare your own deals, from which influence is computed. Nothing leaves this machine."""


@deals.command()
@_reading_options
@click.pass_context
def check(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Say what is in a list of deals, and what to fix before anything is computed from it.

    It writes nothing and sends nothing. In a workspace with a prepared account list, it also checks whether the
    deals' accounts are on it. The examples that it shows are ids of your deals.

    \b
    Examples:
      accountmap deals check opportunities.csv
      accountmap deals check chancen.xlsx --map amount=Volumen --outcome Auftrag=won
    """
    found = read(options)
    show(found, _prepared_accounts(context), as_json=as_json)
    if not as_json:
        say("\nNothing was written, and nothing has left this machine.")
        say("Next: accountmap deals prepare with the same options.")


@deals.command()
@_reading_options
@click.pass_context
def prepare(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Keep your deals in the workspace, replacing those that were prepared before. Nothing leaves this machine.

    \b
    Examples:
      accountmap deals prepare opportunities.csv --touches partner-activities.csv
      accountmap deals prepare --sql @deals.sql --dsn postgresql://anna@db/crm
    """
    from accountmap.workspace.user_files import save_deals

    found = read(options)
    with workspace(context) as own:
        save_deals(own, found, datetime.now(UTC))
        accounts = _accounts_of(own)
    show(found, accounts, as_json=as_json)
    if not as_json:
        say("\nKept in the workspace. Next: accountmap influence build")


def _prepared_accounts(context: click.Context) -> "AccountList | None":
    """Read the prepared account list, if there is a workspace with one."""
    try:
        with workspace(context) as own:
            return _accounts_of(own)
    except WorkspaceError:
        return None


def _accounts_of(own: "Workspace") -> "AccountList | None":
    try:
        return own.load_list(own.current_list().id)[0]
    except WorkspaceError:
        return None


_DECIDED: Final = ("is_won", "is_lost", "is_closed", "outcome", "stage")


def show(found: "DealList", accounts: "AccountList | None", *, as_json: bool) -> None:
    """Show what was read, and what to fix."""
    from accountmap.accounts.deal_findings import count_outcomes, deal_findings

    remarks = deal_findings(found, accounts, datetime.now(UTC).date())
    counts = count_outcomes(found)
    if as_json:
        emit_json(
            {
                "deals": len(found),
                **counts,
                "touches": found.touches.num_rows,
                "stage_dates": found.stages.num_rows,
                "read_from": found.source_columns,
                "notes": list(found.notes),
                "findings": [
                    {"kind": r.kind, "what": r.what, "advice": r.advice, "count": r.count, "examples": r.examples}
                    for r in remarks
                ],
            }
        )
        return
    words = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.items())
    emit(f"{plural(len(found), 'deal')}: {words}; {plural(found.touches.num_rows, 'touch')}.")
    emit("\n" + table(["read as", "from"], [*found.source_columns.items()]))
    decided = [found.source_columns[name] for name in _DECIDED if name in found.source_columns]
    say(f"\nWon, lost or open is decided by: {', '.join(decided) or 'nothing; all count as open'}.")
    for note in found.notes:
        say(f"  {note}")
    _show_findings(remarks)


def _show_findings(remarks: tuple["Remark", ...]) -> None:
    for remark in remarks:
        examples = f" For example: {', '.join(remark.examples)}." if remark.examples else ""
        emit(f"\n{remark.count:,}  {remark.what}{examples}\n  {remark.advice}")
    if not remarks:
        emit("\nNothing to fix was found.")
