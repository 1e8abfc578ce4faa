"""Write the account map as files, each whole or not at all."""

import io
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.errors import InputError
from accountmap.files import write_atomic
from accountmap.overlap import AccountMap
from accountmap.report.csv_table import to_csv
from accountmap.report.exports import hubspot_companies, linkedin_audience, salesforce_accounts, sellers_list
from accountmap.report.json_model import to_json
from accountmap.report.page import render_page
from accountmap.report.review_sheet import review_csv
from accountmap.report.tables import tables_of
from accountmap.report.workbook import render_workbook

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
