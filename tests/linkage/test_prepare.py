from itertools import islice, permutations

import pyarrow as pa
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES, Prepared, Profile

Row = dict[str, str]

ROWS: list[Row] = [
    {
        "account_id": "1",
        "name": "Alba Robotics GmbH",
        "website": "https://www.alba-robotics.de/en",
        "segment": "customer",
    },
    {"account_id": "2", "name": "Nordlicht AB", "country": "Sweden", "segment": "prospect"},
    {"account_id": "3", "name": "Nordlicht Oy", "country": "FI", "segment": "opportunity"},
    {"account_id": "4", "name": "GmbH", "segment": "prospect"},
    {"account_id": "5", "email": "info@kiteworks-example.com", "segment": "prospect"},
]


def accounts(rows: list[Row]) -> AccountList:
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in ACCOUNT_SCHEMA]
    return AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))


def readable(prepared: Prepared) -> set[tuple[str, str, str]]:
    ids = prepared.entities.column("entity_id").to_pylist()
    slots = prepared.profile.slots
    return {(ids[k["entity"]], slots[k["slot"]].name, k["value"]) for k in prepared.keys.to_pylist()}


def test_each_slot_gets_its_value() -> None:
    found = readable(prepare_accounts(accounts(ROWS), PROFILES["standard"]))
    assert ("1", "name", "albarobotics") in found
    assert ("1", "domain", "alba-robotics.de") in found
    assert ("5", "domain", "kiteworks-example.com") in found


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_the_order_of_rows_does_not_matter(profile: Profile) -> None:
    expected = prepare_accounts(accounts(ROWS), profile)
    for rows in islice(permutations(ROWS), 0, None, 17):
        assert prepare_accounts(accounts(list(rows)), profile) == expected


def test_the_rule_of_a_key_does_not_depend_on_which_account_stands_first() -> None:
    written = {
        "account_id": "a",
        "name": "Alba Robotics GmbH",
        "domain": "alba-robotics.de",
        "segment": "prospect",
    }
    mailed = {**written, "account_id": "b", "domain": "", "email": "info@alba-robotics.de"}
    found = [
        prepare_accounts(accounts(rows), PROFILES["standard"]) for rows in ([written, mailed], [mailed, written])
    ]
    assert found[0] == found[1]
    assert "domain of domain" in found[0].keys["rule"].to_pylist()


def test_a_value_that_two_companies_hold_alike_is_nobodys() -> None:
    found = readable(prepare_accounts(accounts(ROWS), PROFILES["standard"]))
    assert not [value for _, slot, value in found if slot == "name" and value == "nordlicht"]


def test_the_closer_name_keeps_the_value() -> None:
    rows = [
        {"account_id": "a", "name": "Alba Holding AG", "country": "CH", "segment": "prospect"},
        {
            "account_id": "b",
            "name": "Alba Wellness AG",
            "website": "alba.ch",
            "country": "CH",
            "segment": "prospect",
        },
    ]
    found = readable(prepare_accounts(accounts(rows), PROFILES["standard"]))
    assert ("a", "name_country", "alba|CH") in found
    assert not [slot for entity, slot, value in found if entity == "b" and value == "alba|CH"]


def test_one_entity_holds_a_value_in_its_strongest_slot() -> None:
    rows = [{"account_id": "a", "name": "Alba AG", "website": "alba.ch", "segment": "prospect"}]
    found = readable(prepare_accounts(accounts(rows), PROFILES["standard"]))
    assert found == {
        ("a", "domain", "alba.ch"),
        ("a", "name_country", "alba|CH"),
        ("a", "common_name", "alba"),
    }


def test_registry_numbers_are_keys_of_the_widest_profile() -> None:
    rows = [{"account_id": "a", "lei": "5493001KJTIIGC8Y1R12", "duns": "15-048-3782", "segment": "prospect"}]
    found = readable(prepare_accounts(accounts(rows), PROFILES["identifiers"]))
    assert found == {("a", "lei", "5493001KJTIIGC8Y1R12"), ("a", "duns", "150483782")}


def test_an_empty_list_prepares() -> None:
    prepared = prepare_accounts(accounts([]), PROFILES["standard"])
    assert prepared.entities.num_rows == prepared.keys.num_rows == prepared.members.num_rows == 0


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_slot_outweighs_all_weaker_ones(profile: Profile) -> None:
    for at, slot in enumerate(profile.slots):
        assert slot.weight >= profile.threshold
        assert slot.weight > sum(weaker.weight for weaker in profile.slots[at + 1 :])


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_no_strong_slot_stands_behind_a_weak_one(profile: Profile) -> None:
    strengths = [slot.strength for slot in profile.slots]
    assert strengths == sorted(strengths)


def regional(*names: str, domain: str = "lanternex.com") -> set[tuple[str, str, str]]:
    rows = [
        {"account_id": name, "name": name, "website": domain, "country": country, "segment": "prospect"}
        for name, country in zip(names, ("GB", "US", "DE"), strict=False)
    ]
    return readable(prepare_accounts(accounts(rows), PROFILES["standard"]))


def test_regional_records_are_one_company_and_keep_their_domain() -> None:
    found = regional("Lanternex UK", "Lanternex US", "Lanternex Germany")
    assert {entity for entity, _, _ in found} == {"Lanternex Germany"}
    assert ("Lanternex Germany", "domain", "lanternex.com") in found


def test_a_product_leaves_the_domain_to_its_company() -> None:
    found = regional("Lanternex Ltd", "Quillon Studio")
    assert [entity for entity, slot, _ in found if slot == "domain"] == ["Lanternex Ltd"]
