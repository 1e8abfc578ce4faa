"""Credits add up exactly, and each model does what it says."""

from collections import defaultdict
from dataclasses import replace
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accountmap.influence import InfluenceRules
from accountmap.influence.attribution import REVENUE
from accountmap.influence.models import MODELS, SHAPLEY, Shapley, apportion, credits, paths_of, removal_effects
from tests.influence.examples import example, facts_of, touched
from tests.influence.simulated import simulated


@given(
    st.integers(0, 10**12),
    st.lists(st.floats(0, 1), min_size=1, max_size=12).map(lambda xs: [x / max(1.0, sum(xs)) for x in xs]),
)
def test_parts_of_a_deal_never_come_to_more_than_the_deal(total: int, shares: list[float]) -> None:
    parts = apportion(total, shares)
    assert all(part >= 0 for part in parts)
    assert sum(parts) <= total
    assert all(abs(part - total * share) <= 1 for part, share in zip(parts, shares, strict=True))


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), min_size=1, max_size=6),
            st.integers(0, 10**9),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([(0.4, 0.2, 0.4), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.1, 0.9, 0.0)]),
    st.integers(1, 400),
)
@settings(max_examples=2 * settings().max_examples)
def test_no_model_gives_away_more_than_a_deal(
    deals: list[tuple[list[tuple[int, int]], int, bool]], position: tuple[float, float, float], half_life: int
) -> None:
    """Whatever the touches, their days, the amounts and the outcomes are."""
    facts, found = touched([path for path, _, _ in deals], [won for _, _, won in deals])
    facts = replace(facts, minor=np.array([amount for _, amount, _ in deals]))
    rules = InfluenceRules(position=position, half_life_days=half_life)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in credits(facts, found, {REVENUE: np.ones(len(deals), bool)}, rules).to_pylist():
        assert row["credit"] >= 0
        sums[row["deal_id"], row["model"]] += row["credit"]
    assert len(sums) == len(deals) * len(MODELS)
    for (deal, model), credit in sums.items():
        amount = deals[int(deal)][1]
        assert credit <= amount
        assert model == SHAPLEY or credit == amount


def test_whole_shares_leave_nothing() -> None:
    assert apportion(100, [1 / 3] * 3) == [34, 33, 33]
    assert sum(apportion(10**11 + 1, [1 / 7] * 7)) == 10**11 + 1


def by_model(credits: pa.Table, deal: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in credits.to_pylist():
        if row["deal_id"] == deal:
            found[row["model"]][row["partner_name"]] = row["credit"]
    return found


def test_every_model_divides_a_deal_as_it_says() -> None:
    """Deal D1 of 1000.00: Globex on days 0 and 20, Initech on day 10, Umbrella on day 20."""
    found = by_model(example().credits, "D1")
    assert set(found) == set(MODELS)
    assert found["first touch"] == {"Globex": 100_000, "Initech": 0, "Umbrella": 0}
    assert found["last touch"] == {"Globex": 50_000, "Initech": 0, "Umbrella": 50_000}
    assert sorted(found["even"].values()) == [33_333, 33_333, 33_334]
    assert found["position"] == {"Globex": 60_000, "Initech": 20_000, "Umbrella": 20_000}
    decay = [2 ** (-20 / 30) + 1, 2 ** (-10 / 30), 1]
    expected = [round(100_000 * each / sum(decay)) for each in decay]
    assert list(found["time decay"].values()) == pytest.approx(expected, abs=1)
    for model, credit in found.items():
        assert sum(credit.values()) <= 100_000
        assert model == SHAPLEY or sum(credit.values()) == 100_000


def test_shapley_is_the_mean_over_all_orders() -> None:
    """Against the definition: what a partner adds, over all orders in which the partners may come."""
    rates = {(): 0.2, (0,): 0.4, (1,): 0.3, (0, 1): 0.7}
    facts, found = facts_of(rates, deals=20_000)
    value = Shapley(facts, paths_of(found))
    gains = [0.0, 0.0]
    for order in permutations((0, 1)):
        before: tuple[int, ...] = ()
        for partner in order:
            after = tuple(sorted((*before, partner)))
            gains[partner] += (value.value(frozenset(after)) - value.value(frozenset(before))) / 2
            before = after
    both = value.value(frozenset((0, 1)))
    assert value.shares(frozenset((0, 1))) == pytest.approx([gain / both for gain in gains])
    assert gains == pytest.approx([0.3, 0.2], abs=0.01)
    assert 1 - sum(value.shares(frozenset((0, 1)))) == pytest.approx(0.2 / 0.7, abs=0.02)


def test_removing_a_partner_loses_the_deals_that_went_through_it() -> None:
    """Of 100 deals a quarter each: untouched and with both won at 0.4, with one won at 0.8 and 0.4."""
    facts, found = facts_of({(): 0.4, (0,): 0.8, (1,): 0.4, (0, 1): 0.4}, deals=100)
    effects = removal_effects(facts, paths_of(found), 2)
    # First order: from 0 a path goes on to 1 with 1/2; each state is left as often as it is met.
    start = {"won": 0.1, 0: 0.5, 1: 0.25, "lost": 0.15}
    from_0 = {"won": 0.4, 1: 0.5}
    from_1 = 0.4
    whole = start["won"] + start[0] * (from_0["won"] + from_0[1] * from_1) + start[1] * from_1
    without_0 = start["won"] + start[1] * from_1
    without_1 = start["won"] + start[0] * from_0["won"]
    assert effects == pytest.approx([1 - without_0 / whole, 1 - without_1 / whole])


def test_nothing_hangs_on_the_order_in_which_partners_are_known() -> None:
    one, other = example().credits, example(known=("Umbrella", "Globex", "Initech")).credits
    for deal in ("D1", "D2", "D4"):
        before, after = by_model(one, deal), by_model(other, deal)
        for model in MODELS:
            assert after[model] == pytest.approx(before[model], abs=1)


def test_no_deal_is_over_credited_in_a_year_of_deals() -> None:
    company = simulated(400, 3, 0.1)
    found = company.influence()
    whole = dict(zip(found.deals["deal_id"].to_pylist(), found.deals["deal_amount"].to_pylist(), strict=True))
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in found.credits.to_pylist():
        sums[row["deal_id"], row["model"]] += row["credit"]
    assert len(sums) > 300
    for (deal, model), credit in sums.items():
        amount = round(100 * whole[deal])
        assert credit <= amount
        assert model == SHAPLEY or credit == amount
    assert np.isfinite(found.credits["credited"].to_numpy()).all()
