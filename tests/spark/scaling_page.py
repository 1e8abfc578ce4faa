"""The code of docs/scaling.md, block by block, and a company that runs it."""

import os
import re
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from tests.spark.lists import company_list, decisions_about

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
    """Let a company prepare its list, while a worker is killed: what the page says of both holds together."""
    accounts = company_list()
    (folder / "accounts").mkdir()
    for part in range(2):
        size = -(-len(accounts) // 2)
        pq.write_table(accounts.table.slice(part * size, size), folder / "accounts" / f"{part}.parquet")
    names = {"spark": spark, "folder": folder.as_uri(), "decisions": decisions_about(accounts)}
    with ThreadPoolExecutor() as threads:
        killed = threads.submit(_kill_a_worker_midway, spark, folder / "prepared")
        return {**run_block(0, names), "killed": killed.result()}


def workers_of(spark: SparkSession) -> set[int]:
    """Find the worker processes of this Spark."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            command = (process / "cmdline").read_bytes().decode().split("\0")
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in command:
                found |= {int(process.name)} if spark.sparkContext.applicationId in command else set()
    return found


def _kill_a_worker_midway(spark: SparkSession, tables: Path) -> int:
    """Wait until the accounts are worked out and their entities are being looked for, and kill the worker."""
    give_up = time.monotonic() + 500
    while not (tables / "twins" / "_SUCCESS").exists():
        assert time.monotonic() < give_up
        time.sleep(0.05)
    (killed,) = workers_of(spark)
    os.kill(killed, signal.SIGKILL)
    return killed
