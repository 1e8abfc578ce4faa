"""Write the account map as files, each whole or not at all."""

import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from accountmap import __version__
from accountmap.account_map import AccountMap
from accountmap.accounts.cells import has_bytes, utf8
from accountmap.errors import InputError
from accountmap.files import write_atomic
from accountmap.influence import Influence
from accountmap.portfolio import Portfolio
from accountmap.report.crm import EXPORTS
from accountmap.report.html import render_page
from accountmap.report.influence_page import render_influence_page
from accountmap.report.influence_views import influence_tables
from accountmap.report.json_export import influence_to_json, portfolio_json, to_json
from accountmap.report.portfolio_page import render_portfolio
from accountmap.report.portfolio_views import portfolio_tables
from accountmap.report.safe_text import by_value, in_utc, spreadsheet_column
from accountmap.report.views import VIEW, tables_of
from accountmap.report.workbook import portfolio_workbook, render_influence_workbook, render_workbook

Content = Callable[[], bytes | Iterable[bytes]]
"""Makes the content of a file."""

_BATCH_ROWS: Final = 16_384

_EXACT: Final = 2.0**53
"""Up to here floating point holds every whole number exactly, and it is written with all its digits."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def to_csv(table: pa.Table, *, excel: bool = False) -> Iterator[bytes]:
    """Write, in parts, a heading line and one line per row; null is empty, true and false are those words.

    Lines are joined by Arrow, column by column: Python would take some ten times as long for each cell.

    Args:
        excel: begin with a byte order mark, without which Excel takes UTF-8 for another encoding when a file is
            opened by a double click. Plain UTF-8 readers would read it as a part of the first heading.
    """
    heading = pa.table([[name] for name in table.column_names], names=table.column_names)
    yield _BYTE_ORDER_MARK * excel + b"".join(_lines(heading, _quoted))
    yield from _lines(table, lambda column: _quoted(spreadsheet_column(column)))


def _lines(table: pa.Table, written: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> Iterator[bytes]:
    """Write the rows, batch by batch.

    Args:
        written: writes a column of strings.
    """
    for start in range(0, table.num_rows, _BATCH_ROWS):
        part = table.slice(start, _BATCH_ROWS)
        *cells, last = [written(c) if pa.types.is_string(c.type) else _plain(c) for c in part.columns]
        if not cells:  # readers skip an empty line
            last = pc.if_else(pc.equal(pc.fill_null(last, ""), ""), '""', last)
        end = pc.binary_join_element_wise(pc.fill_null(last, ""), "\r\n", "")
        lines = pc.binary_join_element_wise(*cells, end, ",", null_handling="replace", null_replacement="")
        yield utf8(lines.combine_chunks())


def _quoted(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Quote the cells that need it (RFC 4180)."""
    return by_value(column, _quoted_where_special) if has_bytes(column, b'",\r\n') else column


def _quoted_where_special(column: pa.ChunkedArray) -> pa.ChunkedArray:
    special = pc.match_substring_regex(column, '[",\r\n]')
    doubled = pc.replace_substring(column, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), column)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column that is not text: its cells need no quotes."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(in_utc(column), "%Y-%m-%dT%H:%M:%SZ")
    if pa.types.is_floating(column.type):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less_equal(pc.abs(column), _EXACT))
        digits = pc.if_else(whole, column, None).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(digits, column.cast(pa.string()))
    return column.cast(pa.string())


_FOR_PEOPLE: Final = ("sellers.csv", "review.csv")
"""Files that people open by a double click, and that no program but ours reads."""


def review_csv(account_map: AccountMap) -> bytes:
    """Write the matches in doubt: review.csv without its byte order mark."""
    return b"".join(to_csv(VIEW["review"].rows(account_map)))


def write_reports(account_map: AccountMap, folder: str | PathLike[str], *, excel: bool = False) -> list[Path]:
    """Write the page, the workbook, the JSON document, each view as CSV and as Parquet, and the import files.

    Files of the same names are replaced, unless they are what the last call wrote from the same map; only the user
    who runs the program may read the new ones. docs/reports.md describes every file and column.

    Args:
        account_map: as from `build_map`.
        folder: made if it is missing.
        excel: begin the views' CSV files with a byte order mark, for Excel; the import files never have one.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder cannot be made or written.
    """
    contents = report_contents(account_map, excel=excel)
    made_of = hashlib.sha256(repr(_described((__version__, excel, account_map))).encode()).hexdigest()
    return _write_once(Path(folder), contents, made_of)


def report_contents(account_map: AccountMap, *, excel: bool = False) -> dict[str, Content]:
    """Return the functions that make the files of `write_reports`, by file name."""
    contents: dict[str, Content] = {
        "report.html": lambda: render_page(account_map).encode(),
        "report.json": partial(to_json, account_map),
        "report.xlsx": partial(render_workbook, account_map),
    }
    contents |= _table_files(tables_of(account_map), excel=excel)
    return contents | {name: partial(_exported, name, account_map) for name in EXPORTS}


