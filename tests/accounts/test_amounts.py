"""Amounts are read as people and spreadsheets write them; doubtful ones are decided for the column and noted."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.accounts.amounts import read_amounts


def read(cells: list[str | None]) -> tuple[list[float | None], tuple[str, ...]]:
    amounts, notes = read_amounts(pa.chunked_array([cells], pa.string()), "Amount")
    return amounts.to_pylist(), notes


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1234.56", 1234.56),
        ("1.234,56 €", 1234.56),
        ("$1,234.56", 1234.56),
        ("1 234,56", 1234.56),
        ("1\u202f234,56\u00a0€", 1234.56),
        ("CHF 1'234.56", 1234.56),
        ("US$ 1,000.5", 1000.5),
        ("EUR 12", 12),
        ("12,5", 12.5),
        ("1.234.567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("₹12,34,567.50", 1_234_567.5),
        ("￥1,234,567", 1_234_567),
        ("\\1,234,567", 1_234_567),
        ("1,234,567円", 1_234_567),
        ("(500)", -500),
        ("($1,234.00)", -1234),
        ("-12.5", -12.5),
        ("−12,5 kr", -12.5),
        ("12.50-", -12.5),
        ("0", 0),
        ("0.125", 0.125),
        ("1234.567", 1234.567),
    ],
)
def test_one_amount(cell: str, amount: float) -> None:
    assert read([cell]) == ([amount], ())


@pytest.mark.parametrize(
    "cell", ["soon", "12 apples", "1.2.3", "1,2,3", "1.23,456.7", "12%", "5k", "1e6", "--5", "()"]
)
def test_what_is_no_amount_is_blank_and_counted(cell: str) -> None:
    amounts, notes = read([cell, None, "7"])
    assert amounts == [None, None, 7]
    assert notes == ("'Amount': cells that are not amounts, left blank: 1.",)


@pytest.mark.parametrize("cell", ["1.234", "1,234"])
def test_alone_it_is_read_as_thousands_and_noted(cell: str) -> None:
    amounts, notes = read([cell])
    assert amounts == [1234]
    assert notes[0].endswith("read as thousands: 1.")


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [(["1.234", "1.234,50"], [1234, 1234.5]), (["1,234", "1,234.50"], [1234, 1234.5])],
)
def test_the_column_decides(cells: list[str | None], amounts: list[float]) -> None:
    assert read(cells) == (amounts, ())


def test_a_column_of_fractions_makes_a_fraction_which_is_noted() -> None:
    amounts, notes = read(["1.5", "2.25", "1.234"])
    assert amounts == [1.5, 2.25, 1.234]
    assert len(notes) == 1
    assert notes[0].endswith("read with the decimal mark '.': 1.")


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.decimal128(30, 3)])
def test_numbers_are_taken_as_they_are(kind: pa.DataType) -> None:
    column = pa.chunked_array([pa.array([1234, None]).cast(kind)])
    assert read_amounts(column, "Amount")[0].to_pylist() == [1234.0, None]


def test_a_number_that_is_none_is_null() -> None:
    column = pa.chunked_array([pa.array([math.inf, math.nan, 1.0])])
    assert read_amounts(column, "Amount")[0].to_pylist() == [None, None, 1.0]


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_amounts_with_cents_are_read_exactly(amount: float, marks: tuple[str, str]) -> None:
    grouping, mark = marks
    written = f"{amount:,.2f}".replace(",", "g").replace(".", mark).replace("g", grouping)
    assert read([written])[0] == [float(amount)]
