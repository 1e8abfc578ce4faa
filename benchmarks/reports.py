"""Time what is made of a session: the account map, the page, the workbook.

    python benchmarks/reports.py --size 50000 --runs 5
    python benchmarks/reports.py --size 500000 --folder reports

The workbook's largest sheet is also written by XlsxWriter alone, cell by cell, in turn with ours; the median over
the pairs says how many times as long that takes. All times are processor time; other work on the machine slows
both alike. With `--folder`, all files are written there instead, and each is timed.
"""

import argparse
import io
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from xlsxwriter import Workbook

from accountmap.account_map import CELLS, MATCH_SCHEMA, AccountMap, SessionResult, build_map
from accountmap.account_map.schema import WITHHELD_SCHEMA
from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.files import write_atomic
from accountmap.linkage.prepared import (
    DEFAULT_PROFILE,
    ENTITY_SCHEMA,
    KEY_SCHEMA,
    MEMBER_SCHEMA,
    PROFILES,
    Prepared,
)
from accountmap.report.files import report_contents
from accountmap.report.html import render_page
from accountmap.report.workbook import render_workbook
from accountmap.report.xlsx import with_rows

SHOWN = ("name", "country", "owner_name", "owner_email")


def account_list(size: int, draw: random.Random) -> AccountList:
    rows = [
        {
            "account_id": f"001Qw{at:010}",
            "name": f"Example company {at}",
            "domain": f"company-{at}.example",
            "country": draw.choice(("Germany", "France", "Japan", None)),
            "industry": draw.choice(("Steel", "Software", "Health", None)),
            "employees": draw.choice((7, 140, 12_000, None)),
            "segment": draw.choice(SEGMENTS),
            "owner_name": f"Owner {draw.randrange(50)}",
            "owner_email": "owner@northwind.example",
            "amount": float(draw.randrange(1_000_000)),
        }
        for at in range(size)
    ]
    return AccountList(pa.Table.from_pylist(rows, schema=ACCOUNT_SCHEMA), pa.table({}))


def prepared_list(accounts: AccountList) -> Prepared:
    ids = accounts.table["account_id"]
    numbers = pa.array(range(len(accounts)), pa.int32())
    return Prepared(
        PROFILES[DEFAULT_PROFILE],
        pa.table([ids, accounts.table["segment"], accounts.table["name"]], schema=ENTITY_SCHEMA),
        pa.table([ids, numbers], schema=MEMBER_SCHEMA),
        KEY_SCHEMA.empty_table(),
    )


def session(accounts: AccountList, shared: int, draw: random.Random) -> SessionResult:
    slot = PROFILES[DEFAULT_PROFILE].slots[0].name
    rows = [
        {
            "match_id": f"{draw.getrandbits(128):032x}",
            "entity": at,
            "their_segment": draw.choice(SEGMENTS),
            "weight": 4,
            "strength": "strong",
            "evidence": [slot],
            "contradiction": [],
        }
        for at in range(shared)
    ]
    return SessionResult(
        session_id="00" * 32,
        own_name="Northwind",
        partner_name="Contoso",
        finished=datetime(2026, 3, 2, tzinfo=UTC),
        partner_sizes=dict.fromkeys(SEGMENTS, shared),
        matches=pa.Table.from_pylist(rows, schema=MATCH_SCHEMA),
        their_fields=accounts.table.slice(0, shared).select(SHOWN),
        receipt="00" * 32,
        reveals=(),
        named_cells=frozenset(CELLS),
        shown_fields=dict.fromkeys(CELLS, (SHOWN, SHOWN)),
        rules=(),
        withheld=WITHHELD_SCHEMA.empty_table(),
    )


def by_cell(table: pa.Table) -> bytes:
    """Write one sheet as XlsxWriter's documentation advises for large ones."""
    to = io.BytesIO()
    with Workbook(to, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, values in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 1):
            for at, value in enumerate(values):
                if isinstance(value, str):
                    sheet.write_string(row, at, value)
                elif value is not None:
                    sheet.write_number(row, at, value)
    return to.getvalue()


def by_column(table: pa.Table) -> bytes:
    to = io.BytesIO()
    with Workbook(to, {"in_memory": True}) as book:
        book.add_worksheet().write_string(0, 0, "Account")
    return with_rows(to.getvalue(), {1: table})


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(account_map: AccountMap, runs: int) -> dict[str, float]:
    table = account_map.overlap.drop_columns(["last_activity"])
    pairs = [(seconds(lambda: by_cell(table)), seconds(lambda: by_column(table))) for _ in range(runs)]
    return {
        "page_seconds": round(seconds(lambda: render_page(account_map)), 2),
        "page_bytes": len(render_page(account_map).encode()),
        "workbook_seconds": round(seconds(lambda: render_workbook(account_map)), 2),
        "sheet_times_as_long_by_cell": round(statistics.median(cell / column for cell, column in pairs), 1),
    }


def measure_files(account_map: AccountMap, folder: Path) -> dict[str, object]:
    """Write all files, and return the processor time of each in seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    files = report_contents(account_map)
    taken = {
        name: seconds(lambda made=made, name=name: write_atomic(folder / name, made()))
        for name, made in files.items()
    }
    return {
        "files": {name: round(each, 2) for name, each in taken.items()},
        "files_seconds": round(sum(taken.values()), 2),
        "bytes": sum((folder / name).stat().st_size for name in files),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--size", type=int, default=50_000, help="Shared accounts.")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--folder", type=Path, help="Write all files there, and time each.")
    chosen = options.parse_args()
    pa.set_memory_pool(pa.system_memory_pool())  # as the command line does
    draw = random.Random(1)  # noqa: S311 made-up accounts, not secrets
    accounts = account_list(chosen.size * 6 // 5, draw)
    prepared, result = prepared_list(accounts), session(accounts, chosen.size, draw)
    start = time.process_time()
    account_map = build_map(accounts, prepared, result)
    built = {"size": chosen.size, "map_seconds": round(time.process_time() - start, 2)}
    found = measure_files(account_map, chosen.folder) if chosen.folder else measure(account_map, chosen.runs)
    json.dump(built | found, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
