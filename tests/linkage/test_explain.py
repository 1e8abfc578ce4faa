from accountmap.linkage.keys import explain
from accountmap.linkage.prepared import PROFILES

ACCOUNT = {
    "name": "Müller Robotik Holding GmbH & Co. KG",
    "website": "https://www.mueller-robotik.de",
    "vat": "bad",
}


def test_each_step_is_shown() -> None:
    steps = {step.what: step.result for step in explain(ACCOUNT, PROFILES["standard"]).steps}
    assert steps == {
        "name in lower-case ASCII": "muller robotik holding gmbh & co. kg",
        "its words": "muller robotik holding gmbh co kg",
        "without legal form, abbreviated": "muller robotik holding",
        "core name, without holding words": "muller robotik",
        "domain, from website": "mueller-robotik.de",
        "label of the domain": "mullerrobotik",
        "country, as compared": "DE",
    }


def test_every_slot_is_shown_with_its_rule_or_empty() -> None:
    keys = {key.slot.name: (key.value, key.rule) for key in explain(ACCOUNT, PROFILES["identifiers"]).keys}
    assert keys["name_country"] == ("mullerrobotik|DE", "name without holding words, country")
    assert keys["domain"] == ("mueller-robotik.de", "domain of website")
    assert keys["vat"] == (None, None)
    assert list(keys) == [slot.name for slot in PROFILES["identifiers"].slots]


def test_a_name_in_two_scripts_shows_the_part_that_counts() -> None:
    steps = explain({"name": "三聯書店 Harbour Books"}, PROFILES["standard"]).steps
    assert "harbour books" in [step.result for step in steps if step.what == "words of its Latin part"]


def test_an_account_without_anything_has_no_key() -> None:
    explanation = explain({"name": "GmbH", "email": "jo@gmail.com"}, PROFILES["standard"])
    assert not [key for key in explanation.keys if key.value is not None]


def test_what_makes_no_key_is_shown_where_it_is_given() -> None:
    account = ACCOUNT | {
        "city": "80331 München",
        "region": "Bayern",
        "postal_code": "D-80331",
        "phone": "089 2330",
    }
    steps = explain(account, PROFILES["standard"]).steps
    assert {step.what: step.result for step in steps[-4:]} == {
        "city": "munchen",
        "region, ISO 3166-2": "DE-BY",
        "postal code": "80331",
        "phone, E.164": "+49892330",
    }
    assert explain(account, PROFILES["standard"]).keys == explain(ACCOUNT, PROFILES["standard"]).keys
