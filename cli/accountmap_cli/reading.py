"""How a list is read: the options that say so, those of last time, and a file or a database."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from accountmap.errors import InputError
from accountmap_cli.context import Progress, existing_file, in_workspace, pairs
from accountmap_cli.output import say, with_options
from accountmap_cli.passphrase import database_options, database_password

if TYPE_CHECKING:
    from accountmap import AccountList, Prepared

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
    click.option("--currency", help="Currency of amounts that do not name one: EUR."),
)


reading_options: Final = with_options(
    *SOURCE_OPTIONS,
    click.option("--map", "mapping", multiple=True, metavar="NAME=HEADING,…", help="Your headings: name=Firma."),
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
        help="Sheet of a workbook; may be repeated; all means those with equal headings. "
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
    click.option("--afresh", is_flag=True, help="Read without the options that the last list was read with."),
)
"""Adds the argument and options that name what is read, and those that say how, and which keys are made."""


def read(options: Options) -> tuple["AccountList", "Prepared"]:
    """Read a list and make its match keys."""
    import pyarrow as pa

    from accountmap import prepare_accounts

    pa.set_memory_pool(
        pa.system_memory_pool()
    )  # Arrow's own keeps freed memory, a third of what a long list needs
    try:
        accounts = read_list(options)
    except InputError as error:
        if any(word in str(error) for word in options.get("as_last_time", ())):
            error.hint += " That option is from last time; --afresh reads without the options of last time."
        raise
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
        InputError: neither or both were named, or options are missing or do not apply.
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
        InputError: neither or both were named, or options are missing or do not apply.
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


_OPTION_NAMES: Final = {"mapping": "map", "segments": "segment", "sheets": "sheet"}
_PAIRS: Final = ("mapping", "segments")
_FILES: Final = ("decisions", "reference")
_OF_WORKBOOKS: Final = ("sheets", "hidden_rows")
_REPEATED: Final = (*_PAIRS, *_OF_WORKBOOKS, "encoding", "currency", "persons", *_FILES, "profile")
READING: Final = "reading"
"""The name under which the workspace remembers the options of the last list."""

_DEFAULTS: Final = (("persons", "leave"), ("profile", "standard"))
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".ods", ".xls")


def as_given(options: Options) -> str:
    """Return the file and the options that decide how it is read, ready to be pasted."""
    source = shlex.quote(str(options["file"])) if options["file"] else "--sql … --dsn …"
    return " ".join(filter(None, [source, in_words(options)]))


def in_words(options: Options) -> str:
    """Return the options that decide how a list is read, as they are typed."""
    parts: list[str] = []
    for name in _REPEATED:
        value = options.get(name)
        for each in value if isinstance(value, tuple) else [value]:
            if each and (name, each) not in _DEFAULTS:
                parts += ["--" + _OPTION_NAMES.get(name, name.replace("_", "-")), str(each)]
    return shlex.join(parts)


def last_reading(context: click.Context) -> Mapping[str, Any]:
    """Return the options with which the last list of the workspace was read; none outside a workspace."""
    return in_workspace(context, lambda own: own.remembered(READING)) or {}


def as_last_time(context: click.Context, options: Options, last: Mapping[str, Any]) -> Options:
    """Add the options of last time to those that were given, and say which.

    Each heading and each word for a segment is added that was not given, and each other option that was not given.
    """
    if options["afresh"] or not last:
        return options
    added: Options = {}
    for name in _REPEATED:
        if name not in last or not _applies(name, options["file"]):
            continue
        if name in _PAIRS:
            known = pairs(options[name], "--" + _OPTION_NAMES[name])
            added[name] = tuple(f"{key}={value}" for key, value in last[name].items() if key not in known)
        elif context.get_parameter_source(name) is ParameterSource.DEFAULT:
            added[name] = tuple(last[name]) if name == "sheets" else _again(name, last[name])
    merged = {name: (*options[name], *value) if name in _PAIRS else value for name, value in added.items()}
    if words := in_words(added):
        say(f"As last time: {words}")
        return options | merged | {"as_last_time": tuple(_words_of(added))}
    return options


def _words_of(added: Options) -> Iterator[str]:
    """Yield the headings, values, sheets and the like that the options name."""
    for value in added.values():
        for each in value if isinstance(value, tuple) else [value]:
            yield from filter(None, str(each).split("="))


def _applies(name: str, file: Path | None) -> bool:
    """Return whether an option applies to this kind of file."""
    if name in _OF_WORKBOOKS:
        return file is not None and file.suffix.lower() in _WORKBOOKS
    return name != "encoding" or (file is not None and file.suffix.lower() not in _WORKBOOKS)


def _again(name: str, value: str) -> str | Path:
    if name not in _FILES:
        return value
    if not Path(value).is_file():
        raise InputError(
            f"The file {value}, which was used last time, is not there.",
            f"Put it back, name another with --{name}, or add --afresh to read without the options of last time.",
        )
    return Path(value)


def to_remember(options: Options, last: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for the next list: those of this one, and last time's for other kinds of files."""
    kept = {} if options["afresh"] else {name: last[name] for name in _REPEATED if name in last}
    for name in _REPEATED:
        value = options[name]
        if not _applies(name, options["file"]):
            continue
        kept.pop(name, None)
        if name in _PAIRS:
            value = dict(pairs(value, "--" + _OPTION_NAMES[name]))
        elif name in _FILES and value:
            value = str(Path(value).resolve())
        if value and (name, value) not in _DEFAULTS:
            kept[name] = list(value) if name == "sheets" else value
    return kept
