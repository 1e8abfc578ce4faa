"""Write a table of companies and their present and former names from what the SEC publishes.

    python tools/build_reference_sec.py OUT.csv edgartools-2.29.1.whl edgartools-5.6.1.whl edgartools-5.62.1.whl

The wheels of edgartools (PyPI) carry EDGAR's cumulative list of names by CIK (`entities.parquet`, up to 2.29) and
its lists of companies with a ticker (`company_tickers`). They are works of the United States government and in the
public domain. The table goes to `accountmap reference build --extract`.

Most of them are American, and the list does not say which are not, so all count in the United States. A name that
several companies have is left out, unless one of them is listed and bears it today. So are names that are not
distinctive, those of funds, partnerships, brokers and shells, and whoever has one name only.
"""

import csv
import io
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from accountmap.linkage.distinctiveness import is_distinctive
from accountmap.linkage.names import parse, squash

_NO_COMPANY = (
    "funds?",
    "trusts?",
    r"l\.?\s?p\.?",
    "partners",
    "series",
    "portfolio",
    "etf",
    "etn",
    "acquisition",
    "spac",
    "/bd",
    "receivables",
    "securitization",
    "pass[- ]through",
    "certificates",
    "mortgage",
    "leasing",
    "ira",
    "401",
    "plan",
    "blank check",
    "capital corp [ivx]+",
)
_FUND = re.compile(rf"\b(?:{'|'.join(_NO_COMPANY)})\b", re.IGNORECASE)
_FILED_STATE = re.compile(r"\s+/[A-Za-z0-9 ]+/?\s*$")


def read(wheel: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield CIK and name of each company of a wheel, and whether it has a ticker."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if "reference/data/" not in member or not re.search(r"(?:entities|company_tickers)\.", member):
                continue
            table = pq.read_table(io.BytesIO(archive.read(member))).to_pylist()
            for row in table:
                if row.get("is_company", True):
                    yield int(row["cik"]), row.get("name") or row["company"], "ticker" in row


def main(out: Path, wheels: list[Path]) -> None:
    """Write one row for each name of each company that has several."""
    names: dict[int, dict[str, str]] = defaultdict(dict)
    today: dict[str, int] = {}
    holders: dict[str, set[int]] = defaultdict(set)
    for wheel in wheels:
        for cik, written, is_listed in read(wheel):
            name = _FILED_STATE.sub("", " ".join(written.split()))
            parsed = None if _FUND.search(name) else parse(name)
            if parsed and is_distinctive(parsed.full):
                key = squash(parsed.full)
                names[cik].setdefault(key, name)
                holders[key].add(cik)
                if is_listed and wheel is wheels[-1]:
                    today[key] = cik
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "country", "name", "domain", "lei"])
        for cik in sorted(names):
            own = [name for key, name in names[cik].items() if holders[key] == {cik} or today.get(key) == cik]
            if len(own) > 1:
                writer.writerows([f"sec:{cik}", "US", name, "", ""] for name in own)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(wheel) for wheel in sys.argv[2:]])
