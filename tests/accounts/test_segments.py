"""Stages, types and statuses of CRMs become segments."""

import pyarrow as pa
import pytest

from accountmap.accounts.segments import SEGMENT_VALUES, read_segments
from accountmap.accounts.headings import fold
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError


def read(values: list[str | None], **segments: str) -> tuple[list[str], tuple[str, ...]]:
    column = pa.chunked_array([values], pa.string())
    found, notes = read_segments(column, "Type", len(values), segments)
    return found.to_pylist(), notes


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("Customer - Direct", "customer"),
        ("closedwon", "customer"),
        ("KUNDE", "customer"),
        ("salesqualifiedlead", "opportunity"),
        ("Negotiation/Review", "opportunity"),
        ("2-Develop", "opportunity"),
        ("Technology Partner", "prospect"),
        ("marketing-qualifizierter lead", "prospect"),
        ("Closed Lost", "prospect"),
    ],
)
def test_values_of_crms(value: str, segment: str) -> None:
    assert read([value]) == ([segment], ())


def test_the_owners_meaning_wins() -> None:
    assert read(["Kunde", "A-Kunde", "Lead"], Kunde="prospect", **{"a-kunde": "customer"}) == (
        ["prospect", "customer", "prospect"],
        (),
    )


def test_unknown_values_count_as_prospect_and_are_counted() -> None:
    found, notes = read(["Customer", "Gold", "Gold", "Silver", None])
    assert found == ["customer", "prospect", "prospect", "prospect", "prospect"]
    assert len(notes) == 1
    assert "read as prospect: 3; different values: 2." in notes[0]
    assert "Gold" not in notes[0]


def test_all_blank_is_all_prospect() -> None:
    assert read([None, None]) == (["prospect", "prospect"], ())


def test_without_a_column_all_are_prospects_and_it_is_said() -> None:
    found, notes = read_segments(None, "", 2)
    assert found.to_pylist() == ["prospect", "prospect"]
    assert notes == ("No column says what an account is to you: all count as prospect.",)


def test_an_unknown_segment_is_refused() -> None:
    with pytest.raises(InputError, match="no segment 'client'") as caught:
        read(["x"], x="client")
    assert "customer, opportunity, prospect" in caught.value.hint


def test_the_table_is_consistent() -> None:
    assert tuple(SEGMENT_VALUES) == SEGMENTS
    folded = [fold(value) for values in SEGMENT_VALUES.values() for value in values]
    assert sorted(folded) == sorted(set(folded))
