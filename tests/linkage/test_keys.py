import hashlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage.data import DATA
from accountmap.linkage.keys import MAKERS, explain
from accountmap.linkage.prepared import PROFILES, Profile, data_digests
from accountmap.linkage.transliterate import to_ascii
from accountmap.model import MatchProfile, WeakSlots
from accountmap.trust.match_rule import SlotTerms, classes_of

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
COUNTRIES = st.sampled_from([None, "DE", "Japan", "nowhere"])
NAMES = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(["Alba", "GmbH", "Group", "the", "of", "Bank", "A", "&", "株式会社", "Japan", "AE"])
    ).map(" ".join),
)
WIDEST = PROFILES["identifiers"]


def keys(name: str, country: str | None = None, website: str | None = None) -> dict[str, str]:
    account = {"name": name, "country": country, "website": website}
    return {key.slot.name: key.value for key in explain(account, WIDEST).keys if key.value is not None}


@given(NAMES, COUNTRIES)
def test_no_key_is_short_or_blank(name: str, country: str | None) -> None:
    for value in keys(name, country).values():
        assert len(value.partition("|")[0].strip()) > 1


@given(NAMES, COUNTRIES)
def test_a_key_is_ascii_and_printable(name: str, country: str | None) -> None:
    for value in keys(name, country).values():
        assert value.isascii()
        assert value.isprintable()


@given(st.text(max_size=60))
def test_to_ascii_leaves_nothing_to_do(text: str) -> None:
    once = to_ascii(text)
    assert once.isascii()
    assert to_ascii(once) == once


@given(NAMES)
def test_invisible_characters_change_nothing(name: str) -> None:
    assert keys("\u200b".join(["", *name, ""])) == keys(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lanternex GmbH", "LANTERNEX Ges.m.b.H."),
        ("Lanternex Public Company Limited", "Lanternex PCL"),
        ("Lanternex International Technologies", "Lanternex Intl Tech Corp"),
        ("Lanternex & Sons", "Lanternex and Sons Ltd."),
        ("Müller Werke AG", "Mueller Werke"),
        ("ООО Лантернекс", "Lanterneks"),
        ("三聯燈店 Lanternex Books", "Lanternex Books Ltd"),
    ],
)
def test_usual_differences_meet_in_the_name(one: str, other: str) -> None:
    assert keys(one)["name"] == keys(other)["name"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lanternex Holding AG", "Lanternex AG"),
        ("Lantern Bank", "Lantern Insurance"),
        ("Lantern REIT", "Lantern Securities"),
        ("First Lantern Bank", "Second Lantern Bank"),
    ],
)
def test_different_companies_do_not_meet_in_the_name(one: str, other: str) -> None:
    assert keys(one)["name"] != keys(other)["name"]


def test_a_label_meets_a_name() -> None:
    assert keys("Alba Robotics")["name"] == keys("", website="www.alba-robotics.com")["label"]


@pytest.mark.parametrize(
    ("website", "country", "label"),
    [
        ("alba.co.nz", "New Zealand", None),
        ("alba.com.hk", "China", None),
        ("alba.co.nz", None, "alba"),
        ("alba.co.nz", "Chile", "alba"),
        ("alba.com", "New Zealand", "alba"),
        ("alba-robotics.co.nz", "New Zealand", "albarobotics"),
    ],
)
def test_a_short_label_of_a_company_at_home_counts_only_there(
    website: str, country: str | None, label: str | None
) -> None:
    found = keys("", country, website)
    assert found.get("label") == label
    assert found["label_country"].startswith("alba")


@pytest.mark.parametrize(
    ("website", "country", "label"),
    [
        ("lanternex.co.nz", "New Zealand", None),
        ("lanternex.co.nz", None, "lanternex"),
        ("lanternex.com", "New Zealand", "lanternex"),
        ("quillonparts.co.nz", "New Zealand", "quillonparts"),
        ("lanternex-robotics.co.nz", "New Zealand", "lanternexrobotics"),
    ],
)
def test_the_label_of_a_family_counts_at_home_only(website: str, country: str | None, label: str | None) -> None:
    assert keys("Lanternex Robotics Ltd", country, website).get("label") == label


@pytest.mark.parametrize(
    ("name", "slot", "there", "anywhere"),
    [
        ("Lanternex Holdings", "name_country", "lanternex|JP", "lanternex"),
        ("Lanternex", "name_country", "lanternex|JP", None),
        ("Tokyo Lanternex Holdings", "name_country", "tokyolanternex|JP", "tokyolanternex"),
        ("Tokyo Lanternex Holdings", "short_country", "lanternex|JP", None),
        ("Lanternex Securities", "short_country", "lanternex|JP", None),
        ("Lantern Securities", "short_country", None, None),
        ("Sparkasse Köln", "short_country", None, None),
        ("Lanternex Securities", "stem", "lanternex|JP", "lanternex"),
        ("Lanternex Quillon", "stem", "lanternex|JP", None),
        ("Dong Alba Lanternex", "stem", "dongalba|JP", None),
    ],
)
def test_parts_of_a_name_stand_alone_only_where_no_country_is_known(
    name: str, slot: str, there: str | None, anywhere: str | None
) -> None:
    assert keys(name, "JP").get(slot) == there
    assert keys(name).get(slot) == anywhere


def test_digests_name_every_table_and_library() -> None:
    digests = data_digests()
    table = "legal_forms.tsv"
    assert digests[f"data/{table}"] == hashlib.sha256((DATA / table).read_bytes()).hexdigest()
    assert {"data/public_suffix_list.dat", "data/mail_domains.txt"} < set(digests)
    assert {f"data/{path.name}" for path in DATA.iterdir() if path.name.endswith(".tsv")} < set(digests)
    assert list(digests) == sorted(digests)
    assert not [name for name in digests if "local" in name]  # what decides no key is nobody else's affair


def test_libraries_that_decide_keys_are_pinned_and_agreed() -> None:
    pinned = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]["dependencies"]
    exact = {
        name: number
        for name, equals, number in (line.partition(";")[0].partition("==") for line in pinned)
        if equals
    }
    assert exact == {name: value for name, value in data_digests().items() if not name.startswith("data/")}


def test_every_table_is_named_with_its_source() -> None:
    said = (DATA / "README.md").read_text("utf-8")
    tables = {path.name for path in DATA.iterdir() if path.is_file()} - {"README.md", "__init__.py"}
    tables |= {f"local/{path.name}" for path in (DATA / "local").iterdir()}
    assert [name for name in sorted(tables) if f"`{name}`" not in said] == []


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_slot_is_filled_and_leads_a_class_of_matches(profile: Profile) -> None:
    names = {slot.name for slot in profile.slots}
    assert names <= {*MAKERS, "reference"}
    terms = [SlotTerms(s.name, s.space, s.weight, s.strength, s.says, s.meets_itself) for s in profile.slots]
    classes = classes_of(MatchProfile.BALANCED, terms, WeakSlots.ASK)
    assert {lead for each in classes for lead in each.leads} == names
