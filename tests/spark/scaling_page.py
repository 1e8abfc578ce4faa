"""The code of docs/scaling.md, block by block, and a company that runs it."""

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


def run_company(spark: SparkSession, folder: Path) -> dict[str, Any]:
    """Let a company with three hundred accounts prepare its list."""
    (folder / "accounts").mkdir()
    pq.write_table(account_list(400).table.slice(0, 300), folder / "accounts" / "0.parquet")
    return run_block(0, {"spark": spark, "folder": folder.as_uri()})
