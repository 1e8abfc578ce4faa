import csv
import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from accountmap.account_map import SHARED_COLUMNS
from accountmap.report.files import to_csv
from tests.account_map.examples import one_account_map
from tests.report.hostile import HOSTILE


def read_back(table: pa.Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(to_csv(table)).decode("utf-8"), newline="")))


def test_the_first_heading_is_plain() -> None:
    assert b"".join(to_csv(one_account_map().overlap)).startswith(b"match_id,account_id,entity_id,segment,")


def test_lines_end_as_rfc_4180_says() -> None:
    lines = b"".join(to_csv(pa.table({"a": ["x", "y"]}))).split(b"\n")
    assert lines == [b"a\r", b"x\r", b"y\r", b""]


def test_values_come_back() -> None:
    table = pa.table(
        {
            "name": ['Acme, "the" Company', "Łódź", None],
            "amount": [1200000.0, -0.5, None],
            "count": [3, -4, None],
            "compared": [True, False, None],
            "finished": [datetime(2026, 3, 2, 9, 30, 1, 999_999, UTC), None, None],
        }
    )
    assert read_back(table) == [
        {
            "name": 'Acme, "the" Company',
            "amount": "1200000",
            "count": "3",
            "compared": "true",
            "finished": "2026-03-02T09:30:01Z",
        },
        {"name": "Łódź", "amount": "-0.5", "count": "-4", "compared": "false", "finished": ""},
        {"name": "", "amount": "", "count": "", "compared": "", "finished": ""},
    ]


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_one_harmless_cell(name: str) -> None:
    shown = dict.fromkeys(SHARED_COLUMNS, name)
    (row,) = read_back(one_account_map(shown, name=name, owner_name=name, amount=-3.0).overlap)
    assert row["amount"] == "-3"
    assert {row["name"]} == {row["owner_name"]} | {row[f"their_{column}"] for column in SHARED_COLUMNS}
    assert row["name"][0] not in "=+-@"
    assert row["name"].isprintable()


def test_tables_of_more_than_one_batch_are_whole() -> None:
    table = pa.table({"a": pa.chunked_array([[str(i) for i in range(70_000)], ["last"]])})
    rows = read_back(table)
    assert len(rows) == 70_001
    assert rows[-1] == {"a": "last"}
