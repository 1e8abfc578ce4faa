"""Stages, types and statuses of CRMs become segments."""

import pyarrow as pa
import pytest

from accountmap.accounts.headings import fold
from accountmap.accounts.schema import SEGMENTS
from accountmap.accounts.segments import SEGMENT_VALUES, Segments, read_segments
from accountmap.errors import InputError


def read(values: list[str | None], **segments: str) -> Segments:
    column = pa.chunked_array([values], pa.string())
    return read_segments(column, "Type", len(values), segments)


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
    found = read([value])
    assert (found.column.to_pylist(), found.remarks) == ([segment], ())


def test_of_several_labels_in_a_cell_the_strongest_counts() -> None:
    found = read(["Customer, VIP", "Cold lead; Open", "VIP, EMEA", "VIP, Rival"], Rival="ignore")
    assert found.column.to_pylist()[:3] == ["customer", "opportunity", "prospect"]
    assert found.ignored.tolist() == [False, False, False, True]
    (remark,) = found.remarks
    assert remark.examples == ("VIP, EMEA (1)",)


def test_the_owners_meaning_wins() -> None:
    found = read(["Kunde", "A-Kunde", "Lead"], Kunde="prospect", **{"a-kunde": "customer"})
    assert (found.column.to_pylist(), found.remarks) == (["prospect", "customer", "prospect"], ())


def test_ignored_values_are_told_apart() -> None:
    found = read(["Customer", "Rival", None], Rival="ignore")
    assert found.ignored.tolist() == [False, True, False]
    assert [(each.value, each.count, each.segment) for each in found.values] == [
        ("Customer", 1, "customer"),
        ("Rival", 1, "ignore"),
        (None, 1, "prospect"),
    ]


def test_unknown_values_count_as_prospect_and_are_remarked_on() -> None:
    found = read(["Customer", "Gold", "GOLD", "Silver", None])
    assert found.column.to_pylist() == ["customer", "prospect", "prospect", "prospect", "prospect"]
    (remark,) = found.remarks
    assert (remark.kind, remark.count) == ("unknown_segment", 3)
    assert "(3 different values)" in remark.what
    assert remark.examples == ("GOLD (1)", "Gold (1)", "Silver (1)")
    assert "Gold" not in remark.what + remark.advice
    assert [(each.value, each.count, each.known) for each in found.values if not each.known] == [
        ("GOLD", 2, False),
        ("Silver", 1, False),
    ]


def test_all_blank_is_all_prospect() -> None:
    assert read([None, None]).column.to_pylist() == ["prospect", "prospect"]


def test_without_a_column_all_are_prospects_and_it_is_remarked_on() -> None:
    found = read_segments(None, "", 2)
    assert found.column.to_pylist() == ["prospect", "prospect"]
    assert [remark.kind for remark in found.remarks] == ["no_segments"]


def test_an_unknown_segment_is_refused() -> None:
    with pytest.raises(InputError, match="no segment 'client'") as caught:
        read(["x"], x="client")
    assert "customer, opportunity, prospect, ignore" in caught.value.hint


def test_the_table_is_consistent() -> None:
    assert tuple(SEGMENT_VALUES) == SEGMENTS
    folded = [fold(value) for values in SEGMENT_VALUES.values() for value in values]
    assert sorted(folded) == sorted(set(folded))
