"""Rules of an ideal customer learned from won and lost deals: few, readable, and checked on later months."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import tomlkit

from accountmap.account_map.holdout import newcombe
from accountmap.account_map.ideal import (
    COUNTRY,
    EMPLOYEES,
    MOST,
    IdealCustomer,
    Rule,
    fit_accounts,
    parse_ideal_customer,
)
from accountmap.account_map.own_accounts import countries_of
from accountmap.accounts.headings import fold
from accountmap.accounts.schema import SIZE_BANDS, AccountList, size_band
from accountmap.errors import InputError
from accountmap.influence.facts import NO_DAY, DealFacts, Floats, Ints, Mask
from accountmap.propensity.fitting import SEED

LEAST: Final = 30
"""How many companies won, and how many lost, it takes to learn."""

CONFIDENCE: Final = 0.9
_CHANCE: Final = 0.05
"""How often, at most, any rule is found where there is nothing to find, over all fields together."""

_ORDERS: Final = 999
_LEAST_OF_VALUE: Final = 8
_LATER: Final = 0.3
_ASKED: Final = (COUNTRY, "industry", EMPLOYEES)


@dataclass(frozen=True)
class Learned:
    """A profile, and what it is worth.

    Attributes:
        ideal: the profile; comments in its text say what follows.
        companies, won: how many companies the rules were learned from, and how many of them were won.
        since: companies whose first decided deal closed on or after this day were kept for the check.
        fitting, fitting_won, others, others_won: of those, how many fit, and were won; how many do not, and were
            won.
        at_least, at_most: the interval of the difference of their rates; None if one of the groups is empty.
    """

    ideal: IdealCustomer
    companies: int
    won: int
    since: date
    fitting: int
    fitting_won: int
    others: int
    others_won: int
    at_least: float | None
    at_most: float | None


def learn_ideal_customer(facts: DealFacts, accounts: AccountList) -> Learned:
    """Find out how companies whose first decided deal was won differ from those whose first was lost.

    For each field, the split that differs most is compared with the best splits of the same companies with their
    outcomes in random order, which allows for all the values that were tried in vain (a permutation test of the
    greatest chi-square). Points follow the log-odds ratio of the split.

    Raises:
        InputError: too few companies, or no field in which they differ more than by chance.
    """
    first, account, won = _first_decided(facts)
    closed = facts.closed[first]
    start = int(np.quantile(closed, 1 - _LATER, method="lower")) if len(first) else 0
    past = closed < start
    counts = int(won[past].sum()), int((~won[past]).sum())
    if min(counts) < LEAST:
        raise InputError(
            f"There are too few outcomes to learn rules from: {counts[0]:,} companies whose first deal was won, "
            f"and {counts[1]:,} whose first was lost. It takes {LEAST} of each in the earlier months.",
            "Prepare deals of more years, lost ones too, or write the rules yourself: accountmap ideal rules",
        )
    described = _described(accounts).take(pa.array(account))
    found = [rule for name in _ASKED if (rule := _best_rule(name, described, past, won)) is not None]
    if not found:
        raise InputError(
            "What the list says about companies that bought differs no more than by chance from what it says "
            "about the others.",
            "Fill in country, industry and employees, or write the rules yourself: accountmap ideal rules",
        )
    rules = _with_points(found)
    ideal = IdealCustomer(rules, fits_from=_threshold(rules, described, past, won))
    return _checked(ideal, described, past, won, date(1970, 1, 1) + timedelta(days=start))


def _first_decided(facts: DealFacts) -> tuple[Ints, Ints, Mask]:
    """Return the first decided deal of each company, its account, and whether it was won."""
    rows = np.flatnonzero(~facts.is_open & (facts.closed != NO_DAY) & (facts.entity >= 0) & (facts.account >= 0))
    rows = rows[np.lexsort((rows, facts.closed[rows]))]
    _, at = np.unique(facts.entity[rows], return_index=True)
    first = rows[np.sort(at)]
    return first, facts.account[first], facts.won[first]


def _described(accounts: AccountList) -> pa.Table:
    table = accounts.table.select(["region", "industry", "employees"])
    return table.append_column("territory", countries_of(accounts.table))


@dataclass(frozen=True)
class _Split:
    rule: Rule
    weight: float


def _best_rule(name: str, described: pa.Table, past: Mask, won: Mask) -> _Split | None:
    """Return the split of a field that differs most, if it does by more than chance."""
    values, shown = _values(name, described)
    inside = past & (values >= 0)
    counted = np.bincount(values[inside], minlength=len(shown))
    usable = counted >= _LEAST_OF_VALUE
    inside &= np.append(usable, False)[values]
    if usable.sum() < 2 or not 0 < won[inside].sum() < inside.sum():
        return None
    number = np.cumsum(usable) - 1
    at, outcome = number[values[inside]], won[inside]
    total = np.bincount(at, minlength=int(usable.sum()))
    wins = np.bincount(at[outcome], minlength=len(total))
    ordered = name == EMPLOYEES
    statistic, chosen = _greatest(wins[None, :], total, ordered=ordered)
    drawn = np.random.default_rng(SEED).multivariate_hypergeometric(total, int(wins.sum()), size=_ORDERS)
    by_chance, _ = _greatest(drawn, total, ordered=ordered)
    if (1 + (by_chance >= statistic[0] - 1e-12).sum()) / (1 + _ORDERS) > _CHANCE / len(_ASKED):
        return None
    names = [shown[each] for each in np.flatnonzero(usable)[chosen[0]]]
    return _Split(_rule(name, names), _log_odds_ratio(wins, total, chosen[0]))


def _values(name: str, described: pa.Table) -> tuple[Ints, list[str]]:
    """Number the values of a field, -1 for a blank; and list them."""
    if name == EMPLOYEES:
        known = {band: band for band in SIZE_BANDS}
        keys = [size_band(each) for each in described["employees"].to_pylist()]
    else:
        words = described["territory" if name == COUNTRY else name].to_pylist()
        keys = [word and (word if name == COUNTRY else fold(word)) for word in words]
        spelt = {key: word for key, word in zip(reversed(keys), reversed(words), strict=True) if key}
        known = dict(sorted(spelt.items()))
    number = {key: at for at, key in enumerate(known)}
    return np.array([number[key] if key else -1 for key in keys], np.int64), list(known.values())


def _greatest(wins: Ints, total: Ints, *, ordered: bool) -> tuple[Floats, list[Ints]]:
    """Find for each row of wins the group of values that most clearly wins more often than the others.

    Args:
        wins: (row, value).
        total: of each value.
        ordered: only neighbouring values may be grouped; otherwise any may, and the best group is the first by
            rate (Fisher 1958).

    Returns:
        The chi-square statistic of each row, and the values of the first row alone.
    """
    rows, values = wins.shape
    order = np.tile(np.arange(values), (rows, 1)) if ordered else np.argsort(-wins / total, axis=1, kind="stable")
    taken = np.cumsum(np.take_along_axis(wins, order, 1), axis=1)
    size = np.cumsum(total[order], axis=1)
    n, w = int(total.sum()), taken[:, -1:]
    best, which = np.zeros(rows), (0, values)
    for begin in range(values if ordered else 1):
        for end in range(begin + 1, values + 1):
            if end - begin == values:
                continue
            k = taken[:, end - 1] - (taken[:, begin - 1] if begin else 0)
            m = size[:, end - 1] - (size[:, begin - 1] if begin else 0)
            expected = m * w[:, 0] / n
            variance = expected * (1 - w[:, 0] / n) * (n - m) / n
            statistic = np.where(k > expected, (k - expected) ** 2 / np.maximum(variance, 1e-12), 0.0)
            if statistic[0] > best[0]:
                which = (begin, end)
            best = np.maximum(best, statistic)
    return best, [order[0][which[0] : which[1]]]


def _log_odds_ratio(wins: Ints, total: Ints, chosen: Ints) -> float:
    k, m = wins[chosen].sum() + 0.5, total[chosen].sum() + 1.0
    others, of = wins.sum() - wins[chosen].sum() + 0.5, total.sum() - total[chosen].sum() + 1.0
    return float(np.log(k / (m - k)) - np.log(others / (of - others)))


def _rule(name: str, values: Sequence[str]) -> Rule:
    if name != EMPLOYEES:
        return Rule(name, 1, tuple(sorted(values)))
    low, high = values[0], values[-1]
    least = 0 if low == SIZE_BANDS[0] else int(low.rstrip("+").partition("-")[0])
    return Rule(name, 1, (), least, 0 if high == SIZE_BANDS[-1] else int(high.partition("-")[2]))


def _with_points(found: Sequence[_Split]) -> tuple[Rule, ...]:
    """Divide the points in proportion to the weights of the splits, in multiples of five as far as possible."""
    weights = np.array([max(each.weight, 0.05) for each in found])
    points = np.maximum(5, np.round(MOST * weights / weights.sum() / 5).astype(int) * 5)
    points[int(np.argmax(points))] += MOST - int(points.sum())
    return tuple(replace(each.rule, points=int(given)) for each, given in zip(found, points, strict=True))


def _threshold(rules: tuple[Rule, ...], described: pa.Table, past: Mask, won: Mask) -> int:
    """Choose the points from which companies are won most clearly more often than the others."""
    points = fit_accounts(described, IdealCustomer(rules, 1)).points[past]
    outcome = won[past]
    best, chosen = -1.0, int(points.max(initial=1)) or 1
    for each in sorted({int(value) for value in points if value}):
        inside = points >= each
        expected = inside.sum() * outcome.mean()
        variance = expected * (1 - outcome.mean()) * (1 - inside.mean())
        statistic = (outcome[inside].sum() - expected) / np.sqrt(max(variance, 1e-12)) if inside.any() else -1.0
        if statistic > best:
            best, chosen = float(statistic), each
    return chosen


def _checked(ideal: IdealCustomer, described: pa.Table, past: Mask, won: Mask, since: date) -> Learned:
    points = fit_accounts(described, ideal).points
    fits, later = points >= ideal.fits_from, ~past
    counts = [int(each.sum()) for each in (fits & later, fits & later & won, ~fits & later, ~fits & later & won)]
    fitting, fitting_won, others, others_won = counts
    interval = (
        newcombe(fitting_won, fitting, others_won, others, CONFIDENCE) if fitting and others else (None, None)
    )
    learned = Learned(ideal, int(past.sum()), int((won & past).sum()), since, *counts, *interval)
    return replace(learned, ideal=parse_ideal_customer(_text(learned)))


def check_in_words(found: Learned) -> str:
    """Say what the rules are worth in later months."""
    if found.at_least is None or found.at_most is None:
        return f"Since {found.since}, all companies fit, or none does: that says nothing about the rules."
    rates = found.fitting_won / found.fitting, found.others_won / found.others
    sure = "" if found.at_least > 0 else " That may be chance: do not rely on the rules yet."
    return (
        f"Since {found.since}, in deals that the rules were not made from, {rates[0]:.0%} of {found.fitting:,} "
        f"companies that fit bought, and {rates[1]:.0%} of {found.others:,} others: a difference of "
        f"{100 * found.at_least:+.0f} to {100 * found.at_most:+.0f} points in 90 of 100 cases.{sure}"
    )


def _text(found: Learned) -> str:
    """Write the profile as a person would, to be edited."""
    lines = [
        "# The ideal customer, learned from what became of the first deal with each company. Change what you know",
        "# better.",
        f"# Learned from {found.companies:,} companies, {found.won:,} of which bought.",
        f"# {check_in_words(found)}",
        "",
        "# An account fits if it has at least this many points.",
        f"fits_from = {found.ideal.fits_from}",
    ]
    for rule in found.ideal.rules:
        lines += ["", "[[rule]]", f'field = "{rule.field}"']
        if rule.any_of:
            lines.append(f"any_of = [{', '.join(_quoted(word) for word in rule.any_of)}]")
        lines += [f"{name} = {value}" for name in ("at_least", "at_most") if (value := getattr(rule, name))]
        lines.append(f"points = {rule.points}")
    return "\n".join(lines) + "\n"


def _quoted(word: str) -> str:
    return str(tomlkit.item(word).as_string())
