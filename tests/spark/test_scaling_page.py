"""The examples of docs/scaling.md run, for both companies of a session, and find the companies that they share."""

from pathlib import Path

from pyspark.sql import SparkSession

from accountmap.spark import make_tokens, read_column, write_column
from tests.spark.scaling_page import SESSION, run_block


def test_the_examples_run_and_find_what_both_have(
    spark: SparkSession, companies: dict[str, dict[str, object]]
) -> None:
    acme, globex = companies["acme"], companies["globex"]
    layout, folder = acme["ours"], acme["folder"]
    Path(f"{folder}/theirs".removeprefix("file://")).symlink_to(f"{globex['folder']}/ours".removeprefix("file://"))
    column = read_column(spark, f"{folder}/ours", "points", 32 * layout.slots, layout.rows, f"{folder}/read")
    u = make_tokens(column, layout, globex["secret"], SESSION, f"{globex['folder']}/tokens")
    write_column(u.rows, "tokens", 16 * layout.slots, f"{folder}/our-tokens")
    matched = run_block(1, {**acme, "theirs": globex["ours"], "session_id": SESSION})["matched"]
    assert matched.count() > 50
