"""What nobody means as a name: it gives the key that can be expected or none, and never anybody else's."""

import sys
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage.keys import explain
from accountmap.linkage.names import parse
from accountmap.linkage.prepared import PROFILES
from tests.linkage.hostile import COMPANIES, NOBODY

WIDEST = PROFILES["identifiers"]
COUNTRIES = [None, "DE", "Japan"]
ODD = st.text(
    st.one_of(
        st.characters(),  # also surrogates, controls and what is not assigned
        st.sampled_from("\u200b\u200d\u202e\u0301\u0489\ufe0f\ud800\x00 ./()&'|аＡ٣ーッ"),
    ),
    max_size=40,
)


def keys(account: Mapping[str, str | None]) -> dict[str, str]:
    """Give the values by slot."""
    return {key.slot.name: key.value for key in explain(account, WIDEST).keys if key.value is not None}


def full_name(account: Mapping[str, str | None]) -> str | None:
    """Give the full name, whether it is distinctive or not."""
    found = keys(account)
    return found.get("name", found.get("common_name"))


def spaces(name: str, country: str | None) -> set[tuple[str, str]]:
    """Give what can meet: name spaces with values."""
    account = {"name": name, "country": country}
    return {(key.slot.space, key.value) for key in explain(account, WIDEST).keys if key.value is not None}


@pytest.mark.parametrize("company", COMPANIES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_all_ways_to_write_a_company_give_one_name(company: str, country: str | None) -> None:
    found = {full_name({"name": name, "country": country}) for name in COMPANIES[company]}
    assert len(found) == 1
    assert found != {None}


@pytest.mark.parametrize(
    ("company", "expected"),
    [
        ("lanternex", "lanternex"),
        ("360", "360lanternex"),
        ("dno", "dno"),
        ("se", "secorporation"),
        ("x", "xgmbh"),
        ("call", "cmd"),
        ("native", "sakura"),
        ("sharp s", "weissensee"),
        ("dotless", "isiklar"),
    ],
)
def test_the_name_is_the_one_to_expect(company: str, expected: str) -> None:
    assert full_name({"name": COMPANIES[company][0]}) == expected


@pytest.mark.parametrize("country", COUNTRIES)
def test_no_two_companies_meet_at_any_key(country: str | None) -> None:
    holders: dict[tuple[str, str], str] = {}
    for company, names in COMPANIES.items():
        for name in names:
            for key in spaces(name, country):
                assert holders.setdefault(key, company) == company


@pytest.mark.parametrize("name", NOBODY, ids=lambda name: ascii(name[:12]))
@pytest.mark.parametrize("country", COUNTRIES)
def test_what_names_nobody_has_no_key(name: str, country: str | None) -> None:
    assert keys({"name": name, "country": country}) == {}


@given(ODD, ODD, ODD)
def test_no_cell_is_an_error(name: str, website: str, country: str) -> None:
    found = keys({"name": name, "website": f"{website}.de", "country": country, "vat": name, "lei": name})
    assert all(value.isascii() for value in found.values())


@given(ODD)
def test_no_key_is_made_of_nothing(name: str) -> None:
    assert all(len(value.partition("|")[0].strip()) > 1 for value in keys({"name": name}).values())


@given(st.sampled_from(COMPANIES["lanternex"]), st.lists(st.sampled_from("\u200b\u200d\u2060\u202e\u00ad\ufe0f")))
def test_what_is_not_seen_changes_nothing(name: str, unseen: list[str]) -> None:
    assert keys({"name": "".join(unseen) + name + "".join(unseen)}) == keys({"name": "Lanternex"})


def operations(text: str) -> int:
    """Count the calls, of Python and of C, that taking a name apart needs."""
    parse(text)  # fills what is kept
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        parse(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "ab ",
        "a.",
        "/a",
        "(",
        "(ex ",
        "gmbh ",
        "the ",
        "and ",
        "ー",
        "ッカ",
        "ﷺ",
        "аb",
        "株式会社",
        "\u0301",
        "\ud800",
        "👩‍👩‍👧 ",
        "شركة ",
    ],
    ids=ascii,
)
def test_the_work_is_linear_and_bounded(unit: str) -> None:
    short, double = (operations(unit * (size // len(unit))) for size in (240, 480))
    assert double <= 2 * short + 50
    assert operations(unit * 100_000) <= 3 * operations(unit * 2_048) + 50
