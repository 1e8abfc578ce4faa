"""Phone numbers, postal codes and regions, as lists write them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage.data import read_pairs, read_rows
from accountmap.linkage.places import phone, postal_code, region

COUNTRIES = st.sampled_from([None, "US", "DE", "JP", "GB", "HK", "ZZ"])
CELLS = st.one_of(st.text(max_size=40), st.text(st.sampled_from("+-()/ 0123456789ext.DE〒٣"), max_size=30))


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+41 44 668 18 00", None, "+41446681800"),
        ("(044) 668 18 00 ext. 12", "CH", "+41446681800"),
        ("tel:+41-44-668-18-00", "DE", "+41446681800"),
        ("0041 44 668 18 00", "DE", "+41446681800"),
        ("００４１ ４４ ６６８ １８ ００", "DE", "+41446681800"),
        ("Fax n/a; 044 668 18 00", "CH", "+41446681800"),
        ("030/901820", "DE", "+4930901820"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("044 668 18 00", None, None),
        ("123456", "US", None),
        ("000-000-0000", "US", None),
        ("+999 123 456", None, None),
        ("n/a", "US", None),
        ("", "US", None),
        (None, "US", None),
    ],
)
def test_a_phone_number_is_one_in_every_way_to_write_it(
    text: str | None, country: str | None, expected: str | None
) -> None:
    assert phone(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("sw1a 1aa", "GB", "SW1A1AA"),
        ("D-80331", "DE", "80331"),
        ("CH 8001", "CH", "8001"),
        ("８００１", "CH", "8001"),
        ("١٢٣٤٥", "SA", "12345"),
        ("100–0001", "JP", "1000001"),
        ("94103-1234", "US", "94103"),
        ("941031234", "US", "94103"),
        ("〒100-0001", "JP", "1000001"),
        ("01310-100", "BR", "01310100"),
        ("1010", "LV", "LV1010"),
        ("LV-1010", "LV", "LV1010"),
        ("1234 ab", "NL", "1234AB"),
        ("8001", None, None),
        ("80331", "CH", None),
        ("999077", "HK", None),
        ("Postfach", "CH", None),
        (None, "CH", None),
    ],
)
def test_a_postal_code_is_checked_by_the_form_of_its_country(
    text: str | None, country: str | None, expected: str | None
) -> None:
    assert postal_code(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("Bavaria", "DE", "DE-BY"),
        ("Freistaat Bayern", "DE", "DE-BY"),
        ("by", "DE", "DE-BY"),
        ("DE-BY", "DE", "DE-BY"),
        ("Canton of Zurich", "CH", "CH-ZH"),
        ("Zürich", "CH", "CH-ZH"),
        ("State of California", "US", "US-CA"),
        ("神奈川県", "JP", "JP-14"),
        ("神奈川", "JP", "JP-14"),
        ("Kanagawa Prefecture", "JP", "JP-14"),
        ("京都府", "JP", "JP-26"),
        ("São Paulo", "BR", "BR-SP"),
        ("Comunidad de Madrid", "ES", "ES-MD"),
        ("Quebec", "CA", "CA-QC"),
        ("US-CA", "DE", None),
        ("CA", None, None),
        ("EMEA", "DE", None),
        ("DE-XX", "DE", None),
        (None, "DE", None),
    ],
)
def test_a_region_is_known_by_its_code_and_its_names(
    text: str | None, country: str | None, expected: str | None
) -> None:
    assert region(text, country) == expected


@given(CELLS, COUNTRIES)
def test_no_cell_is_an_error(text: str, country: str | None) -> None:
    number, code, part = phone(text, country), postal_code(text, country), region(text, country)
    assert number is None or re.fullmatch(r"\+[1-9][0-9]{4,14}", number)
    assert code is None or re.fullmatch("[A-Z0-9]+", code)
    assert part is None or part.startswith(f"{country}-")


@given(CELLS, COUNTRIES)
def test_what_was_read_reads_the_same_again(text: str, country: str | None) -> None:
    for read in (phone, postal_code, region):
        value = read(text, country)
        assert value is None or read(value, country) == value


def test_each_form_compiles_and_each_spelling_leads_to_one_region() -> None:
    assert all(re.compile(form) for form in read_pairs("local/postal_codes.tsv").values())
    spellings = [(code[:2], name) for code, *names in read_rows("local/regions.tsv") for name in names]
    assert len(spellings) == len(set(spellings))
