"""`accountmap accounts`: reading, checking, explaining and preparing the own list."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from accountmap.errors import InputError
from accountmap_cli.context import Progress, existing_file, pairs, workspace
from accountmap_cli.output import emit, emit_json, plural, say, table

if TYPE_CHECKING:
    from accountmap import AccountList, Preflight, Prepared

Options = dict[str, Any]
"""The values of `reading_options`, by name."""

LONG_LIST: Final = 25_000
"""Accounts from which on all cores are worth the second that it takes to start them."""

In = TypeVar("In")
Out = TypeVar("Out")


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how a file is read and which keys are made."""
    options = [
        click.option(
            "--map", "mapping", multiple=True, metavar="NAME=HEADING,…", help="Your headings: name=Firma."
        ),
        click.option(
            "--segment",
            "segments",
            multiple=True,
            metavar="VALUE=SEGMENT,…",
            help="Your words for customer, opportunity and prospect: Kunde=customer.",
        ),
        click.option("--sheet", help="Sheet of an Excel file. [default: the one that looks like a list]"),
        click.option("--profile", help="Which match keys to make. [default: eight]"),
        click.option("--decisions", type=existing_file(), help="CSV of pairs that are, or are not, one company."),
        click.option("--reference", type=existing_file(), help="Reference list, for profiles that use one."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read(file: Path, options: Options) -> tuple["AccountList", "Prepared"]:
    """Read a file and make its match keys."""
    from accountmap import (
        DEFAULT_PROFILE,
        PROFILES,
        load_reference,
        prepare_accounts,
        read_accounts,
        read_decisions,
    )

    profile = PROFILES.get(options["profile"] or DEFAULT_PROFILE)
    if profile is None:
        raise InputError(f"there is no profile {options['profile']}", f"Profiles: {', '.join(PROFILES)}.")
    accounts = read_accounts(
        file,
        mapping=pairs(options["mapping"], "--map") or None,
        segments=pairs(options["segments"], "--segment") or None,
        sheet=options["sheet"],
    )
    decisions = read_decisions(options["decisions"]) if options["decisions"] else ()
    reference = None
    if any(slot.name == "reference" for slot in profile.slots):
        reference = load_reference(options["reference"]) if options["reference"] else load_reference()
    spread = map if len(accounts) < LONG_LIST else on_all_cores
    return accounts, prepare_accounts(accounts, profile, decisions, reference, spread)


def on_all_cores(function: Callable[[In], Out], parts: Sequence[In]) -> Iterator[Out]:
    """Work on the parts of a list in one process a core, and show how far that is."""
    from accountmap import ProcessExecutor

    progress = Progress("making match keys")
    for done, result in enumerate(ProcessExecutor().map(function, parts), start=1):
        progress(done, len(parts))
        yield result


@click.group()
def accounts() -> None:
    """Read, check and prepare your account list. Nothing leaves."""


@accounts.command()
@click.argument("file", type=existing_file())
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(file: Path, as_json: bool, **options: Any) -> None:
    """Say what is in a list, what will be matched, and what to mend first.

    Needs no workspace, writes nothing, sends nothing. The examples are from your list: do not pass them on.

    \b
    Examples:
      accountmap accounts check accounts.csv
      accountmap accounts check kunden.xlsx --map name=Firma,domain=Web --segment Kunde=customer
    """
    from accountmap import check as judge
    from accountmap import read_decisions

    accounts, prepared = read(file, options)
    decisions = read_decisions(options["decisions"]) if options["decisions"] else ()
    found = judge(accounts, prepared, decisions)
    if as_json:
        emit_json({**found.to_dict(), "read_from": accounts.source_columns, "notes": list(accounts.notes)})
    else:
        show(accounts, found)
        say(f"\nNothing was written and nothing has left. Next: accountmap accounts prepare {file}")


@accounts.command()
@click.argument("file", type=existing_file())
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def prepare(context: click.Context, /, file: Path, as_json: bool, **options: Any) -> None:
    """Prepare a list for sessions and keep it in the workspace.

    Your accounts stay in the workspace folder; nothing leaves.

    \b
    Examples:
      accountmap accounts prepare accounts.csv
      accountmap accounts prepare accounts.csv --profile nine --decisions pairs.csv
    """
    with workspace(context) as own:
        accounts, prepared = read(file, options)
        kept = own.save_list(accounts, prepared, file.name, datetime.now(UTC))
    entities = prepared.entities.num_rows
    if as_json:
        emit_json({"list": kept.id, "accounts": len(accounts), "entities": entities})
    else:
        emit(f"{plural(len(accounts), 'account')}, {plural(entities, 'entity')}; kept as list {kept.id}.")
        for note in accounts.notes:
            say(f"  {note}")


@accounts.command()
@click.argument("name")
@click.option("--domain", help="Domain, website or e-mail address.")
@click.option("--country", help="Country, as it stands in the list.")
@click.option("--profile", help="Which match keys to make. [default: eight]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(name: str, domain: str | None, country: str | None, profile: str | None, as_json: bool) -> None:
    """Show step by step how a company's name becomes match keys.

    Two accounts can match if they have a key in common; run it for both to see why they do, or do not.

    \b
    Examples:
      accountmap accounts explain "Müller GmbH & Co. KG" --domain mueller.example --country Germany
      accountmap accounts explain "株式会社トヨタ"
    """
    from accountmap import DEFAULT_PROFILE, PROFILES
    from accountmap import explain as explained

    chosen = PROFILES.get(profile or DEFAULT_PROFILE)
    if chosen is None:
        raise InputError(f"there is no profile {profile}", f"Profiles: {', '.join(PROFILES)}.")
    found = explained({"name": name, "domain": domain, "country": country}, chosen)
    if as_json:
        emit_json(
            {
                "steps": [{"what": step.what, "result": step.result} for step in found.steps],
                "keys": [
                    {"slot": k.slot.name, "tier": k.slot.tier, "key": k.value, "rule": k.rule} for k in found.keys
                ],
            }
        )
        return
    emit(table(["step", "result"], [(step.what, step.result or "nothing") for step in found.steps]))
    rows = [(k.slot.name, k.slot.tier, k.value or "none", k.rule or "") for k in found.keys]
    emit("\n" + table(["slot", "evidence", "key", "rule"], rows))


def show(accounts: "AccountList", found: "Preflight") -> None:
    """Describe a list for people: what it is, what will match, what to mend."""
    of_segments = ", ".join(f"{count:,} {segment}" for segment, count in found.segments.items())
    emit(f"{plural(found.accounts, 'account')}, {plural(found.entities, 'entity')}: {of_segments}.")
    for note in accounts.notes:
        emit(f"  {note}")
    columns = [
        (c.name, accounts.source_columns.get(c.name, ""), c.filled, f"{c.share:.0%}") for c in found.columns
    ]
    emit("\n" + table(["column", "read from", "filled", "of accounts"], [c for c in columns if c[2]]))
    keys = [(c.name, c.filled, f"{c.share:.0%}") for c in found.keys]
    emit("\n" + table(["match key", "entities", "of all"], keys))
    emit(f"\n{found.matchable.share:.0%} of the entities can match, {found.strong.share:.0%} on strong evidence.")
    emit(f"The preview counts those with the key {found.preview.name}: {found.preview.share:.0%}.")
    for finding in found.findings:
        emit(f"\n{finding.what.rstrip('.')}: {finding.count:,}. {finding.advice}")
        for example in finding.examples:
            names = " / ".join(
                f"{i} {n or '(no name)'}" for i, n in zip(example.account_ids, example.names, strict=True)
            )
            emit(f"  {names}: {example.text}")
