"""report.json keeps to the schema that is shipped with the package."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from accountmap.account_map import SHARED_COLUMNS, AccountMap
from accountmap.report.json_export import to_json
from tests.account_map.examples import one_account_map, two_months
from tests.account_map.test_reconciliation import maps
from tests.report.hostile import HOSTILE

SCHEMA: dict[str, Any] = json.loads(
    files("accountmap.report").joinpath("templates", "report-v1.schema.json").read_text("utf-8")
)

DAY = pa.date32()


def written(account_map: AccountMap) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(b"".join(to_json(account_map)))
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(model)
    return model


def days_as_text(table: pa.Table) -> pa.Table:
    return table.cast(
        pa.schema([pa.field(f.name, pa.string() if f.type == DAY else f.type) for f in table.schema])
    )


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_rows_of_a_batch_do_not_show(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(two_months())
    monkeypatch.setattr("accountmap.report.json_export._BATCH_ROWS", rows)
    assert written(two_months()) == whole


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@given(maps())
@settings(max_examples=30, deadline=None)
def test_every_map_keeps_to_the_schema_and_holds_all_rows(account_map: AccountMap) -> None:
    model = written(account_map)
    for name, table in (
        ("overlap", account_map.overlap),
        ("whitespace", account_map.whitespace),
        ("conflicts", account_map.conflicts),
        ("coverage", account_map.coverage),
        ("campaign", account_map.campaign),
        ("budget", account_map.budget),
        ("matrix", account_map.matrix),
    ):
        rows = [dict.fromkeys(table.column_names) | row for row in model[name]]
        assert rows == days_as_text(table).to_pylist()
    assert sum(s["overlap"]["entities"] for s in model["summary"]["own"]) == account_map.summary.overlap.entities


def test_the_schema_is_that_of_the_tables() -> None:
    command = [sys.executable, str(Path(__file__).parents[2] / "tools" / "build_report_schema.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0, "run tools/build_report_schema.py"


def test_the_history_keeps_to_the_schema() -> None:
    history = written(two_months())["history"]
    assert [row["account_id"] for row in history["changes"]] == ["new", "moved", "gone"]
    assert [row["overlap"] for row in history["sessions"]] == [3, 3]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_is_exact(text: str) -> None:
    (row,) = written(one_account_map(dict.fromkeys(SHARED_COLUMNS, text), name=text))["overlap"]
    assert {row["name"]} | {row[f"their_{name}"] for name in SHARED_COLUMNS} == {text}
