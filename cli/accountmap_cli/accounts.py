"""`accountmap accounts`: reading, checking and preparing the own list."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, pairs, workspace
from accountmap_cli.output import emit, emit_json, plural, say, table

if TYPE_CHECKING:
    from accountmap import AccountList, Prepared


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how a file is read."""
    options = [
        click.option(
            "--map",
            "mapping",
            multiple=True,
            metavar="NAME=HEADING,…",
            help="Columns by your headings: name=Firma.",
        ),
        click.option(
            "--segment",
            "segments",
            multiple=True,
            metavar="VALUE=SEGMENT,…",
            help="Your words for customer, opportunity and prospect: Kunde=customer.",
        ),
        click.option("--sheet", help="Sheet of an Excel file. [default: the one that looks like a list]"),
        click.option("--profile", help="Match keys to make. [default: the fullest]"),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read(
    file: Path, mapping: tuple[str, ...], segments: tuple[str, ...], sheet: str | None, profile: str | None
) -> tuple["AccountList", "Prepared"]:
    """Read a file and prepare it, telling the user what was made of it."""
    from accountmap import PROFILES, prepare_accounts, read_accounts

    chosen = PROFILES.get(profile) if profile else next(iter(PROFILES.values()))
    if chosen is None:
        raise InputError(f"there is no profile {profile}", f"Profiles: {', '.join(PROFILES)}.")
    accounts = read_accounts(
        file, mapping=pairs(mapping, "--map") or None, segments=pairs(segments, "--segment") or None, sheet=sheet
    )
    return accounts, prepare_accounts(accounts, chosen)


@click.group()
def accounts() -> None:
    """Read, check and prepare your account list. Nothing leaves."""


@accounts.command()
@click.argument("file", type=existing_file())
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(file: Path, as_json: bool, **options: Any) -> None:
    """Say what is in a list, what will be matched, and what to mend first.

    Needs no workspace, writes nothing, sends nothing.

    \b
    Examples:
      accountmap accounts check accounts.csv
      accountmap accounts check kunden.xlsx --map name=Firma,domain=Web --segment Kunde=customer
    """
    accounts, prepared = read(file, **options)
    if as_json:
        emit_json(profile_of(accounts, prepared))
    else:
        show(accounts, prepared)
        say(f"Nothing was written and nothing has left. Next: accountmap accounts prepare {file}")


@accounts.command()
@click.argument("file", type=existing_file())
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def prepare(context: click.Context, /, file: Path, as_json: bool, **options: Any) -> None:
    """Prepare a list for sessions and keep it in the workspace.

    Your accounts stay in the workspace folder; nothing leaves.

    \b
    Example:
      accountmap accounts prepare accounts.csv
    """
    with workspace(context) as own:
        accounts, prepared = read(file, **options)
        kept = own.save_list(accounts, prepared, file.name, datetime.now(UTC))
    summary = {"list": kept.id, "accounts": len(accounts), "entities": prepared.entities.num_rows}
    if as_json:
        emit_json(summary)
    else:
        emit(
            f"{plural(len(accounts), 'account')} are {plural(prepared.entities.num_rows, 'entity')}; "
            f"kept as list {kept.id}."
        )
        for note in accounts.notes:
            say(f"  {note}")


def profile_of(accounts: "AccountList", prepared: "Prepared") -> dict[str, Any]:
    """Describe a list for a machine."""
    columns = accounts.table
    slots = prepared.keys["slot"].to_pylist()
    return {
        "accounts": len(accounts),
        "entities": prepared.entities.num_rows,
        "columns": {
            name: {"from": accounts.source_columns.get(name), "filled": len(accounts) - columns[name].null_count}
            for name in columns.column_names
            if columns[name].null_count < len(accounts)
        },
        "segments": {
            name: prepared.entities["segment"].to_pylist().count(name)
            for name in sorted(set(prepared.entities["segment"].to_pylist()))
        },
        "keys": {slot.name: slots.count(n) for n, slot in enumerate(prepared.profile.slots)},
        "entities_without_key": prepared.entities.num_rows - len(set(prepared.keys["entity"].to_pylist())),
        "notes": list(accounts.notes),
    }


def show(accounts: "AccountList", prepared: "Prepared") -> None:
    """Describe a list for people."""
    about = profile_of(accounts, prepared)
    emit(f"{plural(about['accounts'], 'account')}, {plural(about['entities'], 'entity')}.\n")
    rows = [(name, column["from"] or "", column["filled"]) for name, column in about["columns"].items()]
    emit(table(["column", "read from", "filled"], rows) + "\n")
    emit(table(["segment", "entities"], list(about["segments"].items())) + "\n")
    emit(table(["match key", "entities that have it"], list(about["keys"].items())))
    emit(f"\nWithout any key, and so never matched: {plural(about['entities_without_key'], 'entity')}.")
    for note in about["notes"]:
        emit(f"  {note}")
