"""Write the account map as files, each whole or not at all."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from accountmap.account_map import REST_SCHEMA, REVIEW_COLUMNS, AccountMap
from accountmap.account_map.schema import first_of_each
from accountmap.errors import InputError
from accountmap.files import write_atomic
from accountmap.report.crm import hubspot_companies, linkedin_audience, salesforce_accounts, sellers_list
from accountmap.report.html import render_page
from accountmap.report.json_export import to_json
from accountmap.report.safe_text import spreadsheet_column
from accountmap.report.workbook import render_workbook


def tables_of(account_map: AccountMap) -> dict[str, pa.Table]:
    """Return each table by its name, as docs/reports.md describes them."""
    return {
        "overlap": account_map.overlap,
        "conflicts": account_map.conflicts,
        "their_customers": account_map.their_customers,
        "whitespace": account_map.whitespace,
        "theirs_without_me": REST_SCHEMA.empty_table() if account_map.rest is None else account_map.rest,
        "coverage": account_map.coverage,
        "campaign": account_map.campaign,
        "budget": account_map.budget,
        "matrix": account_map.matrix,
        "changes": account_map.history.changes,
        "sessions": account_map.history.sessions,
    }


_BATCH_ROWS: Final = 16_384


def to_csv(table: pa.Table) -> Iterator[bytes]:
    """Write, in parts, a heading line and one line a row; null is empty, true and false are those words.

    A byte order mark would make the first heading unreadable to plain UTF-8 readers.
    """
    yield _lines([table.column_names])
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        part = pa.Table.from_batches([batch])
        yield _lines(zip(*(_cells(column) for column in part.columns), strict=True))


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    to = io.StringIO(newline="")
    csv.writer(to).writerows(rows)
    return to.getvalue().encode()


def _cells(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_string(column.type):
        column = spreadsheet_column(column)
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_timestamp(column.type):
        column = pc.strftime(column.cast(pa.timestamp("s", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    values: list[object] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [int(x) if isinstance(x, float) and x.is_integer() else x for x in values]
    return values


_TO_READ_BY: Final = (
    "doubt",
    "name",
    "their_name",
    "domain",
    "website",
    "their_website",
    "country",
    "their_country",
    "owner_name",
    "match_id",
)


def review_csv(account_map: AccountMap) -> bytes:
    """Write one row a match in doubt: the columns of a review, the decision blank, and what to judge it by.

    An entity is named by its first account.
    """
    rows = account_map.to_review
    rows = rows.take(pa.array(first_of_each(rows["match_id"])))
    table = rows.append_column("decision", pa.nulls(rows.num_rows, pa.string()))
    return b"".join(to_csv(table.select([*REVIEW_COLUMNS, *_TO_READ_BY])))


EXPORTS: Final = {
    "salesforce.csv": salesforce_accounts,
    "hubspot.csv": hubspot_companies,
    "linkedin.csv": linkedin_audience,
    "sellers.csv": sellers_list,
}
"""What each import file is made by."""


def write_reports(account_map: AccountMap, folder: str | PathLike[str]) -> list[Path]:
    """Write the page, the workbook, the JSON document, each table as CSV and as Parquet, and the import files.

    Files of the same names are replaced; only the user who runs the program may read the new ones.
    docs/reports.md describes every file and column.

    Args:
        account_map: as from `build_map`.
        folder: made if it is missing.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder cannot be made or written.
    """
    contents: dict[str, Callable[[], bytes | Iterable[bytes]]] = {
        "report.html": lambda: render_page(account_map).encode(),
        "report.json": partial(to_json, account_map),
        "report.xlsx": partial(render_workbook, account_map),
    }
    for name, table in tables_of(account_map).items():
        contents |= {f"{name}.csv": partial(to_csv, table), f"{name}.parquet": partial(_to_parquet, table)}
    contents |= {name: partial(_exported, export, account_map) for name, export in EXPORTS.items()}
    contents["review.csv"] = partial(review_csv, account_map)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():  # one at a time: those of large lists are large
            write_atomic(folder / name, content())
    except OSError as error:
        raise InputError(
            f"The reports cannot be written: {error.strerror}.",
            "Name a folder that you may write to, on a disk with room, and close the reports in other programs.",
        ) from error
    return [folder / name for name in contents]


def _exported(export: Callable[[AccountMap], pa.Table], account_map: AccountMap) -> Iterator[bytes]:
    yield from to_csv(export(account_map))


def _to_parquet(table: pa.Table) -> bytes:
    to = io.BytesIO()
    pq.write_table(table, to, compression="zstd")
    return to.getvalue()
