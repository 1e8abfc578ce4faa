"""`accountmap accounts`: reading, checking and preparing a list. `accountmap reference`: building a public one."""

import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from accountmap.errors import InputError
from accountmap.model import segment_count
from accountmap_cli.agreement_options import USUAL_FIELDS
from accountmap_cli.context import Progress, existing_file, pairs, workspace
from accountmap_cli.output import emit, emit_json, plural, say, table
from accountmap_cli.passphrase import database_options, database_password

if TYPE_CHECKING:
    from accountmap import AccountList, Prepared
    from accountmap.preflight import Preflight

_Read = TypeVar("_Read")
Options = dict[str, Any]
"""The values of `reading_options`, by name."""

SOURCE_OPTIONS: Final = (
    click.argument("file", type=existing_file(), required=False),
    click.option("--sql", metavar="STATEMENT|@FILE", help="Read the rows of this statement instead of a file."),
    database_options,
)
FILE_OPTIONS: Final = (
    click.option(
        "--hidden-rows",
        type=click.Choice(["take", "leave"]),
        help="What to do with rows of a workbook that a filter hides. [default: stop]",
    ),
    click.option("--encoding", help="Encoding of a CSV file, such as Shift-JIS. [default: recognised]"),
    click.option("--currency", help="Currency of amounts that do not say theirs: EUR."),
)


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what is read, and the options that say how and which keys are made."""
    options = [
        *SOURCE_OPTIONS,
        click.option(
            "--map", "mapping", multiple=True, metavar="NAME=HEADING,…", help="Your headings: name=Firma."
        ),
        click.option(
            "--segment",
            "segments",
            multiple=True,
            metavar="VALUE=SEGMENT,…",
            help="Your words for customer, opportunity and prospect, or ignore: Kunde=customer.",
        ),
        click.option(
            "--sheet",
            "sheets",
            multiple=True,
            help="Sheet of a workbook; may be repeated; all: those with equal headings. "
            "[default: the one that looks like a list]",
        ),
        *FILE_OPTIONS,
        click.option(
            "--persons",
            type=click.Choice(["take", "leave"]),
            default="leave",
            show_default=True,
            help="What to do with rows that are marked as private persons.",
        ),
        click.option("--profile", default="standard", show_default=True, help="Which match keys to make."),
        click.option("--decisions", type=existing_file(), help="CSV of pairs that are, or are not, one company."),
        click.option("--reference", type=existing_file(), help="Reference list, for profiles that use one."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read(options: Options) -> tuple["AccountList", "Prepared"]:
    """Read a list and make its match keys."""
    import pyarrow as pa

    from accountmap import prepare_accounts

    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keeps what was freed, a third of a long list's need.
    accounts = read_list(options)
    prepared = prepare_accounts(
        accounts,
        options["profile"],
        decisions=options["decisions"],
        reference=options["reference"],
        progress=Progress("Making match keys"),
    )
    return accounts, prepared


def read_list(options: Options) -> "AccountList":
    """Read the file or the statement that the user named.

    Raises:
        InputError: neither, both, or a part of what belongs together.
    """
    from accountmap import read_accounts, read_sql

    how = {
        "mapping": pairs(options["mapping"], "--map") or None,
        "segments": pairs(options["segments"], "--segment") or None,
        "currency": options["currency"],
        "persons": options["persons"],
    }
    return from_file_or_database(options, "A list is", partial(read_accounts, **how), partial(read_sql, **how))


def from_file_or_database(
    options: Options, what: str, read_file: Callable[..., _Read], read_statement: Callable[..., _Read]
) -> _Read:
    """Read the file or the statement that the user named.

    Args:
        what: the beginning of an error: "A list is".
        read_file: takes the file, and `sheet`, `hidden_rows` and `encoding`.
        read_statement: takes the statement and the address of the database, and `password`.

    Raises:
        InputError: neither, both, or a part of what belongs together.
    """
    file, statement, dsn = options["file"], options["sql"], options["dsn"]
    of_file = {"sheet": options["sheets"], "hidden_rows": options["hidden_rows"], "encoding": options["encoding"]}
    if file and not statement and not dsn:
        return read_file(file, **of_file)
    if file or not statement or not dsn or any(of_file.values()):
        raise InputError(
            f"{what} read from a file or from a database.",
            "Give FILE, or both --sql and --dsn. --sheet, --hidden-rows and --encoding are for files.",
        )
    if statement.startswith("@"):
        statement = text_of(Path(statement[1:]))
    password = database_password(options["dsn_password_fd"], ask=options["ask_dsn_password"])
    return read_statement(statement, dsn, password=password)


def text_of(file: Path) -> str:
    """Read a file that holds a statement.

    Raises:
        InputError: it cannot be read as text.
    """
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The statement in {file} cannot be read.", "Check its path; write it in UTF-8."
        ) from error


@click.group()
def accounts() -> None:
    """Read, check and prepare your account list. Nothing leaves."""


@accounts.command()
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(as_json: bool, **options: Any) -> None:
    """Say what is in a list, what will be matched, and what to fix first.

    Needs no workspace, writes nothing, sends nothing. The examples are from your list: do not pass them on.

    \b
    Examples:
      accountmap accounts check accounts.csv
      accountmap accounts check kunden.xlsx --map name=Firma,domain=Web --segment Kunde=customer
    """
    from accountmap import check_accounts

    accounts, prepared = read(options)
    found = check_accounts(accounts, prepared, decisions=options["decisions"])
    if as_json:
        values = {"read_from": accounts.source_columns, "notes": list(accounts.notes)}
        emit_json({**found.to_dict(), **values, "empty_shared_fields": empty_fields(accounts)})
    else:
        show(accounts, found)
        say(f"\nNothing was written and nothing has left. Next: accountmap accounts prepare {as_given(options)}")


_OPTION_NAMES: Final = {"mapping": "map", "segments": "segment", "sheets": "sheet"}
_REPEATED: Final = (*_OPTION_NAMES, "hidden_rows", "encoding", "currency", "persons", "decisions", "reference")


def as_given(options: Options) -> str:
    """Write the file and the options that decide how it is read, so that they can be pasted."""
    parts = [str(options["file"])] if options["file"] else ["--sql", "…", "--dsn", "…"]
    for name in _REPEATED:
        value = options[name]
        for each in value if isinstance(value, tuple) else [value]:
            if each and (name, each) != ("persons", "leave"):
                parts += ["--" + _OPTION_NAMES.get(name, name.replace("_", "-")), str(each)]
    return " ".join(shlex.quote(part) if part != "…" else part for part in parts)


@accounts.command()
@reading_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def prepare(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Prepare a list for sessions and keep it in the workspace.

    Your accounts stay in the workspace folder; nothing leaves.

    \b
    Examples:
      accountmap accounts prepare accounts.csv
      accountmap accounts prepare accounts.csv --profile identifiers --decisions pairs.csv
      accountmap accounts prepare --sql "SELECT id, name, website FROM accounts" --dsn postgresql://anna@db/crm
    """
    with workspace(context) as own:
        company = own.identity.card.name  # asks for the passphrase now, not after the work
        accounts, prepared = read(options)
        kept = own.save_list(accounts, prepared, accounts.source, datetime.now(UTC))
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


