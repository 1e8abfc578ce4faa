import pytest

from accountmap.linkage.data import read_pairs
from accountmap.linkage.places import comparison_country, country_code, country_of_domain, is_place_word


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("Federal Republic of Germany", "DE"),
        ("uk", "GB"),
        ("U.K.", "GB"),
        ("Scotland", "GB"),
        ("U.S.A.", "US"),
        ("United States of America (the)", "US"),
        ("the Netherlands", "NL"),
        ("Netherlands (the)", "NL"),
        ("Korea, Republic of", "KR"),
        ("Korea (South)", "KR"),
        ("Korea, Democratic People's Republic of", "KP"),
        ("Congo (the Democratic Republic of the)", "CD"),
        ("Republic of the Congo", "CG"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Republic of Ireland", "IE"),
        ("Côte d’Ivoire", "CI"),
        ("Trinidad and Tobago", "TT"),
        ("Türkiye", "TR"),
        ("Czech Republic", "CZ"),
        ("Viet Nam", "VN"),
        ("中国", "CN"),
        ("日本", "JP"),
        ("대한민국", "KR"),
        ("Россия", "RU"),
        ("ประเทศไทย", None),
        ("ไทย", "TH"),
        ("Kosovo", "XK"),
        ("DE - Germany", "DE"),
        ("Lyon, France", "FR"),
        ("Germany (DE)", "DE"),
        ("Guinea-Bissau", "GW"),
        ("Congo (Kinshasa)", "CD"),
        ("Niger / Nigeria", None),
        ("EU", None),
        ("Ruritania", None),
        ("Q", None),
        ("", None),
        (None, None),
        ("x" * 10_000, None),
    ],
)
def test_country_code(text: str | None, code: str | None) -> None:
    assert country_code(text) == code


def test_every_code_of_the_table_reads_as_itself() -> None:
    codes = set(read_pairs("countries.tsv").values())
    assert len(codes) == 250  # ISO 3166-1 lists 249; Kosovo has a code for private use
    assert {country_code(code) for code in codes} == codes


def test_comparison_country() -> None:
    assert [comparison_country(code) for code in ("HK", "MO", "JE", "GG", "IM", "TW", "FR")] == [
        "CN",
        "CN",
        "GB",
        "GB",
        "GB",
        "TW",
        "FR",
    ]


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("acme.de", "DE"),
        ("acme.co.uk", "GB"),
        ("acme.com.br", "BR"),
        ("xn--e1afmkfd.xn--p1ai", "RU"),
        ("acme.com", None),
        ("acme.io", None),
        ("acme.co", None),
        ("acme.eu", None),
        (None, None),
    ],
)
def test_country_of_domain(domain: str | None, code: str | None) -> None:
    assert country_of_domain(domain) == code


def test_place_words() -> None:
    places = {
        "germany",
        "german",
        "deutsche",
        "london",
        "wien",
        "bavaria",
        "texas",
        "nordic",
        "south",
        "san",
        "nippon",
    }
    assert {word for word in places if not is_place_word(word)} == set()
    assert [word for word in ("acme", "siemens", "and", "the", "bank", "") if is_place_word(word)] == []
