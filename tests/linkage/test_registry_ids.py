import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage.registry_ids import duns, lei, vat

# The numbers are the examples of python-stdnum's documentation.

COUNTRIES = sorted(
    {"DE", "FR", "GB", "CH", "NO", "SE", "BR", "CA", "IN", "CN", "JP", "AU", "MX", "US", "RU", "KR", "XX"}
)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("DE 136 695 976", None, "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("de136695976", "FR", "DE136695976"),
        ("USt-IdNr.: DE136695976", None, "DE136695976"),
        ("n/a; DE136695976", None, "DE136695976"),
        ("DE136695976", None, "DE136695976"),
        ("EL 094014201", None, "GR094014201"),
        ("094014201", "GR", "GR094014201"),
        ("XI980780684", None, "GB980780684"),
        ("GB 980 7806 84", None, "GB980780684"),
        ("BE 403019261", None, "BE0403019261"),
        ("16.727.230/0001-97", "BR", "BR16727230"),
        ("83 914 571 673", "AU", "AU83914571673"),
    ],
)
def test_vat_is_read_in_every_spelling(text: str, country: str | None, number: str) -> None:
    assert vat(text, country) == number


@pytest.mark.parametrize(
    ("country", "spellings"),
    [
        ("CH", ["CHE-107.787.577 MWST", "CHE107787577TVA", "CHE-107.787.577"]),
        ("NO", ["NO 995 525 828 MVA", "995525828MVA", "995 525 828"]),
        ("SE", ["SE 556188840401", "556188-8404"]),
        ("FR", ["FR 40 303265045", "303 265 045", "303 265 045 00012"]),
        ("IN", ["27AAPFU0939F1ZV", "27AAPFU0939F1ZV "]),
    ],
)
def test_tax_and_register_numbers_of_one_company_meet(country: str, spellings: list[str]) -> None:
    numbers = {vat(text, country) for text in spellings}
    assert len(numbers) == 1
    assert None not in numbers


@pytest.mark.parametrize(
    ("text", "country"),
    [
        (None, "DE"),
        ("", "DE"),
        ("n/a", "DE"),
        ("136695976", None),
        ("136695977", "DE"),
        ("DE136695977", None),
        ("000000000", "GB"),
        ("12345", "US"),
        ("1" * 100_000, "DE"),
    ],
)
def test_a_number_that_fails_is_no_key(text: str | None, country: str | None) -> None:
    assert vat(text, country) is None


def test_lei() -> None:
    assert lei(" 2138-00KUD8LAJWSQ9D15") == "213800KUD8LAJWSQ9D15"
    assert lei("213800kud8lajwsq9d15") == "213800KUD8LAJWSQ9D15"
    assert lei("213800KUD8LAJWSQ9D51") is None
    assert lei("0" * 20) is None
    assert lei(None) is None


def test_duns() -> None:
    assert duns("15-048-3782") == duns("DUNS: 150483782") == duns("D-U-N-S 150483782") == "150483782"
    assert [duns(text) for text in ("15048378", "1504837820", "000000000", "123456789", "", None)] == [None] * 6


@given(st.text(max_size=30), st.sampled_from([None, *COUNTRIES]))
def test_no_text_breaks_a_check(text: str, country: str | None) -> None:
    for number in (vat(text, country), lei(text), duns(text)):
        assert number is None or (number.strip() == number and len(number) >= 4)


@given(st.from_regex(r"[A-Z]{0,3}[0-9]{7,15}[A-Z0-9]{0,3}", fullmatch=True), st.sampled_from(COUNTRIES))
def test_numberlike_text_breaks_no_check(text: str, country: str) -> None:
    number = vat(text, country)
    assert number is None or number[:2].isalpha()
