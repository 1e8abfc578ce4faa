"""The examples of docs/scaling.md run, for both companies of a session, and find the companies that they share."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from accountmap.spark import make_tokens, read_column, write_column
from tests.spark.lists import account_list

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
SESSION = bytes(32)


def run(block: int, names: dict[str, object]) -> dict[str, object]:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    exec(compile(blocks[block], f"{PAGE.name}, block {block + 1}", "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_examples_run_and_find_what_both_have(spark: SparkSession, tmp_path: Path) -> None:
    table = account_list(400).table
    sides = {}
    for name, rows in (("acme", table.slice(0, 300)), ("globex", table.slice(100, 300))):
        folder = tmp_path / name
        (folder / "accounts").mkdir(parents=True)
        pq.write_table(pa.table(rows.columns, rows.column_names), folder / "accounts" / "0.parquet")
        sides[name] = run(0, {"spark": spark, "folder": folder.as_uri()})
    acme, globex = sides["acme"], sides["globex"]
    (tmp_path / "acme" / "theirs").symlink_to(tmp_path / "globex" / "ours")
    column = read_column(spark, f"{acme['folder']}/ours", "points", 32 * acme["ours"].slots, acme["ours"].rows)
    u = make_tokens(column, acme["ours"], globex["secret"], SESSION, f"{globex['folder']}/tokens")
    write_column(u.rows, "tokens", 16 * acme["ours"].slots, f"{acme['folder']}/our-tokens")
    matched = run(1, {**acme, "theirs": globex["ours"], "session_id": SESSION})["matched"]
    assert matched.count() > 50
