"""Words that a partner wrote: what shows is what stands there."""

import pytest

from accountmap.errors import TrustError
from accountmap.trust.toml_text import MAX_PURPOSE, check_line, check_name


@pytest.mark.parametrize(
    "name",
    [
        "Acme",
        "3M",
        "Ø",
        "株式会社オーク",
        "Ächim & Söhne e.K.",
        "नमस्ते प्रकाशन",
        "A\u00a0B",
        "★",
        "Zoë\u0301",
        "ООО Acme",
        "ABCマート",
        "Αθήνα Trade",
    ],
)
def test_names_in_all_scripts_are_taken(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "\u3164",
        "\u115f",
        "\u2800\u2800",
        "Acme\u3164",
        "Acme\ufe0f",
        "Acme\u034f",
        "...",
        "\u0301",
        "Acme  Works",
        "Acme \u3000Works",
        "\u00a0Acme",
        "Acme\x1b[2J",
        "Acme\u202eskroW",
        "Acme\u2028Works",
        "Acme\ue000",
    ],
    ids=ascii,
)
def test_what_does_not_show_is_refused(name: str) -> None:
    with pytest.raises(TrustError, match="a name must have 1 to 80 visible characters"):
        check_name(name)


@pytest.mark.parametrize("name", ["\u0410cme Works", "Gl\u03bfbex", "P\u0430ypal \u0391BC"], ids=ascii)
def test_a_word_of_letters_that_look_alike_is_refused(name: str) -> None:
    with pytest.raises(TrustError, match="look alike"):
        check_name(name)


def test_each_kind_of_words_has_its_own_length() -> None:
    purpose = "p" * MAX_PURPOSE
    assert check_line(purpose, "a purpose", MAX_PURPOSE) == purpose
    with pytest.raises(TrustError, match="a purpose must have 1 to 400"):
        check_line(f"{purpose}p", "a purpose", MAX_PURPOSE)
    with pytest.raises(TrustError, match="a purpose must have 1 to 80"):
        check_line(purpose, "a purpose")