def write_portfolio(portfolio: Portfolio, folder: str | PathLike[str], *, excel: bool = False) -> list[Path]:
    """Write the portfolio's page, workbook and JSON document, and each view as CSV and as Parquet.

    All of it is for the own company alone. docs/portfolio.md describes every file and column.

    Args:
        portfolio: as from `read_portfolio`.
        folder, excel: as for `write_reports`.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder cannot be made or written.
    """
    contents: dict[str, Content] = {
        "portfolio.html": lambda: render_portfolio(portfolio).encode(),
        "portfolio.json": partial(portfolio_json, portfolio),
        "portfolio.xlsx": partial(portfolio_workbook, portfolio),
    }
    return _write(Path(folder), contents | _table_files(portfolio_tables(portfolio), excel=excel))


def write_portfolio_page(portfolio: Portfolio, folder: str | PathLike[str]) -> Path:
    """Write the portfolio's page alone, for looking at it: the tables take several times as long.

    Raises:
        InputError: as for `write_portfolio`.
    """
    return _write(Path(folder), {"portfolio.html": lambda: render_portfolio(portfolio).encode()})[0]


def _table_files(tables: Mapping[str, pa.Table], *, excel: bool) -> dict[str, Content]:
    found: dict[str, Content] = {}
    for name, table in tables.items():
        file = f"{name}.csv"
        found |= {
            file: partial(to_csv, table, excel=excel or file in _FOR_PEOPLE),
            f"{name}.parquet": partial(_to_parquet, table),
        }
    return found


def write_influence(influence: Influence, folder: str | PathLike[str], *, excel: bool = False) -> list[Path]:
    """Write what partners do for revenue: page, workbook, JSON document, and each view as CSV and as Parquet.

    Args:
        influence: as from `read_influence`.
        folder, excel: as in `write_reports`. docs/influence.md describes every file and column.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder cannot be made or written.
    """
    contents: dict[str, Content] = {
        "influence.html": lambda: render_influence_page(influence).encode(),
        "influence.json": partial(influence_to_json, influence),
        "influence.xlsx": partial(render_influence_workbook, influence),
        "influence.toml": influence.rules.text.encode,
    }
    return _write(Path(folder), contents | _table_files(influence_tables(influence), excel=excel))


WRITTEN: Final = ".written.json"
"""Records in a folder of reports what they were made from, and which files they are; missing while they are
written."""


def _write_once(folder: Path, contents: Mapping[str, Content], made_of: str) -> list[Path]:
    """Write files, unless those last written are there, unchanged, and made from the same."""
    note, files = folder / WRITTEN, [folder / name for name in contents]
    if _read(note) == {"made_of": made_of, "files": _state(files)}:
        return files
    with _refusal():
        note.unlink(missing_ok=True)
    _write(folder, contents)
    with _refusal():
        write_atomic(note, json.dumps({"made_of": made_of, "files": _state(files)}).encode())
    return files


def _read(note: Path) -> object:
    try:
        return json.loads(note.read_bytes())
    except (OSError, ValueError):
        return None


def _state(files: list[Path]) -> dict[str, list[int]]:
    """Return size and times, in nanoseconds, of the files that are there.

    A file's modification time can be set back, but not the time at which the file system last recorded a change.
    """
    found = {}
    for file in files:
        with suppress(OSError):
            about = file.stat()
            found[file.name] = [about.st_size, about.st_mtime_ns, about.st_ctime_ns]
    return found


def _described(value: object) -> object:
    """Return a description that tells an account map from all others, the same in every process."""
    if isinstance(value, pa.Table):
        hashed = hashlib.sha256(str(value.schema).encode())
        for batch in value.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS):
            hashed.update(batch.serialize())
        return hashed.hexdigest()
    if isinstance(value, Mapping):
        return sorted((repr(key), repr(_described(member))) for key, member in value.items())
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    if isinstance(value, tuple | list):
        return [_described(member) for member in value]
    if is_dataclass(value):
        return [(member.name, _described(getattr(value, member.name))) for member in fields(value)]
    if value is None or isinstance(value, str | int | float | date):
        return repr(value)
    raise TypeError(f"what makes one {type(value).__name__} differ from another is not known")


@contextmanager
def _refusal() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"The reports cannot be written: {error.strerror}.",
            "Name a folder that you may write to, on a disk with room, and close the reports in other programs.",
        ) from error


def _write(folder: Path, contents: Mapping[str, Content]) -> list[Path]:
    with _refusal():
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():  # one at a time: for large lists they are large
            write_atomic(folder / name, content())
    return [folder / name for name in contents]


def _exported(name: str, account_map: AccountMap) -> Iterator[bytes]:
    yield from to_csv(EXPORTS[name](account_map), excel=name in _FOR_PEOPLE)


def _to_parquet(table: pa.Table) -> bytes:
    to = io.BytesIO()
    pq.write_table(table, to, compression="zstd")
    return to.getvalue()
