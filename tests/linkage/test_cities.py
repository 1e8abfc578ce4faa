import pytest

from accountmap.linkage.places import city


@pytest.mark.parametrize(
    "written",
    [
        "Zürich",
        "ZURICH",
        "Zuerich",
        "8001 Zürich",
        "CH-8001 Zürich",
        "Zürich (ZH)",
        "Zürich, Switzerland",
        "Zürich/ZH",
    ],
)
def test_one_city_in_many_ways(written: str) -> None:
    assert city(written) == "zurich"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("北京", "beijing"),
        ("Москва", city("Moskva")),
        ("St. Gallen", "stgallen"),
        ("New York", "newyork"),
        ("100-0001 Tokyo", "tokyo"),
        ("10. Bezirk", "bezirk"),
        ("80331", None),
        ("(unknown)", None),
        ("\u200b", None),
    ],
)
def test_cities_of_all_scripts(written: str, read: str | None) -> None:
    assert city(written) == read
