"""Numbers of employees: plain, grouped, or the lower end of a range."""

import pyarrow as pa
import pytest

from accountmap.accounts.cells import parse_employees, read_employees


@pytest.mark.parametrize(
    ("cell", "employees"),
    [
        ("51", 51),
        ("51-200", 51),
        ("51 – 200 employees", 51),
        ("1.001-5.000", 1001),
        ("10,001+", 10001),
        ("10 000 et plus", None),
        ("> 1'000", 1000),
        ("250.0", 250),
        ("201 bis 500 Mitarbeiter", 201),
        ("ca. 40", 40),
        ("many", None),
        ("-5", None),
        ("99999999999", None),
    ],
)
def test_one_cell(cell: str, employees: int | None) -> None:
    assert parse_employees(cell) == employees


def test_unread_cells_are_counted() -> None:
    numbers, notes = read_employees(pa.chunked_array([["12", "a few", None, "n/a"]]), "Size")
    assert numbers.to_pylist() == [12, None, None, None]
    assert notes == ("'Size': cells that are not numbers of employees, left blank: 1.",)


def test_numbers_of_a_table_are_read() -> None:
    assert read_employees(pa.chunked_array([pa.array([12.0, None])]), "Size")[0].to_pylist() == [12, None]
