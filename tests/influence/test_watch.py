"""A change is found, and none is where there is none, at the rate that is stated."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

import accountmap.influence.watch as module
from accountmap.influence.attribution import attribute
from accountmap.influence.evidence import PartnerNames, gather_touches
from accountmap.influence.facts import deal_facts
from accountmap.influence.watch import (
    ANSWERS,
    CHANGED,
    COMPANIES,
    FALSE_ALARMS,
    GROWTH,
    INTRODUCTIONS,
    LEAST_MONTHS,
    OBSERVED_SCHEMA,
    TOO_FEW,
    TOUCHES,
    UNCHANGED,
    find_change,
    watch,
)
from tests.influence.recorded import Years
from tests.influence.simulated import AS_OF, STANDARD, Company, simulated

NOTHING = OBSERVED_SCHEMA.empty_table()


def test_a_change_of_level_is_found_with_its_month_and_size() -> None:
    draw = np.random.default_rng(1)
    series = np.concatenate([draw.poisson(4, 15), draw.poisson(12, 9)])
    change = find_change(of_months(series))
    assert change is not None
    assert change.at in (14, 15, 16)
    assert change.by_chance < 0.01


def test_false_alarms_are_as_rare_as_stated() -> None:
    draw = np.random.default_rng(2)
    found = [find_change(of_months(draw.poisson(5, 24))) for _ in range(120)]
    alarms = sum(each is not None and each.by_chance <= 0.1 for each in found)
    assert 3 <= alarms <= 24, "a tenth of 120, give or take"


def test_months_with_many_answers_and_with_one_raise_no_more_false_alarms() -> None:
    """The means of such months are not alike: putting them into random orders named a change in one of five."""
    draw = np.random.default_rng(7)
    sizes = [12] * 12 + [1] * 12
    series = [[draw.gamma(1.2, 5, size).tolist() for size in sizes] for _ in range(150)]
    found = [find_change(months, 199) for months in series]
    assert 4 <= sum(each is not None and each.by_chance <= 0.1 for each in found) <= 27, "a tenth of 150"
    slower = [months[:14] + [[3 * value for value in month] for month in months[14:]] for months in series]
    found = [find_change(months, 199) for months in slower]
    assert sum(each is not None and each.by_chance <= 0.1 for each in found) > 75


def test_years_as_ever_are_quiet_and_a_doubling_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Touches in clusters, answers many at a time, amounts with a long tail. benchmarks/influence.py has more."""
    monkeypatch.setattr(module, "_SHUFFLES", 199)
    quiet = [row for seed in range(8) for row in Years(seed, partners=2).watched()]
    early = sum(row["by_chance"] <= 0.1 for row in quiet)
    assert len(quiet) == 8 * 2 * 5 and 1 <= early <= 18, "a tenth of 80"
    doubled = [row for seed in range(2) for row in Years(seed, 2.0, 2).watched() if row["by_chance"] <= 0.05]
    found = [row["series"] for row in doubled]
    assert [found.count(kind) for kind in (TOUCHES, INTRODUCTIONS, GROWTH)] == pytest.approx([4, 4, 4], abs=1)
    assert all(row["mean_after"] > row["mean_before"] for row in doubled if row["verdict"] == CHANGED)


