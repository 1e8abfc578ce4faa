"""What partners do for revenue in sentences and numbers, which page, workbook, JSON and terminal share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from accountmap.account_map.holdout import HIGHER, LOWER, TOO_FEW
from accountmap.influence import Influence
from accountmap.influence.attribution import CLASSES, INFLUENCED, REVENUE, SHARED, SOURCED, UNTOUCHED
from accountmap.influence.compare import AS_THEY_ARE, COX, LIKE_WITH_LIKE, SHRUNK, WIN_RATE
from accountmap.influence.models import MODELS, SHAPLEY
from accountmap.influence.rules import SOURCE_FIELD
from accountmap.influence.watch import ANSWERS, CHANGED, FALSE_ALARMS, LEAST_MONTHS
from accountmap.report.wording import money, money_in_short, percent

CLASS_MEANINGS: Final = {
    SOURCED: "A partner brought the deal: the earliest touch that the rule accepts for this is that partner's.",
    INFLUENCED: "A partner has a dated touch of a kind and in a window that the rule accepts, and did not bring "
    "the deal.",
    SHARED: "A partner has the company on its list, and nothing else connects it with the deal. That is not "
    "influence.",
    UNTOUCHED: "No partner has anything to do with the deal.",
}
"""What each class means."""

_MATTERS: Final = 0.25
"""Models that are further apart than this share of their mean disagree."""


DIGITS: Final = 12
"""Enough of the digest of a rule to tell two apart."""


@dataclass(frozen=True)
class BoardNumber:
    """One of the numbers of the summary.

    Attributes:
        title: what it is.
        value, unit: the number as people read it.
        range: its lower and upper bound, and what these mean.
        rule: how it is computed, in a sentence or two.
        filters: those that list the deals it adds up; empty if it is not a sum.
    """

    title: str
    value: str
    unit: str
    range: str
    rule: str
    filters: dict[str, str]


def board_numbers(influence: Influence) -> tuple[BoardNumber, ...]:
    """Return the three numbers for a board: sourced revenue, influenced revenue, and the difference in win
    rate."""
    return (
        _sum_of(
            influence,
            SOURCED,
            f"Brought by a partner: {' or '.join(influence.rules.sourced_by)}, within the windows of the rule."
            f"{_by_field_alone(influence)}",
        ),
        _sum_of(
            influence,
            INFLUENCED,
            "Not brought by a partner, but touched by one from "
            f"{influence.rules.before_days} days before creation to the day on which the deal closed.",
        ),
        _difference(influence),
    )


def _by_field_alone(influence: Influence) -> str:
    """Say how much rests only on a field of the CRM, which has no date and is not an act."""
    amount = sum(
        row["deal_amount"] or 0.0
        for row in influence.deals.select(["of", "currency", "sourced_how", "deal_amount"]).to_pylist()
        if (row["of"], row["currency"], row["sourced_how"]) == (REVENUE, influence.currency, SOURCE_FIELD)
    )
    if not amount:
        return ""
    return (
        f" {money(amount, influence.currency)} of it rests only on the source field of the CRM, which has no date."
    )


def _sum_of(influence: Influence, name: str, rule: str) -> BoardNumber:
    amounts = influence.sensitivity[name]
    value, unit = money_in_short(amounts[1], influence.currency)
    low, high = (money(each, influence.currency) for each in (min(amounts), max(amounts)))
    whole = sum(influence.sensitivity[each][1] for each in CLASSES)
    part = percent(amounts[1] / whole) if whole and amounts[1] else "0%"
    share = f"{part} of revenue. ".capitalize() if whole else ""
    between = f"{low} to {high}" if low != high else "The same"
    return BoardNumber(
        f"Revenue {name}",
        value,
        unit,
        f"{share}{between} if the windows are half or twice as long.",
        rule,
        {"of": REVENUE, "class": name, "currency": influence.currency},
    )


def _share(part: float) -> str:
    return percent(part) if part else "nothing"


def _difference(influence: Influence) -> BoardNumber:
    row = _row(influence, None, WIN_RATE, LIKE_WITH_LIKE)
    rule = (
        f"Compares deals touched within {influence.rules.landmark_days} days of their creation with similar deals "
        f"that nobody touched: how many are won within the next {influence.rules.horizon_days} days. It shows a "
        "difference, not where it comes from."
    )
    if row is None or row["verdict"] == TOO_FEW:
        value, unit, spread = "too few", "deals to say", f"It takes {influence.rules.least_deals} on each side."
    else:
        value, unit = f"{100 * row['difference']:+.1f}", "points"
        spread = (
            f"{100 * row['at_least']:+.1f} to {100 * row['at_most']:+.1f}, an interval that holds the true value "
            f"in {100 * influence.rules.confidence:.0f} of 100 cases; {row['with_deals']:,} deals with, "
            f"{row['without_deals']:,} without."
        )
    return BoardNumber("Win rate with a partner, like with like", value, unit, spread, rule, {})


def _row(influence: Influence, partner: str | None, measure: str, method: str) -> dict[str, Any] | None:
    for row in influence.comparison.to_pylist():
        if (row["partner_name"], row["measure"], row["method"]) == (partner, measure, method):
            return dict(row)
    return None


def influence_headline(influence: Influence) -> str:
    """Say in one sentence what share of the revenue partners brought and touched."""
    amounts = {name: influence.sensitivity[name][1] for name in CLASSES}
    whole = sum(amounts.values())
    if not whole:
        return "No deal was won in the period, so there is no revenue to credit."
    sourced, touched = (_share(amounts[name] / whole) for name in (SOURCED, INFLUENCED))
    if amounts[SOURCED]:
        touched = f"another {touched}" if amounts[INFLUENCED] else "nothing else"
    since, until = influence.period
    return (
        f"Of {money(whole, influence.currency)} won from {since} to {until}, partners brought {sourced} and "
        f"touched {touched}."
    )


def influence_summary(influence: Influence) -> list[str]:
    """Say what a terminal shows: the headline and the three numbers with their ranges."""
    numbers = (f"{each.title}: {each.value} {each.unit}. {each.range}" for each in board_numbers(influence))
    return [influence_headline(influence), *numbers, *agreed_sentences(influence)]


def influence_sentences(influence: Influence) -> list[str]:
    """Say what a reader has to know before using a number, and where to look first."""
    return [
        *agreed_sentences(influence),
        *_of_classes(influence),
        *_of_models(influence),
        *_of_comparison(influence),
        *_of_openings(influence),
    ]


def agreed_sentences(influence: Influence) -> list[str]:
    """Say with which partners this rule is agreed, and where it differs from the one that was agreed."""
    said = []
    for each in influence.agreed:
        name = f"the agreement with {each.partner} of {each.signed}"
        if each.differs:
            said.append(
                f"The rule is not that of {name}: {'; '.join(each.differs)}. {each.partner} counts differently."
            )
        else:
            said.append(f"The rule is that of {name}, credit rule {each.digest[:DIGITS]}: both sides count by it.")
    return said


def _of_classes(influence: Influence) -> Iterator[str]:
    shared = influence.sensitivity[SHARED][1]
    if shared:
        yield (
            f"Another {money(shared, influence.currency)} is from companies that a partner has on its list, "
            "where the partner has done nothing. It is called shared, and credited to nobody."
        )
    others = sorted(set(influence.totals["currency"].to_pylist()) - {influence.currency})
    if others:
        yield (
            f"All this is in {influence.currency or 'the unnamed currency'}. Deals in "
            f"{', '.join(each or 'no named currency' for each in others)} have sums of their own below."
        )


def _of_models(influence: Influence) -> Iterator[str]:
    rows = [
        row
        for row in influence.by_model.to_pylist()
        if row["partner_name"] and row["of"] == REVENUE and row["currency"] == influence.currency
    ]
    apart = [row for row in rows if row["spread"] is not None and row["spread"] > _MATTERS]
    if not rows:
        return
    yield from _of_disagreement(influence, rows, apart)
    together = next(
        row
        for row in influence.by_model.to_pylist()
        if row["partner_name"] is None and row["of"] == REVENUE and row["currency"] == influence.currency
    )
    yield (
        f"Six models give partners the whole of each deal that they touched, "
        f"{money(together['even'], influence.currency)} in total. Shapley leaves the win rate of deals without "
        f"any partner to your own sales, and gives partners {money(together[SHAPLEY], influence.currency)}."
    )


def _of_disagreement(
    influence: Influence, rows: list[dict[str, Any]], apart: list[dict[str, Any]]
) -> Iterator[str]:
    """Say on which partner the models that divide the whole deal disagree most, and why that matters."""
    if not apart:
        yield (
            "The models that divide whole deals give every partner much the same: the credit does not depend on "
            "how it is counted."
        )
        return
    worst = max(apart, key=lambda row: row["spread"] * row["even"])
    names = {model: worst[model.replace(" ", "_")] for model in MODELS if model != SHAPLEY}
    low, high = min(names, key=names.__getitem__), max(names, key=names.__getitem__)
    yield (
        f"The models disagree on {len(apart)} of {len(rows)} partners by more than {percent(_MATTERS)}, most on "
        f"{worst['partner_name']}: {money(names[low], influence.currency)} by {low}, "
        f"{money(names[high], influence.currency)} by {high}. Whoever quotes one of them has made a choice: agree "
        "on a model before budgets or commissions follow from it, or quote the range."
    )


def _of_comparison(influence: Influence) -> Iterator[str]:
    plain, matched = (_row(influence, None, WIN_RATE, how) for how in ("as they are", LIKE_WITH_LIKE))
    if plain and matched and TOO_FEW not in (plain["verdict"], matched["verdict"]):
        yield (
            f"The win rate with a partner differs by {100 * plain['difference']:+.1f} points for the deals as "
            f"they are, and by {100 * matched['difference']:+.1f} points like with like: the rest is because "
            "partners are in other kinds of deals."
        )


def _of_openings(influence: Influence) -> Iterator[str]:
    if influence.missed.num_rows:
        deals = len(set(influence.missed["deal_id"].to_pylist()))
        of = "open deal is" if deals == 1 else "open deals are"
        yield f"{deals:,} {of} with a partner's customer, and nobody has asked that partner."
    if influence.conflicts.num_rows:
        cases = "case" if influence.conflicts.num_rows == 1 else "cases"
        yield f"Several partners claim the same deal in {influence.conflicts.num_rows:,} {cases}."


def balance_sentence(influence: Influence) -> str:
    """Say how many deals were matched, and how well."""
    rows = [row for row in influence.balance.to_pylist() if row["partner_name"] is None]
    if not rows:
        return ""
    row = rows[0]
    return (
        f"Of the deals with a partner, {row['matched']:,} have similar deals to compare with, {row['exactly']:,} "
        f"of them alike in all four respects; {row['unmatched']:,} have none and are left out."
    )


def watch_sentence(influence: Influence) -> str:
    """Say what has changed, and how often such a report says so by chance."""
    rows = influence.changes.to_pylist()
    changed = [row for row in rows if row["verdict"] == CHANGED]
    said = (
        " ".join(
            f"{row['series'].capitalize()}, {row['partner_name']}: {row['mean_before']:,.1f}"
            f"{'' if row['series'] == ANSWERS else ' a month'} before {row['since']}, {row['mean_after']:,.1f} "
            "from then on."
            for row in changed
        )
        or "No series is reported to have changed."
    )
    return (
        f"{said} {len(rows):,} series are watched by month. Even if nothing changes, up to "
        f"{100 * FALSE_ALARMS:.0f} of 100 such reports name a change by chance. So the more series there are, the "
        "less likely by chance a change has to be before it is named. Seasons and trends are named too. Fewer "
        f"than {LEAST_MONTHS} months are too few to say anything."
    )


def verdict_meanings(influence: Influence) -> dict[str, str]:
    """Say what the verdicts of a comparison mean."""
    rules = influence.rules
    return {
        HIGHER: "The whole interval is above the value that means no difference.",
        LOWER: "The whole interval is below the value that means no difference.",
        "no difference shown": "The interval includes the value that means no difference. There may still be one.",
        TOO_FEW: f"Fewer than {rules.least_deals} deals on a side, or fewer than {rules.least_outcomes} won or "
        "not won.",
        AS_THEY_ARE: "All deals with a partner compared with all that no partner touched, whatever kind of deals "
        "they are.",
        LIKE_WITH_LIKE: "Each deal with a partner compared with the deals without one that are most like it "
        "(relationship, size of the company, country, quarter).",
        SHRUNK: "The same, drawn towards the mean of all partners: the less is known about a partner, the more. "
        "The best of ten partners is partly the luckiest.",
        COX: "On any day on which two deals of equal amount and relationship are both open, the one with a "
        "partner is this many times as likely to be won.",
    }