@accounts.command()
@click.argument("name")
@click.option("--domain", help="Domain, website or e-mail address.")
@click.option("--country", help="Country, as the list has it.")
@click.option("--region", help="State, province or canton; like the next three, makes no key.")
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
    """Put a number to what was found, at its end."""
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
        emit(f"\nAgreements usually show these of shared companies, and your list has none: {_named(usual)}.")
    if others := [name for name in empty if name not in USUAL_FIELDS]:
        emit(f"\nAn agreement could also show these, and your list has none: {_named(others)}.")


def _named(fields: list[str]) -> str:
    return ", ".join(field.replace("_", " ") for field in fields)


def empty_fields(accounts: "AccountList") -> list[str]:
    """List the columns that an agreement may share and that hold nothing in this list."""
    from accountmap.model import SHARED_FIELDS

    columns = accounts.table
    return [
        name
        for name in SHARED_FIELDS
        if name in columns.column_names and columns[name].null_count == columns.num_rows
    ]


def show_segments(found: "Preflight", heading: str | None) -> None:
    """Show what each value of the column that tells the segment was taken for."""
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
    """Build a reference list, so that different names of one company meet."""


@reference.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--gleif", type=existing_file(), help="GLEIF golden copy, Level 1, as CSV.")
@click.option("--extract", "extracts", multiple=True, type=existing_file(), help="Table of names, as documented.")
def build(output: Path, gleif: Path | None, extracts: tuple[Path, ...]) -> None:
    """Build a reference list from public files.

    Both partners need the same list: its digest is in the agreement. docs/matching.md says where the files are
    found and what an extract looks like.

    \b
    Example:
      accountmap reference build reference.jsonl --gleif lei2-golden-copy.csv --extract wikidata.csv
      accountmap accounts prepare accounts.csv --profile identifiers --reference reference.jsonl
    """
    from accountmap.linkage.reference import build_reference

    if gleif is None and not extracts:
        raise InputError("There is nothing to build from.", "Give --gleif or --extract.")
    built = build_reference(output, gleif, extracts)
    emit(str(output))
    say(f"{built.entries:,} companies; digest {built.digest}")
