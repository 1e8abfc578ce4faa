"""Write the account map as files, each whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from accountmap.errors import InputError
from accountmap.overlap import AccountMap
from accountmap.report.csv_table import write_csv
from accountmap.report.page import render_page


def write_reports(account_map: AccountMap, folder: Path) -> list[Path]:
    """Write overlap, whitespace and matrix as CSV and as Parquet, and report.html.

    Files of the same names are replaced. docs/reports.md describes every file and column.

    Args:
        account_map: as from `build_map`.
        folder: made if it is missing.

    Returns:
        The files, the page first.

    Raises:
        InputError: the folder cannot be made or written.
    """
    tables = {"overlap": account_map.overlap, "whitespace": account_map.whitespace, "matrix": account_map.matrix}
    page = render_page(account_map).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _replacing(folder / "report.html") as to:
            to.write(page)
        for name, table in tables.items():
            with _replacing(folder / f"{name}.csv") as to:
                write_csv(table, to)
            with _replacing(folder / f"{name}.parquet") as to:
                pq.write_table(table, to, compression="zstd")
    except OSError as error:
        raise InputError(
            f"The reports cannot be written: {error.strerror or error}.",
            "Name a folder that you may write to, on a disk with room, and close the reports in other programs.",
        ) from error
    return [folder / "report.html", *(folder / f"{name}.{kind}" for name in tables for kind in ("csv", "parquet"))]


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """Write beside the path under another name, then rename: a reader sees the old file or the new one.

    Only the user who runs the program may read the new file.
    """
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as to:
            yield to
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
