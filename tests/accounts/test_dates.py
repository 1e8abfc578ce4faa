"""Dates: read where they can mean one day only, and left blank where they cannot."""

from datetime import date, datetime

import pyarrow as pa
import pytest

from accountmap.accounts.dates import read_dates

SECOND_OF_MARCH = date(2026, 3, 2)


def read(*cells: str | None) -> list[date | None]:
    dates: list[date | None] = read_dates(pa.chunked_array([cells], pa.string()), "Seen")[0].to_pylist()
    return dates


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-02",
        "2026/03/02",
        "2026/3/2",
        "2026/3/2 10:15",
        "2026. 3. 2.",
        "2026年3月2日",
        "20260302",
        "2026-03-02T23:30:00.000+0000",
        "2026-03-02 10:15",
        "2.3.2026",
        "02.03.26",
        "02.03.2026 10:15",
        "2 March 2026",
        "2-Mar-2026",
        "2nd Mar 2026",
        "March 2, 2026",
        "Mar 2, 2026, 10:15 AM",
        "2. März 2026",
        "2 mars 2026",
        "2 de marzo de 2026",
        "46083",
        "46083.4375",
    ],
)
def test_one_cell(cell: str) -> None:
    assert read(cell) == [SECOND_OF_MARCH]


@pytest.mark.parametrize(
    "cell",
    ["yesterday", "2026-13-01", "31.02.2026", "0000-00-00", "2 Smarch 2026", "1026-03-02", "12", "2026", "99999"],
)
def test_what_is_no_date_is_left_blank_and_counted(cell: str) -> None:
    dates, notes = read_dates(pa.chunked_array([[cell, None, "n/a"]]), "Seen")
    assert dates.to_pylist() == [None, None, None]
    assert notes == ("'Seen': cells that are not dates, left blank: 1.",)


@pytest.mark.parametrize("mark", ["/", "-"])
def test_the_column_says_whether_the_day_comes_first(mark: str) -> None:
    def cells(*days: str) -> list[str]:
        return [day.replace("/", mark) for day in days]

    assert read(*cells("02/03/2026", "31/03/2026")) == [SECOND_OF_MARCH, date(2026, 3, 31)]
    assert read(*cells("3/2/2026", "3/31/2026, 9:00 AM")) == [SECOND_OF_MARCH, date(2026, 3, 31)]


def test_a_column_that_does_not_say_is_left_blank_where_it_matters() -> None:
    dates, notes = read_dates(pa.chunked_array([["02/03/2026", "04/04/2026"]]), "Seen")
    assert dates.to_pylist() == [None, date(2026, 4, 4)]
    assert notes == (
        "'Seen': dates left blank, because the column does not show whether the day or the month comes first: 1. "
        "Export them as 2026-03-31.",
    )


def test_a_column_that_disagrees_is_read_where_a_cell_says_it_all() -> None:
    assert read("13/01/2026", "01/14/2026", "02/03/2026") == [date(2026, 1, 13), date(2026, 1, 14), None]


def test_a_cell_that_is_no_date_in_the_order_of_its_column_is_none() -> None:
    dates, notes = read_dates(pa.chunked_array([["13/01/2026", "31/02/2026"]]), "Seen")
    assert dates.to_pylist() == [date(2026, 1, 13), None]
    assert notes == ("'Seen': cells that are not dates, left blank: 1.",)


def test_dates_of_a_table_are_read() -> None:
    for column in (pa.array([SECOND_OF_MARCH]), pa.array([datetime(2026, 3, 2, 10)])):
        assert read_dates(pa.chunked_array([column.cast(pa.string())]), "Seen")[0].to_pylist() == [SECOND_OF_MARCH]
    assert read_dates(pa.chunked_array([pa.array([46083.0])]), "Seen")[0].to_pylist() == [SECOND_OF_MARCH]
