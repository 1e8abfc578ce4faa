"""Reading an account list from a file, a table or a SQL database."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Final

import pyarrow as pa

from accountmap.accounts.clean import ReadingOptions, interpret
from accountmap.accounts.csv import read_csv
from accountmap.accounts.excel import read_excel
from accountmap.accounts.headings import ACCOUNTS, ListKind, known_counter
from accountmap.accounts.raw_table import (
    LEAVE,
    TAKE,
    ArrowStream,
    CountKnown,
    RawList,
    from_arrow,
    from_stream,
    read_parquet,
)
from accountmap.accounts.schema import AccountList
from accountmap.databases import DatabaseAddress, open_database
from accountmap.errors import InputError, UsageError

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_REFUSED: Final = {
    b"\x1f\x8b": ("a gzip archive", "Unpack it first."),
    b"%PDF": ("a PDF document", "Export the list as CSV or XLSX."),
    b"<": ("an HTML or XML document", "Open it in Excel and save it as CSV UTF-8 or XLSX."),
    b"{": ("a JSON document", "Export the list as CSV or XLSX."),
    b"[": ("a JSON document", "Export the list as CSV or XLSX."),
}
"""First bytes of other files that often have names ending in .csv or .xls."""


@dataclass(frozen=True)
class FileOptions:
    """How the user wants a file to be read: `sheet`, `hidden_rows` and `encoding` of `read_accounts`."""

    sheets: tuple[str, ...] = ()
    hidden_rows: str | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, sheet: str | Sequence[str] | None, hidden_rows: str | None, encoding: str | None) -> "FileOptions":
        """Make them from the arguments of a caller.

        Raises:
            UsageError: `hidden_rows` is neither `take` nor `leave`.
        """
        if hidden_rows not in (None, TAKE, LEAVE):
            raise UsageError(f"hidden_rows is '{hidden_rows}'", f"Use {TAKE} or {LEAVE}.")
        sheets = (sheet,) if isinstance(sheet, str) else tuple(sheet or ())
        return cls(sheets, hidden_rows, encoding)


_LOCK_OF_OFFICE: Final = "~$"


def _refuse_old_office(path: Path) -> InputError:
    """Explain a file in the container of Office before 2007, which is also used for encrypted workbooks."""
    if _ENCRYPTED in path.read_bytes():
        return InputError("The workbook is protected by a password.", "Save a copy without a password.")
    return InputError("The workbook is in the format of Excel before 2007.", "Save it as XLSX or CSV UTF-8.")


def _read_raw(path: Path, count_known: CountKnown, options: FileOptions) -> RawList:
    """Read a file in the format that it has, whatever its name."""
    if path.name.startswith(_LOCK_OF_OFFICE):
        raise InputError(
            f"{path.name} is not a list: Office keeps it while the workbook is open.",
            f"Name the workbook itself: {path.name.removeprefix(_LOCK_OF_OFFICE)}",
        )
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(b"PK\x03\x04"):
        return read_excel(path, count_known, options.sheets, options.hidden_rows)
    if options.sheets:
        raise InputError(
            f"There is no sheet '{options.sheets[0]}': the file is not a workbook.", "Leave the sheet out."
        )
    if head.startswith(b"PAR1"):
        return read_parquet(path)
    if head.startswith(_OLD_OFFICE):
        raise _refuse_old_office(path)
    for start, (kind, hint) in _REFUSED.items():
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(start):
            raise InputError(f"The file is {kind}, not a list.", hint)
    return read_csv(path, count_known, options.encoding)


def read_accounts(
    source: str | PathLike[str] | ArrowStream,
    *,
    mapping: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    preset: str | None = None,
    sheet: str | Sequence[str] | None = None,
    hidden_rows: str | None = None,
    encoding: str | None = None,
    currency: str | None = None,
    persons: str | None = None,
) -> AccountList:
    """Read a company's account list from a file or a table.

    Args:
        source: path of a CSV, XLSX, ODS or Parquet file; or a table, which is anything with the Arrow PyCapsule
            interface: pandas, Polars, pyarrow, a DuckDB relation.
        mapping: column -> heading to read it from; an empty heading means: do not read the column.
        segments: value of the segment column -> customer, opportunity, prospect or ignore; takes precedence over
            the built-in ones. Accounts whose value is ignored are left out.
        preset: a CRM of docs/account-lists.md; None to recognise it by the headings.
        sheet: name of a sheet of a workbook, several names, or `all` for those with the same headings; None for
            the one with the most known headings.
        hidden_rows: `take` or `leave` the hidden rows of a workbook; None refuses a sheet that has some.
        encoding: the encoding of a CSV file; None to recognise it.
        currency: ISO 4217 code, for amounts that do not say theirs.
        persons: `take` also reads rows that are marked as private persons; None leaves them out.

    Raises:
        InputError: it cannot be read as an account list; the message says where and why.
        UsageError: it is neither a path nor a table, or it is a table with options that are for files.
    """
    options = ReadingOptions(mapping, segments, preset, currency, persons)
    raw, name = read_source(source, mapping, ACCOUNTS, FileOptions.of(sheet, hidden_rows, encoding))
    return replace(interpret(raw, options), source=name)


def read_source(
    source: str | PathLike[str] | ArrowStream,
    mapping: Mapping[str, str] | None,
    kind: ListKind,
    of_file: FileOptions,
) -> tuple[RawList, str]:
    """Read a file or a table of any kind of list.

    Returns:
        The list with its own headings, and what it was read from, for people.

    Raises:
        InputError: it cannot be read as a list.
        UsageError: it is neither a path nor a table, or it is a table with options that are for files.
    """
    if not isinstance(source, str | PathLike):
        if of_file != FileOptions():
            raise UsageError(
                "A table has neither sheets, hidden rows nor an encoding.", "Leave these options out."
            )
        return from_stream(source), f"a {type(source).__name__}"
    path = Path(source)
    try:
        return _read_raw(path, known_counter(mapping, kind), of_file), path.name
    except OSError as error:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a file.", f"Name the file with the {kind.rows}.") from None
        reason = (error.strerror or type(error).__name__).lower()
        raise InputError(
            f"The file {path} cannot be opened: {reason}.", "Check its path and permissions."
        ) from None


_LOG: Final = logging.getLogger(__name__)


def read_sql(
    statement: str,
    dsn: str,
    *,
    password: str | None = None,
    mapping: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    preset: str | None = None,
    currency: str | None = None,
    persons: str | None = None,
) -> AccountList:
    """Read a company's account list from PostgreSQL, SQLite or DuckDB.

    The columns of the result are recognised like the headings of a file; where they are not, use `select firm as
    name` or `mapping`. If the statement changes anything, the change is not kept.

    Args:
        statement: one SQL statement that returns one row for each account; of several, SQLite executes the first.
        dsn: `postgresql://user@host:port/name`, `sqlite:///file` or `duckdb:///file`, without a password.
        password: for PostgreSQL; None to take it from where libpq does, such as ~/.pgpass or a service file.
        mapping, segments, preset, currency, persons: as in `read_accounts`.

    Raises:
        InputError: the database refuses, or its rows cannot be read as an account list. The message contains
            neither the password nor the statement nor values of rows.
        BackendError: the driver is not installed.
    """
    options = ReadingOptions(mapping, segments, preset, currency, persons)
    raw, source = query_source(statement, dsn, password)
    return replace(interpret(raw, options), source=source)


def query_source(statement: str, dsn: str, password: str | None) -> tuple[RawList, str]:
    """Read what a statement returns, as any kind of list.

    Returns:
        The list with its own headings, and what it was read from, for people.

    Raises:
        InputError, BackendError: as `read_sql`.
    """
    with open_database(dsn, password) as database:
        table = database.query(statement)
    _LOG.info("read %d rows from a database", table.num_rows)
    _refuse_money(table.schema)
    return from_arrow(table), sql_source(statement, dsn)


def sql_source(statement: str, dsn: str) -> str:
    """Describe where a list came from, for people who know their databases, without anything secret.

    A statement may contain credentials (DuckDB attaches databases by one), so only its digest is shown.
    """
    digest = hashlib.sha256(" ".join(statement.split()).encode()).hexdigest()
    return f"{DatabaseAddress.parse(dsn)}, statement {digest[:8]}"


def _refuse_money(schema: pa.Schema) -> None:
    """Refuse PostgreSQL's type money, which arrives as a whole number of units whose size is not known."""
    for column in schema:
        if (column.metadata or {}).get(b"POSTGRESQL:type") == b"money":
            raise InputError(
                f"The column '{column.name}' has the type money.", "Select it as a number: amount::numeric."
            )
