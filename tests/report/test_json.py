"""report.json keeps to the schema that is shipped with the package."""

import json
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from accountmap.overlap import (
    CHANGE_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    PLAYS,
    SHARED_COLUMNS,
    TIERS,
    WHITESPACE_SCHEMA,
    AccountMap,
)
from accountmap.report.json_model import to_json
from tests.overlap.examples import one_account_map, two_months
from tests.overlap.test_reconciliation import maps
from tests.report.hostile import HOSTILE

SCHEMA: dict[str, Any] = json.loads(
    files("accountmap.report").joinpath("templates", "report-v1.schema.json").read_text("utf-8")
)

TYPES = {"string": pa.string(), "boolean": pa.bool_(), "integer": pa.int64(), "number": pa.float64()}
DAY = pa.date32()


def written(account_map: AccountMap) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(to_json(account_map))
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(model)
    return model


def days_as_text(table: pa.Table) -> pa.Table:
    return table.cast(
        pa.schema([pa.field(f.name, pa.string() if f.type == DAY else f.type) for f in table.schema])
    )


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@given(maps())
@settings(max_examples=30)
def test_every_map_keeps_to_the_schema_and_holds_all_rows(account_map: AccountMap) -> None:
    model = written(account_map)
    for name, table in (
        ("overlap", account_map.overlap),
        ("whitespace", account_map.whitespace),
        ("matrix", account_map.matrix),
    ):
        rows = [dict.fromkeys(table.column_names) | row for row in model[name]]
        assert rows == days_as_text(table).to_pylist()
    assert sum(s["overlap"]["entities"] for s in model["summary"]["own"]) == account_map.summary.overlap.entities


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("overlap", OVERLAP_SCHEMA),
        ("whitespace", WHITESPACE_SCHEMA),
        ("cell", MATRIX_SCHEMA),
        ("change", CHANGE_SCHEMA),
    ],
)
def test_the_schema_has_every_column_with_its_type(name: str, schema: pa.Schema) -> None:
    definition = SCHEMA["$defs"][name]
    assert definition["required"] == [field.name for field in schema if not field.nullable]
    types = {
        column: DAY if described.get("format") == "date" else TYPES[described.get("type", "string")]
        for column, described in definition["properties"].items()
    }
    assert types == {field.name: field.type for field in schema}


def test_coded_values_are_listed() -> None:
    definitions = SCHEMA["$defs"]
    assert definitions["tier"]["enum"] == list(TIERS)
    assert set(definitions["play"]["enum"]) == {play.name for play in PLAYS.values()}


def test_the_history_keeps_to_the_schema() -> None:
    history = written(two_months())["history"]
    assert [row["account_id"] for row in history["changes"]] == ["new", "moved", "gone"]
    assert [row["overlap"] for row in history["sessions"]] == [3, 3]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_is_exact(text: str) -> None:
    (row,) = written(one_account_map(dict.fromkeys(SHARED_COLUMNS, text), name=text))["overlap"]
    assert {row["name"]} | {row[f"their_{name}"] for name in SHARED_COLUMNS} == {text}