def test_what_was_asked_on_one_day_counts_once() -> None:
    """Twenty answers that come together say one thing; one of them is tested, whichever comes first."""
    at = {month: date(2025 + month // 12, 1 + month % 12, 9) for month in range(18)}
    rows = [
        {"partner": "P", "series": ANSWERS, "day": day, "value": value}
        for month, day in at.items()
        for value in ([3.0] * 20 + [5.0] * 20 if month == 7 else [4.0])
    ]
    series, changes = watched(simulated(40, 1), pa.Table.from_pylist(rows, schema=OBSERVED_SCHEMA))
    shown = {row["month"]: row["value"] for row in series.to_pylist() if row["series"] == ANSWERS}
    assert (shown["2025-08"], shown["2025-09"]) == (4.0, 4.0)
    (row,) = [each for each in changes.to_pylist() if each["series"] == ANSWERS]
    assert (row["months"], row["verdict"]) == (18, UNCHANGED)
    assert row["by_chance"] > 0.5


def test_touches_are_counted_whether_or_not_a_deal_came_of_them_yet() -> None:
    """Or the last months would always show fewer: their deals are still to come."""
    company = simulated(300, 3)
    touches = company.deals.touches
    more = touches.slice(0, 40).to_pylist()
    for at, row in enumerate(more):
        row |= {
            "deal_id": None,
            "account_id": f"nobody {at}",
            "record": f"more, row {at}",
            "date": date(2026, 8, 3),
        }
    listed = pa.concat_tables([touches, pa.Table.from_pylist(more, schema=touches.schema)])
    both = (company, replace(company, deals=replace(company.deals, touches=listed)))
    counts = [
        sum(r["value"] for r in watched(each)[0].to_pylist() if r["series"] == TOUCHES and r["month"] == "2026-08")
        for each in both
    ]
    assert counts[1] == counts[0] + 40


def test_a_deal_counts_once_though_some_of_its_touches_are_outside_the_window() -> None:
    """What a partner does after it closed is of the same deal."""
    company = simulated(300, 3)
    touches = company.deals.touches
    rows = touches.to_pylist()
    again = date(2026, 8, 3)
    late = [row | {"record": f"{row['record']}, again", "date": max(row["date"], again)} for row in rows]
    listed = pa.concat_tables([touches, pa.Table.from_pylist(late, schema=touches.schema)])
    both = (company, replace(company, deals=replace(company.deals, touches=listed)))
    assert {row["deal_id"] is None for row in rows} == {False}
    counts = [
        {
            (r["partner_name"], r["month"]): r["value"]
            for r in watched(each)[0].to_pylist()
            if r["series"] == TOUCHES
        }
        for each in both
    ]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("months", range(LEAST_MONTHS))
def test_few_months_say_nothing(months: int) -> None:
    assert find_change(of_months([0.0] * (months // 2) + [100.0] * (months - months // 2))) is None


def test_a_level_line_has_no_change() -> None:
    assert find_change(of_months([3.0] * 24)) is None


def watched(company: Company, observed: pa.Table = NOTHING) -> tuple[pa.Table, pa.Table]:
    accounts = company.accounts.table["account_id"]
    facts, names = deal_facts(company.deals, company.accounts, AS_OF), PartnerNames({}, [])
    whole, listed = np.arange(len(accounts)), [company.deals.touches]
    touches = gather_touches(facts, listed, accounts, whole, names, STANDARD, company.deals.stages)
    found = attribute(facts, touches, company.shared, accounts, whole, names)
    return watch(facts, found, touches, listed, observed, names, STANDARD)


def of_months(values: Iterable[float]) -> list[list[float]]:
    """One value a month."""
    return [[float(value)] for value in values]


def test_every_partner_is_watched_and_six_months_are_too_few() -> None:
    series, changes = watched(simulated(600, 3, days=900))
    assert set(changes["verdict"].to_pylist()) <= {UNCHANGED, CHANGED}
    assert set(series["partner_name"].to_pylist()) == {"Partner 0", "Partner 1", "Partner 2"}
    touches = [row for row in series.to_pylist() if row["series"] == TOUCHES]
    assert sum(row["value"] for row in touches) > 200
    assert not sum(row["value"] for row in series.to_pylist() if row["series"] == INTRODUCTIONS)
    _, short = watched(simulated(200, 3, days=200))
    assert set(short["verdict"].to_pylist()) == {TOO_FEW}
    assert 0 < FALSE_ALARMS < 0.1


def monthly(series: str, values: Iterable[float]) -> pa.Table:
    """One observation of a partner a month, the last one in the month before the deals were exported."""
    listed = list(values)
    last = np.datetime64(AS_OF.replace(day=1) - timedelta(days=1), "M")
    days = [(last - (len(listed) - 1 - at)).astype("datetime64[D]").astype(date) for at in range(len(listed))]
    rows = [
        {"partner": "Partner 0", "series": series, "day": day, "value": float(value)}
        for day, value in zip(days, listed, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=OBSERVED_SCHEMA)


def test_answers_that_take_longer_are_found_and_months_without_any_have_no_value() -> None:
    draw = np.random.default_rng(4)
    days = np.concatenate([draw.gamma(4, 1, 12), draw.gamma(4, 3, 10)])
    observed = monthly(ANSWERS, days)
    observed = observed.filter(pa.array([at not in (3, 17) for at in range(22)]))
    series, changes = watched(simulated(60, 3), observed)
    values = [row["value"] for row in series.to_pylist() if row["series"] == ANSWERS]
    assert values == pytest.approx(observed["value"].to_pylist())
    (row,) = [each for each in changes.to_pylist() if each["series"] == ANSWERS]
    assert (row["verdict"], row["months"]) == (CHANGED, 20)
    assert row["mean_before"] < 6 < row["mean_after"]
    assert "2025-07" < row["since"] < "2026-03"


def test_growth_of_the_overlap_is_found_and_a_level_that_wanders_is_no_change() -> None:
    draw = np.random.default_rng(5)
    slow, fast = draw.poisson(2, 14), draw.poisson(12, 12)
    series, changes = watched(simulated(60, 3), monthly(COMPANIES, 300 + np.concatenate([slow, fast]).cumsum()))
    (row,) = [each for each in changes.to_pylist() if each["series"] in (COMPANIES, GROWTH)]
    assert (row["series"], row["verdict"], row["months"]) == (GROWTH, CHANGED, 25)
    assert (row["mean_before"], row["mean_after"]) == pytest.approx((2, 12), abs=2.5)
    assert sum(each["series"] == COMPANIES for each in series.to_pylist()) == 26
    level = [300 + draw.normal(0, 4, 24).cumsum() for _ in range(100)]
    assert alarms(level) > 50, "of 100 in which nothing changes"
    assert alarms(map(np.diff, level)) <= 18, "a tenth of 100, give or take"


def alarms(series: Iterable[np.ndarray]) -> int:
    found = map(find_change, map(of_months, series))
    return sum(each is not None and each.by_chance <= 0.1 for each in found)


def test_of_a_month_with_two_sessions_the_last_counts_and_pauses_are_spread() -> None:
    rows = [("2026-01-05", 10.0), ("2026-01-20", 14.0), ("2026-04-02", 20.0), ("2026-09-15", 99.0)]
    observed = pa.Table.from_pylist(
        [
            {"partner": "partner 0", "series": COMPANIES, "day": date.fromisoformat(day), "value": value}
            for day, value in rows
        ],
        schema=OBSERVED_SCHEMA,
    )
    found = [
        row for row in watched(simulated(60, 3), observed)[0].to_pylist() if row["series"] in (COMPANIES, GROWTH)
    ]
    assert [(row["partner_name"], row["series"], row["month"], row["value"]) for row in found] == [
        ("Partner 0", COMPANIES, "2026-01", 14.0),
        ("Partner 0", COMPANIES, "2026-04", 20.0),
        ("Partner 0", GROWTH, "2026-04", 2.0),
    ]


def test_a_clear_change_is_found_among_many_partners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where it has to be rarer than the first orders can show. What never varies is not counted."""
    monkeypatch.setattr(module, "_SHUFFLES", 199)
    monkeypatch.setattr(module, "_MOST_SHUFFLES", 1_999)
    months = [date(2024 + at // 12, 1 + at % 12, 5) for at in range(24)]
    draw = np.random.default_rng(4)
    rows = [
        {"partner": f"P{n}", "series": ANSWERS, "day": day,
         "value": (1.0 if at < 12 else 20.0) if n == 0 else 3.0 if n > 20 else float(draw.poisson(4))}
        for n in range(400) for at, day in enumerate(months)
    ]  # fmt: skip
    _, changes = watched(simulated(40, 1), pa.Table.from_pylist(rows, schema=OBSERVED_SCHEMA))
    found = {row["partner_name"]: row for row in changes.to_pylist() if row["series"] == ANSWERS}
    assert [name for name, row in found.items() if row["verdict"] == CHANGED] == ["P0"]
    assert (found["P0"]["months"], found["P0"]["since"]) == (24, "2025-01")
