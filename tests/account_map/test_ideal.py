"""Profiles of the ideal customer, and what the report says by them."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from accountmap.account_map import AccountMap, Qualifiers, Weights, build_map, read_ideal_customer
from accountmap.account_map.ideal import EXAMPLE, IdealCustomer, fit_accounts, parse_ideal_customer
from accountmap.account_map.own_accounts import own_accounts
from accountmap.account_map.qualification import LIKELIHOOD_SCHEMA, qualification_sentences
from accountmap.account_map.schema import NOT_ON_THEIR_LIST
from accountmap.errors import InputError
from tests.account_map.examples import account_list, prepared_list, session

PROFILE = """fits_from = 60
[[rule]]
field = "country"
any_of = ["Germany", "AT"]
points = 40
[[rule]]
field = "industry"
any_of = ["Métal & Steel"]
points = 20
[[rule]]
field = "employees"
at_least = 50
at_most = 500
points = 40
"""
IDEAL = parse_ideal_customer(PROFILE)
LARGE = parse_ideal_customer('fits_from = 1\n[[rule]]\nfield = "employees"\nat_least = 400\npoints = 1\n')

ROWS: list[dict[str, Any]] = [
    {"country": "Germany", "industry": "METAL STEEL", "employees": 50},
    {"country": "Austria", "industry": "Health", "employees": 501},
    {"domain": "tern-invented.de"},
    {"industry": "Health"},
]


def built(qualifiers: Qualifiers, weights: Weights | None = None, shared: int = len(ROWS)) -> AccountMap:
    accounts = account_list({"account_id": str(at), **row} for at, row in enumerate(ROWS))
    matches = [{"entity": at, "their_segment": "customer"} for at in range(shared)]
    return build_map(
        accounts, prepared_list(accounts), session(matches), weights or Weights(), qualifiers=qualifiers
    )


def column(found: AccountMap, name: str) -> dict[str, Any]:
    ids = found.qualification["account_id"].to_pylist()
    return dict(zip(ids, found.qualification[name].to_pylist(), strict=True))


def test_an_account_gets_the_points_of_the_rules_that_it_meets() -> None:
    found = built(Qualifiers(agreed=IDEAL))
    assert column(found, "agreed_points") == {"0": 100, "1": 40, "2": 40, "3": 0}
    assert column(found, "agreed_fit") == {"0": "fits", "1": "does not fit", "2": "may fit", "3": "may fit"}
    assert qualification_sentences(found.qualification, "Contoso") == [
        "1 of 4 shared companies fit the profile that you agreed on; 2 more may fit, but too little is known "
        "about them."
    ]


def test_both_sides_give_the_same_account_the_same_score() -> None:
    """Spelt in their own way, in another order, from the file after a trip through a mail program."""
    theirs = [
        {"country": "DEU", "industry": "Metal-Steel", "employees": 50},
        {"country": "AUT", "industry": "health", "employees": 501},
        {"country": "de"},
        {"industry": "HEALTH"},
    ]
    points = []
    for rows in (ROWS, theirs[::-1]):
        accounts = account_list({"account_id": str(at), **row} for at, row in enumerate(rows))
        own = own_accounts(accounts, prepared_list(accounts))
        points.append(fit_accounts(own.table, IDEAL).points.tolist())
    assert points[0] == points[1][::-1] == [100, 40, 40, 0]


def test_the_digest_is_of_the_text_whatever_ends_its_lines(tmp_path: Path) -> None:
    for name, text in {"here": PROFILE, "there": PROFILE.replace("\n", "\r\n")}.items():
        (tmp_path / name).write_bytes(text.encode())
    here, there = (read_ideal_customer(tmp_path / name) for name in ("here", "there"))
    assert here == there
    assert here.digest != parse_ideal_customer(f"{PROFILE}# more\n").digest


def test_the_report_says_where_the_profiles_disagree() -> None:
    found = built(Qualifiers(own=IDEAL, theirs=LARGE))
    assert column(found, "disagreement") == {
        "0": "fits your profile only", "1": "fits their profile only", "2": None, "3": None
    }  # fmt: skip
    assert qualification_sentences(found.qualification, "Contoso")[-1] == (
        "Your own profile and that of Contoso disagree on 2 companies: 1 fit only yours, 1 only theirs."
    )


def test_fit_and_propensity_are_parts_of_the_score() -> None:
    def judge(theirs: np.ndarray) -> pa.Table:
        chance = [0.4, 0.1, 0.2, 0.9]
        assert theirs.tolist() == ["customer"] * 3 + [NOT_ON_THEIR_LIST]
        return pa.table(
            {"account_id": ["0", "1", "2", "3"], "probability": chance, "reasons": ["a", "b", "", "d"]},
            schema=LIKELIHOOD_SCHEMA,
        )

    weights = Weights(play=0, amount=0, stage=0, recency=0, evidence=0, fit=40, propensity=60)
    found = built(Qualifiers(judge, own=IDEAL, notes=("A note.",)), weights, shared=3)
    scores = dict(zip(found.overlap["account_id"].to_pylist(), found.overlap["score"].to_pylist(), strict=True))
    assert scores == {"0": 100.0, "1": 31.0, "2": 46.0}, "the highest chance is that of a shared account"
    assert column(found, "probability") == {"0": 0.4, "1": 0.1, "2": 0.2}
    assert "A note." in found.notes
    agreed = built(Qualifiers(judge, own=IDEAL, agreed=LARGE), weights, shared=3)
    fit = zip(*(agreed.overlap[name].to_pylist() for name in ("account_id", "score_fit")), strict=True)
    assert dict(fit) == {"0": 0.0, "1": 40.0, "2": 0.0}, "what is agreed goes before"


def test_without_a_model_and_a_profile_nothing_is_said() -> None:
    found = built(Qualifiers())
    assert found.qualification.num_rows == 0
    assert not {"fit", "propensity"} & set(found.score_parts)


def test_the_example_is_a_profile_and_is_said_in_words() -> None:
    assert parse_ideal_customer(EXAMPLE).in_words() == [
        "30 points for country: DE or AT or CH.",
        "30 points for industry: Software or Information Technology.",
        "40 points for 51 to 5,000 employees.",
        "An account fits if it has at least 60 points.",
    ]
    assert not IdealCustomer()


RULE = '[[rule]]\nfield = "country"\nany_of = ["DE"]\npoints = 10\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[rule",
        "fits_from = 10",
        f"fits_from = 11\n{RULE}",
        f"fits_from = 0\n{RULE}",
        f"fits_from = true\n{RULE}",
        f"more = 1\nfits_from = 10\n{RULE}",
        "fits_from = 10\nrule = [1]",
        f"fits_from = 10\n{RULE.replace('country', 'segment')}",
        f"fits_from = 10\n{RULE.replace('DE', 'Atlantis')}",
        f"fits_from = 10\n{RULE.replace('10', '101')}",
        f"fits_from = 10\n{RULE}at_least = 3",
        "fits_from = 10\n" + RULE * 11,
        'fits_from = 1\n[[rule]]\nfield = "industry"\nany_of = ["&"]\npoints = 1',
        'fits_from = 1\n[[rule]]\nfield = "industry"\nany_of = "Steel"\npoints = 1',
        'fits_from = 1\n[[rule]]\nfield = "employees"\npoints = 1',
        'fits_from = 1\n[[rule]]\nfield = "employees"\nat_least = 5\nat_most = 4\npoints = 1',
        "a." * 10_000 + "b = 1",
    ],
)
def test_what_is_no_profile_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "ideal.toml").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_ideal_customer(tmp_path / "ideal.toml")
    assert caught.value.hint
