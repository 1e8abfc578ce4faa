"""The score of a partner: parts that add up, shrunk where little is known, with ranges that hold the truth."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from accountmap.portfolio import (
    INTRODUCE,
    NOT_ENOUGH,
    PARTS,
    QUESTION,
    THEM,
    US,
    Exchange,
    Mapping,
    PartnerFacts,
)
from accountmap.portfolio.scoring import PRIOR, Observed, answers_in_time, beta_moments, growth, reciprocity
from tests.portfolio.made import IDEAL, NOW, SIZES, facts, own_list, portfolio

DAY = timedelta(days=1)


def scores_of(partner: str) -> dict[str, dict[str, float]]:
    return {row["part"]: row for row in portfolio().scores.to_pylist() if row["partner"] == partner}


def test_the_parts_add_up_and_their_points_to_a_hundred() -> None:
    rows = {row["partner"]: row for row in portfolio().partners.to_pylist() if row["score"] is not None}
    assert set(rows) == {name.lower() for name in SIZES}
    for partner, row in rows.items():
        parts = scores_of(partner)
        assert sum(part["points"] for part in parts.values()) == pytest.approx(row["score"], abs=0.3)
        assert sum(part["most_points"] for part in parts.values()) == pytest.approx(100, abs=0.3)
        assert 0 <= row["score_at_least"] <= row["score"] <= row["score_at_most"] <= 100
        for part in parts.values():
            assert 0 <= part["at_least"] <= part["points"] <= part["at_most"] <= part["most_points"]


def in_germany_or_france(account: dict[str, object]) -> bool:
    if account["country"] is None:
        return str(account["domain"]).endswith((".de", ".fr"))
    return account["country"] in ("Germany", "France")


def test_what_the_parts_are_made_of_is_counted_from_the_list() -> None:
    accounts, _ = own_list()
    by_entity: dict[str, list[dict[str, object]]] = {}
    rows = {row["account_id"]: row for row in accounts.table.to_pylist()}
    for row in portfolio().accounts.to_pylist():
        by_entity.setdefault(row["entity_id"], []).append(rows[row["account_id"]])
    shared: dict[str, set[str]] = {}
    for row in portfolio().shared.to_pylist():
        shared.setdefault(row["partner"], set()).add(row["entity_id"])
    ideal = {
        entity
        for entity, own in by_entity.items()
        if any(in_germany_or_france(a) and 50 <= int(str(a["employees"] or 0)) <= 2000 for a in own)
    }
    open_ones = {entity for entity, own in by_entity.items() if any(a["amount"] for a in own)}
    assert IDEAL.rules[0].any_of == ("DE", "FR")
    for partner, companies in shared.items():
        parts = scores_of(partner)
        assert (parts["fit"]["hits"], parts["fit"]["observed"]) == (len(companies & ideal), len(companies))
        assert (parts["pipeline"]["hits"], parts["pipeline"]["observed"]) == (
            len(companies & open_ones),
            len(open_ones),
        )


def test_a_part_is_the_mean_of_the_posterior_that_is_documented() -> None:
    """Of `fit`, whose points are the rate itself, the mean of a Beta distribution has a closed form."""
    rows = [row for row in portfolio().scores.to_pylist() if row["part"] == "fit"]
    usual = (sum(row["hits"] for row in rows) + 1) / (sum(row["observed"] for row in rows) + 2)
    for row in rows:
        wanted = (row["hits"] + PRIOR * usual) / (row["observed"] + PRIOR)
        assert row["points"] == pytest.approx(row["most_points"] * wanted, abs=0.06)


@pytest.mark.parametrize(
    ("hits", "misses"), [(0.7, 3.0), (2.5, 2.5), (40.0, 10.0), (3.0, 600.0), (2000.0, 9000.0)]
)
def test_the_moments_are_those_of_a_beta_distribution(hits: float, misses: float) -> None:
    mean, variance, least, most = beta_moments(hits, misses, lambda rate: rate)
    total = hits + misses
    assert mean == pytest.approx(hits / total, abs=2e-3)
    assert variance == pytest.approx(hits * misses / total**2 / (total + 1), rel=0.05, abs=1e-6)
    draws = np.random.default_rng(1).beta(hits, misses, 200_000)
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (least, most) == pytest.approx((low, high), abs=0.01)


def test_ranges_hold_the_truth_in_about_95_of_100_cases() -> None:
    """Partners whose true rates are drawn from the prior, with few and many observations."""
    draw = np.random.default_rng(20)
    held = []
    for _ in range(1500):
        usual = 0.3
        rate = draw.beta(PRIOR * usual, PRIOR * (1 - usual))
        of = int(draw.integers(0, 60))
        hits = int(draw.binomial(of, rate))
        _, _, least, most = beta_moments(
            hits + PRIOR * usual, of - hits + PRIOR * (1 - usual), PARTS["answers"].points
        )
        held.append(least <= rate <= most)
    assert 0.93 <= statistics.fmean(held) <= 0.97


def built_with(exchanges: Sequence[Exchange], name: str = "Stark") -> dict[str, object]:
    """The row of a partner that has these exchanges, among the others."""
    from accountmap.portfolio import build_portfolio

    accounts, prepared = own_list()
    ids = [each for each in accounts.table["account_id"].to_pylist() if each.startswith("a")]
    partners = [
        replace(each, exchanges=tuple(exchanges) if each.name == name else each.exchanges) for each in facts(ids)
    ]
    table = build_portfolio("Acme", NOW, accounts, prepared, partners, ideal=IDEAL).partners
    return next(row for row in table.to_pylist() if row["partner_name"] == name)


def made(count: int) -> list[Exchange]:
    return [
        Exchange(f"{n:032x}", INTRODUCE, n % 2 == 0, NOW - 30 * DAY, NOW - 28 * DAY, made_by=(THEM, US)[n % 2])
        for n in range(count)
    ]


def test_with_little_data_there_is_a_wide_range_and_no_label_and_more_data_gives_one() -> None:
    unknown, little, much = built_with([]), built_with(made(2)), built_with(made(200))
    assert unknown["rating"] == NOT_ENOUGH
    widths = [
        float(str(row["score_at_most"])) - float(str(row["score_at_least"])) for row in (unknown, little, much)
    ]
    assert widths[2] < min(widths[:2])
    assert much["rating"] != NOT_ENOUGH


def test_two_of_two_counts_less_than_two_hundred_of_two_hundred() -> None:
    def answered(count: int) -> list[Exchange]:
        return [
            Exchange(f"{n:032x}", QUESTION, ours=True, asked=NOW - 9 * DAY, answered=NOW - 8 * DAY)
            for n in range(count)
        ]

    few, many = (float(str(built_with(answered(count))["score"])) for count in (2, 200))
    assert few < many


def exchange(
    kind: str = INTRODUCE, *, ours: bool = True, days: float | None = 1, ago: int = 30, made_by: str = ""
) -> Exchange:
    asked = NOW - ago * DAY
    return Exchange("00" * 16, kind, ours, asked, None if days is None else asked + days * DAY, made_by)


def test_reciprocity_counts_introductions_that_were_made() -> None:
    found = [
        exchange(made_by=THEM),
        exchange(made_by=US, ours=False),
        exchange(made_by=US, ours=False),
        exchange(),
        exchange(QUESTION),
    ]
    assert reciprocity(found) == Observed(hits=1, of=3)


def test_answers_are_in_time_late_or_may_still_come() -> None:
    found = [
        exchange(days=6.9),
        exchange(days=7.1),
        exchange(days=None),
        exchange(days=None, ago=3),
        exchange(days=2, ago=3, kind=QUESTION),
        exchange(days=1, ours=False),
    ]
    assert answers_in_time(found, NOW) == Observed(hits=2, of=4)


def mapped(*sessions: tuple[int, int]) -> PartnerFacts:
    return PartnerFacts(
        "x",
        "X",
        mappings=tuple(
            Mapping(NOW - ago * DAY, pa.array([f"{n}" for n in range(count)])) for ago, count in sessions
        ),
    )


def test_growth_is_brought_to_a_year() -> None:
    assert growth(mapped((365, 50), (0, 100))) == Observed(hits=100, of=150)  # doubled in a year
    assert growth(mapped((730, 25), (0, 100))) == Observed(hits=100, of=150)  # doubled each year
    assert growth(mapped((73, 100), (0, 100))) == Observed(hits=100, of=200)
    for too_little in (mapped((0, 100)), mapped((59, 50), (0, 100)), mapped((365, 0), (0, 5)), mapped()):
        assert growth(too_little) == Observed()


def test_points_rise_with_the_rate_and_stay_within_their_bounds() -> None:
    rates = np.array(sorted(random.Random(4).random() for _ in range(200)))  # noqa: S311 no secret
    for part in PARTS.values():
        points = part.points(rates)
        assert (np.diff(points) >= 0).all()
        assert points.min() >= 0
        assert points.max() <= 1
