"""report.json keeps to its schema."""

import json
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given

from accountmap.account_map import SHARED_COLUMNS, AccountMap
from accountmap.report.json_export import encode, json_schema, to_json
from accountmap.report.views import tables_of
from tests.account_map.examples import one_account_map, two_months
from tests.account_map.test_reconciliation import maps
from tests.report.hostile import HOSTILE

SCHEMA = json_schema()


@cache
def validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def written(account_map: AccountMap) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(b"".join(to_json(account_map)))
    validator().validate(model)
    return model


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def test_the_rows_of_a_batch_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    months = two_months()
    whole = json.loads(b"".join(to_json(months)))
    for rows in (1, 2, 3):
        monkeypatch.setattr("accountmap.report.json_export._BATCH_ROWS", rows)
        assert json.loads(b"".join(to_json(months))) == whole


def test_a_row_without_any_value_is_an_empty_object() -> None:
    """A program that counts the rows, or takes them by their number, finds all of them."""
    names = pa.array([None, "x", None])
    for table in (pa.table({"a": names, "b": pa.nulls(3, pa.int64())}), pa.table({"a": names.slice(2)})):
        rows = [{name: value for name, value in row.items() if value} for row in table.to_pylist()]
        assert json.loads(b"".join(encode({"rows": table}))) == {"rows": rows}


def test_the_schema_is_a_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(SCHEMA)


@given(maps())
def test_every_map_keeps_to_the_schema_and_holds_all_rows(account_map: AccountMap) -> None:
    model = written(account_map)
    for name, table in tables_of(account_map).items():
        rows = [dict.fromkeys(table.column_names) | row for row in model[name]]
        assert rows == [plain(row) for row in table.to_pylist()]
    assert sum(s["overlap"]["entities"] for s in model["summary"]["own"]) == account_map.summary.overlap.entities


def test_the_history_keeps_to_the_schema() -> None:
    history = written(two_months())
    assert [row["account_id"] for row in history["changes"]] == ["new", "moved", "gone"]
    assert [row["overlap"] for row in history["sessions"]] == [3, 3]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_is_exact(text: str) -> None:
    (row,) = written(one_account_map(dict.fromkeys(SHARED_COLUMNS, text), name=text))["overlap"]
    assert {row["name"]} | {row[f"their_{name}"] for name in SHARED_COLUMNS} == {text}
