"""`accountmap feed`: what partner systems import, as a file or to a webhook."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap.errors import WorkspaceError
from accountmap_cli.context import partner_option, workspace
from accountmap_cli.digest import send_option, targets_of
from accountmap_cli.output import as_json_text, emit, emit_csv, emit_json, plural, say

if TYPE_CHECKING:
    import pyarrow as pa

    from accountmap import Influence, Workspace
    from accountmap.workspace import PartnerRecord

_KINDS: Final = ("deals", "partners", "campaign", "learners")
_ALL_PARTNERS: Final = "partners"


@click.command("feed")
@click.argument("kind", type=click.Choice(_KINDS))
@partner_option("The partner; the feed partners is about all of them.", required=False)
@click.option("--campaign", default="", metavar="ID", help="The campaign in your CRM, for the feed campaign.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--json", "as_json", is_flag=True, help="As JSON: counts, and the rows with --names.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of this feed, and do nothing else.")
@click.option(
    "--names", is_flag=True, help="Put the rows themselves into JSON and into what is sent. [default: counts only]"
)
@send_option("the JSON", "such as jsons://host/path")
@click.pass_context
def feed_command(
    context: click.Context,
    kind: str,
    partner: str | None,
    campaign: str,
    output: Path | None,
    as_json: bool,
    schema: bool,
    names: bool,
    address: str | None,
) -> None:
    """Write what your partner systems import: registered deals, partners, a campaign or learners.

    \b
    deals      deals registered with one partner, for partner relationship management
    partners   all partners with their tiers, for partner relationship management
    campaign   the joint-marketing list with one partner, for through-channel marketing
    learners   the people whom one partner has shown, for learning management

    CSV has all rows; what is sent has only counts unless you add --names, and is recorded in the ledger each time.
    docs/feeds.md has every column.

    \b
    Examples:
      accountmap feed partners -o partners.csv
      accountmap feed deals --with globex -o deals.csv
      accountmap feed campaign --with globex --campaign 701000000000001AAA
      accountmap feed deals --with globex --names --send
    """
    from accountmap.files import write_atomic
    from accountmap.report.feeds import feed_document, feed_schema
    from accountmap.report.files import to_csv

    if schema:
        emit_json(feed_schema(kind))
        return
    if (partner is None) != (kind == _ALL_PARTNERS):
        raise click.UsageError(
            "Name one partner with --with." if partner is None else "This feed is about all partners: no --with."
        )
    targets = None if address is None else targets_of(address, "the feed")
    now = datetime.now(UTC)
    with workspace(context) as own:
        record = own.partner(partner) if partner else None
        table = _table(own, kind, record, campaign)
        name = record.card.name if record else None
        document = feed_document(kind, own.card.name, name, now, table, names=names)
        if targets is not None:
            _record(own, record, kind, table.num_rows, now, names=names)
            targets.send(f"{own.card.name}: {kind}", as_json_text(document), as_html=False)
            say(f"Sent to {plural(len(targets), 'address')}: {plural(table.num_rows, 'row')}{_how(names=names)}.")
    if output is not None:
        write_atomic(output, f"{as_json_text(document)}\n".encode() if as_json else b"".join(to_csv(table)))
        emit(str(output))
    elif targets is None and as_json:
        emit_json(document)
    elif targets is None:
        emit_csv(b"".join(to_csv(table)))


def _how(*, names: bool) -> str:
    return ", with names" if names else ", counted only"


def _table(own: "Workspace", kind: str, record: "PartnerRecord | None", campaign: str) -> "pa.Table":
    from accountmap import read_account_map, read_portfolio
    from accountmap.report import feeds
    from accountmap.session.co_selling import load_co_selling

    if record is None:
        return feeds.partners_feed(read_portfolio(own, tiers=_tiers(own)))
    if kind == "deals":
        return feeds.deals_feed(own.card.name, record.card.name, load_co_selling(own, record), _influence(own))
    account_map = read_account_map(own, record.slug)
    if kind == "campaign":
        return feeds.campaign_feed(account_map, campaign)
    return feeds.learners_feed(account_map, record.slug, read_portfolio(own, tiers=_tiers(own)))


def _tiers(own: "Workspace") -> Path | None:
    file = own.folder / "tiers.toml"
    return file if file.exists() else None


def _influence(own: "Workspace") -> "Influence | None":
    """Compute influence under the rule of the workspace, if deals are prepared."""
    from accountmap import read_influence
    from accountmap_cli.influence import rule_of

    if not (own.folder / "deals").exists():
        return None
    try:
        return read_influence(own, rule_of(own, None))
    except WorkspaceError as error:
        say(f"Without your own deals: {error}.")
        return None


def _record(
    own: "Workspace", record: "PartnerRecord | None", kind: str, rows: int, now: datetime, *, names: bool
) -> None:
    from accountmap.session.ledger_entries import record_feed

    for each in [record] if record else own.partners():
        record_feed(own, each, kind, rows, now, names=names)
