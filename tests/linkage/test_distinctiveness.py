"""Which names say by themselves whose they are, and what a shortened name keeps."""

import pytest

from accountmap.linkage.distinctiveness import is_distinctive, shortened
from accountmap.linkage.facts import read_facts
from accountmap.linkage.names import parse


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lanternex", True),
        ("Lanternex Marine", True),
        ("Delta Quillon", True),
        ("General Dynamics", True),
        ("Delta", False),
        ("Path", False),
        ("Index", False),
        ("Zoi", False),
        ("City National Bank", False),
        ("Fidelity Bank", False),
        ("Sparkasse", False),
        ("Sparkasse Köln", True),
        ("Lanternex Bank", True),
    ],
)
def test_distinctive(name: str, expected: bool) -> None:
    parsed = parse(name)
    assert parsed is not None
    assert is_distinctive(parsed.full) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sichuan Lanternex Oil", "lanternex oil"),
        ("Lanternex Securities", "lanternex"),
        ("Lanternex Quillon Services", "lanternex quillon"),
        ("Delta Securities", None),
        ("Volksbank Stuttgart", None),
        ("Comune di Bergamo", None),
        ("Universitätsklinikum Heidelberg", None),
        ("First National Bank of Omaha", None),
        ("Lanternex", None),
    ],
)
def test_shortened(name: str, expected: str | None) -> None:
    parsed = parse(name)
    assert parsed is not None
    words = shortened(parsed.core)
    assert (words and " ".join(words)) == expected


@pytest.mark.parametrize(
    ("name", "website", "domain"),
    [
        ("Lanternex", "https://www.lanternex.com/en/", "lanternex.com"),
        ("Quillon Studio", "https://www.lanternex.com/products/studio", None),
        ("Lanternex", "https://cloud.lanternex.com/products", "lanternex.com"),
        ("Google LLC", "google.com", "google.com"),
        ("Quillon", "https://sites.google.com/view/quillon", None),
        ("Thornlow Apps", "https://apps.apple.com/us/app/thornlow/id1", None),
        ("Apple Inc.", "apple.com", "apple.com"),
        ("Salesforce", "salesforce.com", "salesforce.com"),
        ("Barrowden Data", "https://barrowden.my.salesforce.com/001", None),
        ("Quillon", "dummy.com", None),
        ("California DMV", "dmv.ca.gov", "dmv.ca.gov"),
        ("Bundesamt", "https://www.bag.admin.ch", "bag.admin.ch"),
        ("Quillon", "lanternex.com; quillon.io", "quillon.io"),
    ],
)
def test_a_domain_is_the_companys_own(name: str, website: str, domain: str | None) -> None:
    assert read_facts({"name": name, "website": website}).domain == domain


def test_a_short_form_in_brackets_is_another_name() -> None:
    found = read_facts({"name": "Lanternex Research Institute, Inc. (LXRI)"})
    assert found.name is not None
    assert found.other is not None
    assert found.name.full == ("lanternex", "research", "institute")
    assert found.other.full == ("lxri",)


def test_a_chinese_place_in_brackets_counts_as_in_front() -> None:
    assert (
        read_facts({"name": "青云科技（北京）有限公司"}).name == read_facts({"name": "北京青云科技有限公司"}).name
    )
