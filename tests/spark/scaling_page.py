"""The code of docs/scaling.md, block by block, and two companies that run it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from tests.spark.lists import account_list

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"


class NoPartner:
    """psi's PartnerRules of sessions whose partner shows nothing but matches."""

    def check_sketch(self, sketch: bytes) -> None:
        assert not any(sketch)

    def own_totals(self, matched: Sequence[object]) -> bytes:
        assert matched
        return b""

    def accepts_totals(self, totals: bytes) -> bool:
        return not totals


def run_block(block: int, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block of the page with these names, and return all that it leaves."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    exec(compile(blocks[block], f"{PAGE.name}, block {block + 1}", "exec"), names)  # noqa: S102 - our own page
    return names


def run_companies(spark: SparkSession, folder: Path) -> dict[str, dict[str, Any]]:
    """Let two companies with two hundred accounts in common prepare their lists."""
    table = account_list(400).table
    companies = {}
    for name, rows in (("acme", table.slice(0, 300)), ("globex", table.slice(100, 300))):
        (folder / name / "accounts").mkdir(parents=True)
        pq.write_table(rows, folder / name / "accounts" / "0.parquet")
        companies[name] = run_block(0, {"spark": spark, "folder": (folder / name).as_uri()})
    return companies
