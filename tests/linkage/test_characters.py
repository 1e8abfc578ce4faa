"""Keys do not depend on the version of Unicode that the interpreter has."""

import hashlib
import unicodedata

import pytest

from accountmap.linkage.data import read_rows
from accountmap.linkage.domains import registrable_domain
from accountmap.linkage.names import parse
from accountmap.linkage.places import country_code
from accountmap.linkage.registry_ids import duns
from accountmap.linkage.transliterate import UNKNOWN, known

RANGES = [range(int(first, 16), int(last, 16) + 1) for first, last in read_rows("characters.tsv")]

PROPERTIES = "a2196ac3"
"""Of all characters of the table, as Unicode 14.0 has them; the same in 15.0 and 15.1."""

LATER = "\U00011f04\U0002ebf0\U00010d4a\U0001ccd6\U0001ccf1\u0378"
"""Letters of Unicode 15.0, 15.1 and 16.0, a capital A and a 1 that 16.0 folds to ASCII, and one never assigned."""


def properties(char: str) -> tuple[object, ...]:
    """Give all that keys depend on. Letters may change their kind, and so may marks: no rule asks for it."""
    category = unicodedata.category(char)
    forms = [unicodedata.normalize(form, char) for form in ("NFC", "NFKC", "NFKD")]
    kind = category[0] if category[0] in "LM" else category
    digit = unicodedata.decimal(char, None)
    return kind, forms, char.lower(), char.casefold(), digit, char.isalnum(), char.isspace(), char.isprintable()


def test_characters_of_the_table_are_everywhere_the_same() -> None:
    found = hashlib.sha256()
    for codes in RANGES:
        for code in codes:
            found.update(repr(properties(chr(code))).encode("ascii", "backslashreplace"))
    assert found.hexdigest()[:8] == PROPERTIES


def test_the_table_is_unicode_14() -> None:
    codes = {code for codes in RANGES for code in codes}
    assert len(codes) == 144_697 + 65 + 137_468 + 2_048  # graphic and format, control, private use, surrogates
    assert all(unicodedata.category(chr(code)) != "Cn" for code in codes)


def test_what_came_later_is_unknown() -> None:
    assert known(LATER) == UNKNOWN * len(LATER)
    assert known("Aé漢\U0010fffd\ud800") == "Aé漢\U0010fffd\ud800"


@pytest.mark.parametrize("char", LATER)
def test_unknown_characters_are_blanks_in_names_and_nothing_elsewhere(char: str) -> None:
    assert parse(f"Lantern{char}Works") == parse("Lantern Works")
    assert country_code(f"Ger{char}many") == "DE"
    assert duns(f"15-048-378{char}2") == "150483782"
    assert registrable_domain(f"lantern{char}.de") is None
    assert registrable_domain(f"lantern{char}.alba.de") == "alba.de"
