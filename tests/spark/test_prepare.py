"""Preparing a list on Spark gives what preparing it here gives."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from accountmap.accounts.schema import AccountList
from accountmap.errors import InputError
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.session.own_side import left_out, withheld
from accountmap.spark import prepare
from accountmap.trust.sharing import JointFilter
from tests.spark.lists import account_list, assert_same


def as_frame(spark: SparkSession, accounts: AccountList, folder: Path):
    """Give a list to Spark as a pipeline does: a folder of Parquet files."""
    folder.mkdir()
    for part in range(2):
        size = -(-len(accounts) // 2)
        pq.write_table(accounts.table.slice(part * size, size), folder / f"{part}.parquet")
    return spark.read.parquet(folder.as_uri())


def decisions_about(accounts: AccountList) -> list[Decision]:
    """Decide about accounts in crowds, where the answers matter to many others."""
    names = pa.table({"id": accounts.table["account_id"], "name": accounts.table["name"]}).to_pylist()
    twins = [row["id"] for row in names if row["name"] == "Corner Post Stores Ltd"]
    bare = [row["id"] for row in names if row["name"] == "Sub Corner"]
    return [
        Decision.of(twins[1], twins[2], same=False),
        Decision.of(bare[0], bare[1], same=True),
        Decision.of(twins[4], bare[2], same=True),
        Decision.of(twins[0], "an account that is no longer listed", same=True),
    ]


def test_an_input_without_a_column_is_refused_before_anything_runs(spark: SparkSession, folder: str) -> None:
    with pytest.raises(InputError, match="no column domain, website"):
        prepare(
            spark.createDataFrame([], "account_id string, segment string, name string"),
            PROFILES["standard"],
            folder,
        )


def workers_of(spark: SparkSession) -> set[int]:
    """Find the worker processes of this Spark."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            command = (process / "cmdline").read_bytes().decode().split("\0")
            if "org.apache.spark.executor.CoarseGrainedExecutorBackend" in command:
                found |= {int(process.name)} if spark.sparkContext.applicationId in command else set()
    return found


def kill_a_worker_midway(spark: SparkSession, tables: Path) -> int:
    """Wait until the accounts are worked out and their entities are being looked for, and kill the worker."""
    give_up = time.monotonic() + 500
    while not (tables / "twins" / "_SUCCESS").exists():
        assert time.monotonic() < give_up
        time.sleep(0.05)
    (killed,) = workers_of(spark)
    os.kill(killed, signal.SIGKILL)
    return killed


@pytest.mark.usefixtures("two_partitions")
def test_crowds_and_decisions_give_what_they_give_here_though_the_worker_is_killed(
    spark: SparkSession, tmp_path: Path
) -> None:
    accounts, tables = account_list(600), tmp_path / "tables"
    decisions = decisions_about(accounts)
    at = accounts.table.column_names.index("off_limits")
    flags = pa.array([number % 7 == 0 or None for number in range(len(accounts))])
    accounts = replace(accounts, table=accounts.table.set_column(at, "off_limits", flags))
    frame = as_frame(spark, accounts, tmp_path / "accounts")
    with ThreadPoolExecutor() as threads:
        killed = threads.submit(kill_a_worker_midway, spark, tables)
        frames = prepare(frame, PROFILES["identifiers"], tables.as_uri(), decisions)
    assert workers_of(spark) - {killed.result()}, "another was started in its place"
    here = prepare_accounts(accounts, PROFILES["identifiers"], decisions)
    assert_same(frames, here)
    no_part = left_out(here, withheld(accounts, here, JointFilter()))
    assert frames.entities.toArrow().sort_by("entity_id")["off_limits"].to_pylist() == no_part.tolist()
