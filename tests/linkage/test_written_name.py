"""What people write into a name field besides a name, in the languages of those who use CRMs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accountmap.linkage import written_name
from accountmap.linkage.data import read_rows
from accountmap.linkage.keys import explain
from accountmap.linkage.prepared import PROFILES
from accountmap.linkage.written_name import (
    PERSON,
    PLACEHOLDER,
    SITE,
    STATUS_MARK,
    WEB_ADDRESS,
    WrittenName,
    read_name,
)


@pytest.mark.parametrize(
    "text",
    [
        "[not provided]",
        "N/A",
        "Test Account 2",
        "- keine Angabe -",
        "k A",
        "Non renseigné",
        "Particulier",
        "未定",
        "개인",
        "НЕ УКАЗАНО",
        "xxx",
        "???",
        "***",
        "Grand Total",
        "DO NOT USE",
        "(inactive)",
    ],
)
def test_what_says_that_there_is_no_name_is_none(text: str) -> None:
    expected = WrittenName("", finding=PLACEHOLDER) if text != "k A" else WrittenName("k A")
    assert read_name(text) == expected


PLACEHOLDERS = [phrase for _, row in read_rows("placeholder_names.tsv") for phrase in row.split(", ")]


@pytest.mark.parametrize("written", ["{}", "[{}]", "{} 3"])
def test_no_placeholder_makes_a_key(written: str) -> None:
    for phrase in PLACEHOLDERS:
        account = {"name": written.format(phrase.upper() if "[" in written else phrase), "country": "DE"}
        assert not [key for key in explain(account, PROFILES["identifiers"]).keys if key.value], account


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("DO NOT USE - Lanternex Marine", "Lanternex Marine"),
        ("(INACTIVE) Lanternex", "Lanternex"),
        ("Inactive - Lanternex", "Lanternex"),
        ("DUBLETTE Lanternex", "Lanternex"),
        ("DO NOT CALL Lanternex Rail", "Lanternex Rail"),
        ("Lanternex - DUPLICATE", "Lanternex"),
        ("Lanternex (OLD)", "Lanternex"),
        ("Lanternex (duplicate of 4711)", "Lanternex"),
        ("Lanternex *** BLOCKED ***", "Lanternex"),
        ("Lanternex S.r.l. in liquidazione", "Lanternex S.r.l"),
        ("【使用禁止】株式会社ランタン", "株式会社ランタン"),
        ("100234 - Lanternex", "Lanternex"),
        ("[4711] Lanternex", "Lanternex"),
        ("Lanternex (1002345)", "Lanternex"),
        ("DO NOT USE - 100234 - Lanternex (OLD)", "Lanternex"),
    ],
)
def test_marks_and_numbers_of_records_are_taken_off(text: str, name: str) -> None:
    assert read_name(text) == WrittenName(name, finding=STATUS_MARK)


@pytest.mark.parametrize(
    "name",
    [
        "Old Navy",
        "Duplicate Solutions",
        "Closed Loop Partners",
        "Lead Bank",
        "3M",
        "1-800-Flowers.com",
        "20230930-DK-Butterfly-1, Inc.",
        "1234567 Canada Inc",
        "Mr. Cooper Group",
        "Miss Sixty",
        "Pan American World Airways",
        "Target",
        "New Relic",
        "Lanternex (Germany) GmbH",
    ],
)
def test_names_that_look_like_marks_stay(name: str) -> None:
    assert read_name(name)._replace(address="") == WrittenName(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Fritz Dr&amp;amp;auml;xel &amp; Co", "Fritz Dräxel & Co"),
        ("O&#39;Lantern", "O'Lantern"),
        ("MÃ¼hlgrund AG", "Mühlgrund AG"),
        ("MÃƒÂ¼hlgrund AG", "Mühlgrund AG"),
        ("CafÃ© Ã‰lise", "Café Élise"),
        ("Ãlvarez", "Ãlvarez"),
        ("AT&T;", "AT&T;"),
    ],
)
def test_what_exports_encoded_twice_is_decoded(text: str, name: str) -> None:
    assert read_name(text).text == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ickwell Holdings LLC dba Lanternex", ("Lanternex", "Ickwell Holdings LLC")),
        ("Ickwell Ltd t/a Lanternex", ("Lanternex", "Ickwell Ltd")),
        ("Ickwell Ltd trading as Lanternex", ("Lanternex", "Ickwell Ltd")),
        ("Lanternex (formerly Ickwell)", ("Lanternex", "Ickwell")),
        ("Lanternex, f/k/a Ickwell Inc.", ("Lanternex", "Ickwell Inc.")),
        ("Formerly Known", ("Formerly Known",)),
    ],
)
def test_two_names_in_one_field_are_two(text: str, names: tuple[str, ...]) -> None:
    found = read_name(text)
    assert (found.text, *found.others) == names


@pytest.mark.parametrize("text", ["Mr. John Smith", "Frau Maria Huber", "佐藤様", "г-н Иван Петров"])
def test_a_person_with_a_title_is_no_company(text: str) -> None:
    assert read_name(text) == WrittenName("", finding=PERSON)


def test_blanks_around_a_name_that_is_a_domain_change_nothing() -> None:
    assert read_name(" globex.com ") == read_name("globex.com") == WrittenName("globex.com", address="globex.com")


@pytest.mark.parametrize(
    "text", ["https://lanternex.com/about", "HTTPS://Lanternex.com", "www.lanternex.com", "info@lanternex.com"]
)
def test_an_address_in_the_place_of_a_name_is_an_address(text: str) -> None:
    assert read_name(text) == WrittenName("", finding=WEB_ADDRESS, address=text)
    keys = {key.slot.name: key.value for key in explain({"name": text}, PROFILES["standard"]).keys}
    assert keys["domain"] == "lanternex.com"
    assert keys["name"] == "lanternex"


WORDS = st.sampled_from(
    ["Alba", "Inactive", "OLD", "do", "not", "use", "-", "(", ")", "GmbH", "dba", "Mr", "12345"]
)


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=8).map(" ".join)))
def test_no_text_breaks_it_and_nothing_is_left_to_take_off(text: str) -> None:
    found = read_name(text)
    assert found.others or read_name(found.text).text in (found.text, "")


@example(" y  y ")
@example("un known")
@example("o.ther s")
@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_the_quick_way_says_the_same(text: str) -> None:
    if written_name._is_plain(text):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(written_name, "_is_plain", lambda _text: False)
            assert read_name.__wrapped__(text).text == text.strip()


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("Lanternex - Leeds, UK", "Lanternex"),
        ("Lanternex GmbH – Niederlassung München", "Lanternex GmbH"),
        ("Lanternex (Sucursal Barcelona)", "Lanternex"),
        ("北星精工株式会社 大阪支店", "北星精工株式会社"),
    ],
)
def test_sites_are_taken_off_and_found(name: str, left: str) -> None:
    assert read_name(name) == WrittenName(left, finding=SITE)


@pytest.mark.parametrize(
    "name", ["Lanternex - UK", "Sparkasse - Leeds", "Lanternex - Foreign Office", "Paris - Leeds"]
)
def test_what_is_no_site_stays(name: str) -> None:
    assert read_name(name) == WrittenName(name)
