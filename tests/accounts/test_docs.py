"""docs/account-lists.md says what the code does."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa

from accountmap.accounts.amounts import read_amounts
from accountmap.accounts.cells import LONGEST
from accountmap.accounts.csv import HEADER_SEARCH_ROWS
from accountmap.accounts.dates import read_dates
from accountmap.accounts.schema import ACCOUNT_SCHEMA
from accountmap.accounts.workbook_parts import MOST_BYTES, MOST_CELLS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "account-lists.md").read_text("utf-8")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_tables_are_those_of_the_code() -> None:
    command = [sys.executable, str(ROOT / "tools" / "build_account_list_docs.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0, "run tools/build_account_list_docs.py"


def test_all_columns_are_described() -> None:
    cells = [line.split("|")[1] for line in section("Columns").splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", "".join(cells))) == sorted(ACCOUNT_SCHEMA.names)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"up to {HEADER_SEARCH_ROWS} rows" in PAGE
    assert f"over {LONGEST:,} characters" in PAGE
    assert f"more than {MOST_BYTES >> 30} GiB" in PAGE
    assert f"more than {MOST_CELLS // 10**6} million cells" in PAGE


def test_the_examples_of_amounts_are_read() -> None:
    examples = re.findall(r"`([^`]+)`", section("Amounts").split(" are read.")[0])
    assert len(examples) == 7
    for example in examples:
        amounts, _ = read_amounts(pa.chunked_array([[example]]), "Amount")
        assert amounts.null_count == 0


def test_the_examples_of_dates_are_read() -> None:
    examples = re.findall(r"`([^`]+)`", " ".join(section("Dates").split()).split(" and the day numbers")[0])
    assert len(examples) == 7
    dates, _ = read_dates(pa.chunked_array([examples]), "Last activity")
    assert set(dates.to_pylist()) == {date(2026, 3, 31)}
