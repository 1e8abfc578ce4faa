"""`accountmap accounts`: reading, checking and preparing a list. `accountmap reference`: building a public one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import AccountmapError, InputError
from accountmap.model import segment_count
from accountmap_cli.agreement_options import USUAL_FIELDS
from accountmap_cli.context import existing_file, in_workspace, workspace
from accountmap_cli.output import emit, emit_json, plural, say, table
from accountmap_cli.reading import (
    READING,
    as_given,
    as_last_time,
    last_reading,
    read,
    reading_options,
    to_remember,
)
from accountmap_cli.words import CAPACITY, capacity_in_words

if TYPE_CHECKING:
    from accountmap import AccountList, Prepared, Workspace
    from accountmap.preflight import Preflight
    from accountmap.session import Capacity
    from accountmap.workspace import PartnerRecord


@click.group()
def accounts() -> None:
    """Read, check and prepare your account list. Nothing leaves this machine."""


@accounts.command()
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Say what is in a list, what will be matched, and what to fix first.

    It needs no workspace, writes nothing and sends nothing. In a workspace, it reads the list in the way the last
    one was read. The examples that it shows are from your list: do not pass them on.

    \b
    Examples:
      accountmap accounts check accounts.csv
      accountmap accounts check kunden.xlsx --map name=Firma,domain=Web --segment Kunde=customer
    """
    from accountmap import check_accounts

    merged = as_last_time(context, options, last_reading(context))
    accounts, prepared = read(merged)
    found = check_accounts(accounts, prepared, decisions=merged["decisions"])
    if as_json:
        values = {"read_from": accounts.source_columns, "notes": list(accounts.notes)}
        emit_json({**found.to_dict(), **values, "empty_shared_fields": empty_fields(accounts)})
    else:
        show(accounts, found)
        for partner, capacity in in_workspace(context, lambda own: capacities(own, accounts, prepared)) or ():
            emit(f"\n{capacity_in_words(capacity, partner)}")
        say("\nNothing was written, and nothing has left this machine.")
        say(f"Next: accountmap accounts prepare {as_given(options)}")


