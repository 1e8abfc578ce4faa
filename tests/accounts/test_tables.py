"""Tables of pipelines give the same list as files."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accountmap.accounts.raw_table import from_stream
from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import ACCOUNT_SCHEMA, with_all_columns
from accountmap.errors import InputError, UsageError

COLUMNS = {
    "Account ID": ["a", "b"],
    "Account Name": ["Acme", "Globex"],
    "Type": ["Customer - Direct", None],
    "Amount": [1.234, None],
    "Employees": [51, 7],
}


def test_pandas_arrow_and_parquet_agree(tmp_path: Path) -> None:
    table = pa.table(COLUMNS)
    pq.write_table(table, tmp_path / "list.parquet")
    polars = pl.DataFrame(COLUMNS, schema_overrides={"Type": pl.Categorical})
    lists = [
        read_accounts(table),
        read_accounts(polars),
        read_accounts(duckdb.sql("SELECT * FROM polars")),
        read_accounts(polars),
        read_accounts(pd.DataFrame(COLUMNS)),
        read_accounts(pd.DataFrame(COLUMNS, index=["x", "y"])),
        read_accounts(table.to_batches()[0]),
        read_accounts(tmp_path / "list.parquet"),
    ]
    for accounts in lists:
        assert accounts.table.equals(lists[0].table)
        assert accounts.table.schema.equals(ACCOUNT_SCHEMA)
        assert accounts.extras.column_names == []
    assert lists[0].table["amount"].to_pylist() == [1.234, None]
    assert lists[0].table["segment"].to_pylist() == ["customer", "prospect"]


def test_columns_of_tables_are_taken_over_without_copying() -> None:
    amounts = np.array([1.5, 2.5])
    frame = pl.DataFrame({"name": ["Acme", "Globex"], "amount": pl.Series(amounts)})
    taken = from_stream(frame).table["amount"].chunk(0)
    assert taken.buffers()[1].address == frame["amount"].to_numpy(allow_copy=False).ctypes.data
    table = pa.table({"name": ["Acme", "Globex"]})
    assert (
        from_stream(table).table["name"].chunk(0).buffers()[2].address
        == table["name"].chunk(0).buffers()[2].address
    )


def test_ids_of_sixteen_bytes_are_written_as_such() -> None:
    table = pa.table({"id": pa.array([b"0123456789abcdef", None], pa.uuid()), "name": ["Acme", "Globex"]})
    ids = read_accounts(table).table["account_id"].to_pylist()
    assert ids[0] == "30313233-3435-3637-3839-616263646566"


def test_the_columns_of_the_schema_are_recognised_by_their_own_names() -> None:
    typed = {"segment": "customer", "amount": 1.5, "employees": 3, "last_activity": date(2026, 3, 2)}
    money = {"annual_revenue": 2.5, "currency": "CHF"}
    row = dict.fromkeys(ACCOUNT_SCHEMA.names, "x1") | typed | money | {"off_limits": False}
    accounts = read_accounts(pa.Table.from_pylist([row]))
    assert accounts.table.to_pylist() == [row]
    assert accounts.notes == ()


def test_ids_that_pandas_has_made_floats_are_whole() -> None:
    accounts = read_accounts(pd.DataFrame({"id": [12.0, None], "name": ["Acme", "Globex"]}))
    assert accounts.table["account_id"].to_pylist()[0] == "12"


def test_all_types_become_text_or_are_left_out_with_a_note() -> None:
    table = pa.table(
        {
            "name": pa.array(["Acme"]).dictionary_encode(),
            "city": pa.array(["Rome"], pa.large_string()),
            "account id": pa.array([Decimal(12345678901234567890)]),
            "flag": [True],
            "parts": [[1, 2]],
            "nothing": pa.nulls(1),
        }
    )
    accounts = read_accounts(table)
    assert accounts.table.select(["account_id", "name", "city"]).to_pylist() == [
        {"account_id": "12345678901234567890", "name": "Acme", "city": "Rome"}
    ]
    assert accounts.extras.to_pydict() == {"flag": ["true"]}
    assert "'parts' was left out: it has no text, numbers or dates." in accounts.notes


def test_headings_that_repeat_are_numbered() -> None:
    table = pa.Table.from_arrays([pa.array(["Acme"]), pa.array(["Globex"])], names=["Name", "Name"])
    accounts = read_accounts(table)
    assert accounts.table["name"].to_pylist() == ["Acme"]
    assert accounts.extras.to_pydict() == {"Name (2)": ["Globex"]}
    assert "Headings that occur more than once were numbered: 'Name'." in accounts.notes


def test_mixed_objects_are_refused_without_quoting_them() -> None:
    with pytest.raises(InputError) as caught:
        read_accounts(pd.DataFrame({"name": ["Acme", 5]}))
    assert "several types" in str(caught.value)
    assert "Acme" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_text_that_is_not_unicode_is_refused_without_quoting_it() -> None:
    lone = pd.DataFrame({"name": ["\ud800Acme"]}, dtype=object)
    buffers = [None, pa.py_buffer(b"\0\0\0\0\7\0\0\0"), pa.py_buffer(b"\xed\xa0\x80Acme")]
    broken = pa.table({"name": pa.Array.from_buffers(pa.string(), 1, buffers)})
    for table in (lone, broken):
        with pytest.raises(InputError, match="not Unicode") as caught:
            read_accounts(table)
        assert "Acme" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(UsageError, match="A int is not a table"):
        read_accounts(7)


def test_a_list_of_an_earlier_version_gets_the_columns_that_it_lacks() -> None:
    earlier = read_accounts(pa.table(COLUMNS)).table
    later = ["stage", "last_activity", "registered_deal", "off_limits"]
    assert with_all_columns(earlier.drop_columns(later)).equals(earlier)


def test_a_sheet_of_a_table_is_refused() -> None:
    with pytest.raises(UsageError, match="neither sheets"):
        read_accounts(pa.table(COLUMNS), sheet="One")
