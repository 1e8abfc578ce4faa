import csv
import io
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.account_map import SHARED_COLUMNS
from accountmap.report.files import to_csv
from accountmap.report.safe_text import spreadsheet_text
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


_TEXT = st.none() | st.text(alphabet='a ,;"\r\n=é', max_size=6)


@given(st.lists(st.tuples(_TEXT, st.none() | st.floats(allow_nan=False, allow_infinity=False)), max_size=8))
def test_any_reader_of_csv_reads_back_what_was_written(rows: list[tuple[str | None, float | None]]) -> None:
    names, numbers = [name for name, _ in rows], [number for _, number in rows]
    table = pa.table({"name, in full": pa.array(names, pa.string()), "number": pa.array(numbers, pa.float64())})
    back = read_back(table)
    assert [row["name, in full"] for row in back] == [spreadsheet_text(name or "") for name in names]
    assert [float(row["number"]) if row["number"] else None for row in back] == numbers


def test_large_whole_amounts_have_all_their_digits() -> None:
    rows = read_back(pa.table({"amount": [2.0**53, -(10.0**15), -0.0]}))
    assert [row["amount"] for row in rows] == ["9007199254740992", "-1000000000000000", "0"]


def test_a_row_of_one_empty_cell_is_a_row() -> None:
    assert b"".join(to_csv(pa.table({"a": pa.array(["x", None, ""])}))) == b'a\r\nx\r\n""\r\n""\r\n'
