import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accountmap.linkage.names import is_generic, parse, split_words

CONNECTORS = {"and", "und", "et", "og", "och", "ja", "ve", "en", "y", "e", "i"}


def core(text: str) -> str | None:
    name = parse(text)
    return None if name is None else " ".join(name.core)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Müller GmbH & Co. KG", "muller"),
        ("PT Maju Jaya Tbk", "maju jaya"),
        ("Grupo Alba, S.A.B. de C.V.", "alba"),
        ("Nordlicht AB (publ)", "nordlicht"),
        ("ООО «Ромашка»", "romashka"),
        ("株式会社さくら", "sakura"),
        ("บริษัท ทดสอบ จำกัด (มหาชน)", "thdsob"),
        ("ACME ROBOTS CORP /DE/", "acme robots"),
        ("The Harbor & Hill Company, Inc.", "harbor hill"),
        ("J. P. Weaver and Sons Ltd", "jp weaver sons"),
        ("Booking-Kite.com B.V.", "booking kite"),
    ],
)
def test_what_is_not_the_company_goes(text: str, expected: str) -> None:
    assert core(text) == expected


@pytest.mark.parametrize("text", ["DNO ASA", "Dno", "D.N.O. A.S.A."])
def test_a_short_name_survives_its_legal_form(text: str) -> None:
    assert core(text) == "dno"


@pytest.mark.parametrize(
    "text",
    ["", " ", "GmbH", "S.A. de C.V.", "LLC Company", "The Company", "n/a", "-", "😀", "X", "\u200b\x00", "Bank"],
)
def test_what_names_no_company_gives_no_name(text: str) -> None:
    assert parse(text) is None


def test_letters_that_look_alike_meet() -> None:
    assert core("\u0410pple Tree") == core("Apple Tree")


def test_a_very_long_name_is_cut() -> None:
    assert core("a" * 10_000) == core("a" * 600)


@given(st.text(max_size=60))
def test_a_name_is_never_empty_or_generic(text: str) -> None:
    name = parse(text)
    if name is not None:
        assert not is_generic(name.core)
        assert "".join(name.core).isascii()
        assert "".join(name.core).isalnum()


@given(st.text(max_size=60))
def test_words_stay_what_they_are(text: str) -> None:
    words = split_words(text)
    assume(CONNECTORS.isdisjoint(words))  # initials may come to spell one: `O G`
    assert split_words(" ".join(words)) == words


def test_a_number_word_that_stands_alone_is_a_name() -> None:
    assert core("Six Ltd") == core("SIX") == "six"
    assert core("Six Lantern Ltd") == core("6 Lantern")


@pytest.mark.parametrize(("text", "expected"), [("SAS Lantern", "lantern"), ("SC Engineering Ltd", "sc eng")])
def test_a_form_in_front_of_a_generic_word_stays(text: str, expected: str) -> None:
    assert core(text) == expected


def test_a_remark_in_a_filing_goes_but_a_stroke_within_stays() -> None:
    assert core("Lantern Works Corp /NEW/") == "lantern work"
    assert core("AC/DC Lantern") == "ac dc lantern"
