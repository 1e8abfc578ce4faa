"""Rules learned from won deals: what was planted, nothing where there is nothing, and a file to edit."""

import numpy as np
import pyarrow as pa
import pytest

from accountmap.account_map.ideal import parse_ideal_customer
from accountmap.accounts.schema import DEAL_SCHEMA, DealList
from accountmap.errors import InputError
from accountmap.influence.facts import deal_facts
from accountmap.propensity.ideal_rules import check_in_words, learn_ideal_customer
from tests.propensity.simulated import AS_OF, Company, simulated


def with_industry(company: Company, seed: int) -> Company:
    """Give the deals of two industries out of three another chance: 55 and 15 of 100."""
    draw = np.random.default_rng(seed)
    industry = np.array(company.accounts.table["industry"].to_pylist())[company.facts.account]
    won = draw.random(len(industry)) < np.where(industry == "Steel", 0.15, 0.55)
    decided = np.array(company.facts.deals["outcome"].to_pylist()) != "open"
    outcome = np.where(decided, np.where(won, "won", "lost"), "open")
    at = DEAL_SCHEMA.names.index("outcome")
    table = company.facts.deals.set_column(at, DEAL_SCHEMA.field("outcome"), pa.array(outcome.tolist()))
    return Company(deal_facts(DealList(table), company.accounts, AS_OF), company.accounts, (), company.chance)


def test_what_was_planted_becomes_a_rule_that_holds_in_later_months() -> None:
    company = with_industry(simulated(700, 21, effect=0.0), 1)
    found = learn_ideal_customer(company.facts, company.accounts)
    (rule,) = found.ideal.rules
    assert (rule.field, rule.any_of, rule.points) == ("industry", ("Food", "Software"), 100)
    assert found.at_least is not None and found.at_least > 0
    assert "may be chance" not in check_in_words(found)
    assert parse_ideal_customer(found.ideal.text) == found.ideal
    assert check_in_words(found) in found.ideal.text


def test_sizes_are_a_range() -> None:
    company = simulated(1_500, 22, effect=1.5)
    found = learn_ideal_customer(company.facts, company.accounts)
    (rule,) = found.ideal.rules
    assert rule.field == "employees"
    assert rule.at_least in (51, 501) and rule.at_most in (0, 10_000)


def test_nothing_is_found_where_there_is_nothing() -> None:
    found = 0
    for seed in range(30):
        company = simulated(600, 100 + seed, effect=0.0)
        try:
            learn_ideal_customer(company.facts, company.accounts)
            found += 1
        except InputError as error:
            assert "more than by chance" in str(error)
    assert found <= 4, "one in twenty is expected"


def test_too_few_companies_are_refused() -> None:
    company = simulated(60, 1)
    with pytest.raises(InputError, match="It takes 30 of each") as caught:
        learn_ideal_customer(company.facts, company.accounts)
    assert "accountmap ideal rules" in caught.value.hint
