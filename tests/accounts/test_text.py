"""Cells are stripped of what cannot be seen, and blanks in disguise are null."""

import pyarrow as pa
import pytest

from accountmap.accounts.cells import BLANKS, LONGEST, as_text, clean
from tests.accounts.conftest import ReadText


def clean_one(cell: str) -> tuple[str | None, int]:
    column, count = clean(pa.chunked_array([[cell]], pa.string()))
    return column[0].as_py(), count


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("  Acme\u00a0", ("Acme", 0)),
        ("Acme\r\nInc", ("Acme Inc", 0)),
        ("Ac\x07me", ("Acme", 1)),
        ("\u202eemcA", ("emcA", 1)),
        ("Acme\u2069\u200f", ("Acme", 1)),
        ("\ufeffAcme", ("Acme", 1)),
        ("शक्\u200dति", ("शक्\u200dति", 0)),
        ("NA", ("NA", 0)),
    ],
)
def test_one_cell(cell: str, expected: tuple[str, int]) -> None:
    assert clean_one(cell) == expected


INVISIBLE = [
    *map(chr, (*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0x85), *range(0x86, 0xA0), 0x061C, 0x200B)),
    *map(chr, (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x2070))),
    *map(chr, (0xFEFF, *range(0xFFF9, 0xFFFC))),
]
BREAKS = [*map(chr, (*range(0x09, 0x0E), 0x85, 0x2028, 0x2029))]


def test_each_invisible_character_goes_and_each_break_is_a_blank() -> None:
    column, count = clean(pa.chunked_array([[f"a{char}b"] for char in (*INVISIBLE, *BREAKS)], pa.string()))
    assert column.to_pylist() == ["ab"] * len(INVISIBLE) + ["a b"] * len(BREAKS)
    assert count == len(INVISIBLE)


@pytest.mark.parametrize("blank", sorted(BLANKS))
def test_blanks_are_null(blank: str) -> None:
    assert clean_one(f" {blank.upper()} ") == (None, 0)


def test_numbers_become_text_without_a_fraction() -> None:
    column = pa.chunked_array([pa.array([123.0, 1e15, 1.5, None, float("nan")])])
    assert as_text(column).to_pylist() == ["123", "1000000000000000", "1.5", None, None]


def test_cleaning_is_noted_without_account_data(read_text: ReadText) -> None:
    accounts = read_text(f"Name,City\nAc\u202eme,Rome\n{'x' * (LONGEST + 1)},Paris\n")
    assert accounts.table["name"].to_pylist() == ["Acme", None]
    assert "Cells with control or text-direction characters, which were removed: 1." in accounts.notes
    assert f"'Name': cells over {LONGEST:,} characters, left blank: 1, the first in row 3." in accounts.notes


def test_a_column_without_values_gives_way_to_the_next(read_text: ReadText) -> None:
    accounts = read_text("Name,Website,URL\nAcme,,acme.example\nGlobex,,\n")
    assert accounts.source_columns["website"] == "URL"


def test_the_owners_other_columns_are_kept_as_text(read_text: ReadText) -> None:
    accounts = read_text("Name,Colour,Unused\nAcme,red,\nGlobex, ,n/a\n")
    assert accounts.extras.to_pydict() == {"Colour": ["red", None]}