@accounts.command()
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def prepare(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Prepare a list for sessions and keep it in the workspace.

    Your accounts stay in the workspace folder; nothing leaves this machine. The options for headings, segments,
    sheets and the like are remembered, and used for the next list too until you give others.

    \b
    Examples:
      accountmap accounts prepare accounts.csv
      accountmap accounts prepare accounts.csv --profile identifiers --decisions pairs.csv
      accountmap accounts prepare --sql "SELECT id, name, website FROM accounts" --dsn postgresql://anna@db/crm
    """
    with workspace(context) as own:
        company = own.identity.card.name  # asks for the passphrase now, not after the work
        last = own.remembered(READING)
        merged = as_last_time(context, options, last)
        accounts, prepared = read(merged)
        kept_names = names_kept(own, prepared)
        facts = {READING: to_remember(merged, last)}
        kept = own.save_list(accounts, prepared, accounts.source, datetime.now(UTC), facts=facts)
        capacities = remember_capacities(own, kept.id, accounts, prepared)
    entities = prepared.entities.num_rows
    if as_json:
        emit_json({"list": kept.id, "accounts": len(accounts), "entities": entities})
    else:
        counts = f"{plural(len(accounts), 'account')}, {plural(entities, 'company')}"
        emit(f"{counts}; kept as list {kept.id} of {company}.")
        for note in accounts.notes:
            say(f"  {note}")
        for remark in accounts.remarks:
            say(f"  {counted(remark.what, remark.count)} {remark.advice}")
        if kept_names is not None and kept_names < LEAST_KEPT:
            say(
                f"  Only {kept_names:.0%} of the companies on the previous list are on this one. If it is the "
                "wrong list, prepare the right one: map uses the list prepared last."
            )
        for partner, capacity in capacities:
            say(capacity_in_words(capacity, partner))


LEAST_KEPT: Final = 0.5
"""The least share of names that a list is expected to have in common with the one before it."""


def names_kept(own: "Workspace", prepared: "Prepared") -> float | None:
    """Return what share of the last list's names are on another list; None if there is no list of enough names."""
    import pyarrow.compute as pc

    try:
        before = own.entities(own.current_list().id)
    except AccountmapError:
        return None
    names = pc.unique(before["full_name"].drop_null())
    if len(names) < LEAST_COMPARED:
        return None
    return float(
        pc.mean(pc.is_in(names, value_set=pc.unique(prepared.entities["full_name"])).cast("float64")).as_py()
    )


LEAST_COMPARED: Final = 20


def capacities(
    own: "Workspace", accounts: "AccountList", prepared: "Prepared"
) -> list[tuple["PartnerRecord", "Capacity"]]:
    """Return how a list fits the agreement in force with each partner, for those that have one."""
    from accountmap.session import capacity_of

    found = ((each, capacity_of(own, each, datetime.now(UTC), accounts, prepared)) for each in own.partners())
    return [(partner, capacity) for partner, capacity in found if capacity is not None]


def remember_capacities(
    own: "Workspace", list_id: int, accounts: "AccountList", prepared: "Prepared"
) -> list[tuple["PartnerRecord", "Capacity"]]:
    """Remember which segments of a list fill an agreement, for `status`, which does not open the list."""
    found = capacities(own, accounts, prepared)
    with own.transaction():
        facts = {
            capacity.agreement.digest.hex(): {
                "list": list_id,
                "too_many": list(capacity.too_many),
                "nearly_full": list(capacity.nearly_full),
            }
            for _, capacity in found
        }
        own.remember(CAPACITY, facts)
    return found


@accounts.command()
@click.argument("name")
@click.option("--domain", help="Domain, website or e-mail address.")
@click.option("--country", help="Country, as your list has it.")
@click.option("--region", help="State, province or canton.")
@click.option("--city", help="City.")
@click.option("--postal-code", help="Postal code.")
@click.option("--phone", help="Phone number.")
@click.option("--profile", default="standard", show_default=True, help="Which match keys to make.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(profile: str, as_json: bool, **account: str | None) -> None:
    """Show step by step how a company's name becomes match keys.

    Two accounts can match if they have a key in common; run it for both to see why they do, or do not. Region,
    city, postal code and phone make no key.

    \b
    Examples:
      accountmap accounts explain "Müller GmbH & Co. KG" --domain mueller.example --country Germany
      accountmap accounts explain "株式会社トヨタ" --region Aichi --country JP --phone 0565-28-2121
    """
    from accountmap.linkage.keys import explain as explained
    from accountmap.linkage.prepared import PROFILES

    chosen = PROFILES.get(profile)
    if chosen is None:
        raise InputError(f"There is no profile {profile}.", f"Profiles: {', '.join(PROFILES)}.")
    found = explained(account, chosen)
    if as_json:
        emit_json(
            {
                "steps": [{"what": step.what, "result": step.result} for step in found.steps],
                "keys": [
                    {"slot": k.slot.name, "strength": k.slot.strength, "key": k.value, "rule": k.rule}
                    for k in found.keys
                ],
            }
        )
        return
    emit(table(["step", "result"], [(step.what, step.result or "nothing") for step in found.steps]))
    rows = [(k.slot.name, k.slot.strength, k.value or "none", k.rule or "") for k in found.keys]
    emit("\n" + table(["slot", "evidence", "key", "rule"], rows))


def show(accounts: "AccountList", found: "Preflight") -> None:
    """Describe a list for people: what it is, what will match, what to fix."""
    of_segments = ", ".join(segment_count(segment, count) for segment, count in found.segments.items())
    emit(f"{plural(found.accounts, 'account')}, {plural(found.entities, 'company')}: {of_segments}.")
    for note in accounts.notes:
        emit(f"  {note}")
    show_columns(found, empty_fields(accounts))
    show_segments(found, accounts.source_columns.get("segment"))
    keys = [(c.name, c.filled, f"{c.share:.0%}") for c in found.keys]
    emit("\n" + table(["match key", "companies", "of all"], keys))
    emit(f"\n{found.matchable.share:.0%} of the companies can match, {found.strong.share:.0%} on strong evidence.")
    emit(f"{found.preview.share:.0%} have a full name; estimates before a reveal count only these.")
    for finding in found.findings:
        emit(f"\n{counted(finding.what, finding.count)}\n  {finding.advice}")
        for example in finding.examples:
            names = " / ".join(
                f"{i} {n or '(no name)'}" for i, n in zip(example.account_ids, example.names, strict=True)
            )
            repeated = example.names == (example.text,)
            emit(f"  {names}" if repeated else f"  {names}: {example.text}" if names else f"  {example.text}")


def counted(what: str, count: int) -> str:
    """Put the count of what was found at the end of the sentence about it."""
    return f"{what.rstrip('.')}: {count:,}."


_VALUES_WIDTH: Final = 60


def show_columns(found: "Preflight", empty: list[str]) -> None:
    """Show every column of the list as it came."""
    rows = []
    for column in found.list_columns:
        read_as = ", ".join(column.read_as) or ("not read; stays here" if column.filled else "empty")
        values = " | ".join(column.values)
        shown = values if len(values) <= _VALUES_WIDTH else values[: _VALUES_WIDTH - 1] + "…"
        rows.append((column.heading, read_as, f"{column.filled / max(1, column.of):.0%}", shown))
    if rows:
        emit("\n" + table(["your column", "read as", "filled", "first values"], rows))
    usual = [name for name in empty if name in USUAL_FIELDS]
    if usual:
        emit(f"\nAgreements usually show these for shared companies, but your list has none: {_named(usual)}.")
    if others := [name for name in empty if name not in USUAL_FIELDS]:
        emit(f"\nAn agreement could also show these, but your list has none: {_named(others)}.")


def _named(fields: list[str]) -> str:
    return ", ".join(field.replace("_", " ") for field in fields)


def empty_fields(accounts: "AccountList") -> list[str]:
    """List the columns that an agreement may share and that are empty in this list."""
    from accountmap.model import SHARED_FIELDS

    columns = accounts.table
    return [
        name
        for name in SHARED_FIELDS
        if name in columns.column_names and columns[name].null_count == columns.num_rows
    ]


def show_segments(found: "Preflight", heading: str | None) -> None:
    """Show which segment each value of the segment column was read as."""
    if not found.segment_values:
        return
    rows = [
        (
            value.value or "(blank)",
            value.count,
            value.segment if value.known else f"{value.segment} (unknown word)",
        )
        for value in found.segment_values
    ]
    emit("\n" + table([heading or "segment", "rows", "counts as"], rows))


@click.group()
def reference() -> None:
    """Build a reference list, so that different names of one company match."""


@reference.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--gleif", type=existing_file(), help="GLEIF golden copy, Level 1, as CSV.")
@click.option(
    "--extract", "extracts", multiple=True, type=existing_file(), help="Table of names, as in docs/matching.md."
)
def build(output: Path, gleif: Path | None, extracts: tuple[Path, ...]) -> None:
    """Build a reference list from public files.

    Both partners need the same list: its digest is in the agreement. docs/matching.md says where to find the files
    and what an extract looks like.

    \b
    Examples:
      accountmap reference build reference.jsonl --gleif lei2-golden-copy.csv --extract wikidata.csv
      accountmap accounts prepare accounts.csv --profile identifiers --reference reference.jsonl
    """
    from accountmap.linkage.reference import build_reference

    if gleif is None and not extracts:
        raise InputError("There is nothing to build from.", "Give --gleif or --extract.")
    built = build_reference(output, gleif, extracts)
    emit(str(output))
    say(f"{built.entries:,} companies; digest {built.digest}")
