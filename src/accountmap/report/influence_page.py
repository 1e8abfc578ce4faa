"""What partners do for revenue as one page, and the sentences and numbers that page and workbook share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from accountmap.account_map.holdout import HIGHER, LOWER, TOO_FEW
from accountmap.influence import Influence
from accountmap.influence.attribution import (
    CLASSES,
    INFLUENCED,
    PIPELINE,
    REVENUE,
    SHARED,
    SOURCED,
    UNTOUCHED,
)
from accountmap.influence.build import NARROW, WIDE
from accountmap.influence.compare import DOES_NOT_SHOW, LIKE_WITH_LIKE, SHRUNK, SIZE, WIN_RATE
from accountmap.influence.models import MODELS, SHAPLEY
from accountmap.influence.survival import DAYS
from accountmap.influence.watch import CHANGED, FALSE_ALARMS, LEAST_MONTHS
from accountmap.report.charts import Bar, Chart, Part
from accountmap.report.counts import CountsTable
from accountmap.report.html import render, sizes, table_rows
from accountmap.report.influence_views import INFLUENCE_VIEW, INFLUENCE_VIEWS
from accountmap.report.wording import money, money_in_short, percent

CLASS_MEANINGS: Final = {
    SOURCED: "A partner brought the deal: the earliest touch that the rule accepts for this is that partner's.",
    INFLUENCED: "A partner has a dated touch of a kind and in a window that the rule accepts, and did not bring "
    "the deal.",
    SHARED: "A partner has the company on its list, and nothing more is known of it in this deal. That is no "
    "influence.",
    UNTOUCHED: "No partner has anything to do with the deal.",
}
"""What each class says."""

_MATTERS: Final = 0.25
"""Models that are further apart than this share of their mean disagree."""

_DIGITS: Final = 12
"""Enough of the digest of a rule to tell two apart."""


@dataclass(frozen=True)
class BoardNumber:
    """One of the numbers of the summary.

    Attributes:
        title: what it is.
        value, unit: the number as people read it.
        range: between what and what it lies, and what that range is.
        rule: how it comes about, in one sentence.
        filters: of the deals that it adds up; empty if it is not a sum.
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
            f"Brought by a partner: {' or '.join(influence.rules.sourced_by)}, within the windows of the rule.",
        ),
        _sum_of(
            influence,
            INFLUENCED,
            "Not brought by a partner, but touched by one on a known day: up to "
            f"{influence.rules.before_days} days before creation, and before the deal closed.",
        ),
        _difference(influence),
    )


def _sum_of(influence: Influence, name: str, rule: str) -> BoardNumber:
    narrow, middle, wide = influence.sensitivity[name]
    value, unit = money_in_short(middle, influence.currency)
    low, high = (money(each, influence.currency) for each in sorted((narrow, wide)))
    whole = sum(influence.sensitivity[each][1] for each in CLASSES)
    share = f"{_share(middle / whole)} of revenue. ".capitalize() if whole else ""
    return BoardNumber(
        f"Revenue {name}",
        value,
        unit,
        f"{share}{low} to {high} with windows half and twice as long.",
        rule,
        {"of": REVENUE, "class": name, "currency": influence.currency},
    )


def _share(part: float) -> str:
    return percent(part) if part else "nothing"


def _difference(influence: Influence) -> BoardNumber:
    row = _row(influence, None, WIN_RATE, LIKE_WITH_LIKE)
    rule = (
        f"Deals touched within {influence.rules.landmark_days} days, beside like deals that nobody touched; won "
        f"within {influence.rules.horizon_days} days from then. A difference, not where it comes from."
    )
    if row is None or row["verdict"] == TOO_FEW:
        value, unit, spread = "too few", "deals to say", f"At least {influence.rules.least_deals} on both sides."
    else:
        value, unit = f"{100 * row['difference']:+.1f}", "points"
        spread = (
            f"{100 * row['at_least']:+.1f} to {100 * row['at_most']:+.1f} in "
            f"{percent(influence.rules.confidence)} of cases; {row['with_deals']:,} deals with, "
            f"{row['without_deals']:,} without."
        )
    return BoardNumber("Win rate with a partner, like with like", value, unit, spread, rule, {})


def _row(influence: Influence, partner: str | None, measure: str, method: str) -> dict[str, Any] | None:
    for row in influence.comparison.to_pylist():
        if (row["partner_name"], row["measure"], row["method"]) == (partner, measure, method):
            return dict(row)
    return None


def influence_headline(influence: Influence) -> str:
    """Say in one sentence what part of the revenue partners brought and touched."""
    amounts = {name: influence.sensitivity[name][1] for name in CLASSES}
    whole = sum(amounts.values())
    if not whole:
        return "No deal was won in the period, so there is no revenue to credit."
    sourced, touched = (_share(amounts[name] / whole) for name in (SOURCED, INFLUENCED))
    since, until = influence.period
    return (
        f"Of {money(whole, influence.currency)} won from {since} to {until}, partners brought {sourced} and "
        f"touched {touched} more."
    )


def influence_summary(influence: Influence) -> list[str]:
    """Say what a terminal shows: the headline and the three numbers with their ranges."""
    numbers = (f"{each.title}: {each.value} {each.unit}. {each.range}" for each in board_numbers(influence))
    return [influence_headline(influence), *numbers]


def influence_sentences(influence: Influence) -> list[str]:
    """Say what a reader has to know before using a number, and where to look first."""
    return [*_of_classes(influence), *_of_models(influence), *_of_comparison(influence), *_of_openings(influence)]


def _of_classes(influence: Influence) -> Iterator[str]:
    shared = influence.sensitivity[SHARED][1]
    if shared:
        yield (
            f"Another {money(shared, influence.currency)} is with companies that a partner has on its list, "
            "without any act of that partner. It is called shared, and counted as nothing."
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
        f"Six models give partners all of a deal that they touched, {money(together['even'], influence.currency)} "
        f"in sum. Shapley leaves to your own sales what deals without any partner are won at, and comes to "
        f"{money(together[SHAPLEY], influence.currency)}."
    )


def _of_disagreement(
    influence: Influence, rows: list[dict[str, Any]], apart: list[dict[str, Any]]
) -> Iterator[str]:
    """Say on which partner the models that divide the whole deal disagree most, and why that matters."""
    if not apart:
        yield (
            "The models that divide whole deals come to much the same for every partner: who gets the credit does "
            "not depend on how it is counted."
        )
        return
    worst = max(apart, key=lambda row: row["spread"] * row["even"])
    names = {model: worst[model.replace(" ", "_")] for model in MODELS if model != SHAPLEY}
    low, high = min(names, key=names.__getitem__), max(names, key=names.__getitem__)
    yield (
        f"The models disagree on {len(apart)} of {len(rows)} partners by more than {percent(_MATTERS)}, most on "
        f"{worst['partner_name']}: {money(names[low], influence.currency)} by {low}, "
        f"{money(names[high], influence.currency)} by {high}. Whoever quotes one of them has chosen; agree "
        "on a model before budgets or commissions follow it, or quote the range."
    )


def _of_comparison(influence: Influence) -> Iterator[str]:
    plain, matched = (_row(influence, None, WIN_RATE, how) for how in ("as they are", LIKE_WITH_LIKE))
    if plain and matched and TOO_FEW not in (plain["verdict"], matched["verdict"]):
        yield (
            f"Deals with a partner are won {100 * plain['difference']:+.1f} points as they are and "
            f"{100 * matched['difference']:+.1f} points like with like: partners are in deals of another "
            "kind, which makes up the rest."
        )


def _of_openings(influence: Influence) -> Iterator[str]:
    if influence.missed.num_rows:
        deals = len(set(influence.missed["deal_id"].to_pylist()))
        of = "open deal is" if deals == 1 else "open deals are"
        yield f"{deals:,} {of} with a partner's customer, and nobody has asked that partner."
    if influence.conflicts.num_rows:
        cases = "case" if influence.conflicts.num_rows == 1 else "cases"
        yield f"Several partners claim the same deal in {influence.conflicts.num_rows:,} {cases}."


def class_chart(influence: Influence) -> Chart | None:
    """Draw revenue and pipeline by class, in the currency with most deals."""
    bars = []
    for of, label in ((REVENUE, "Won in the period"), (PIPELINE, "Open pipeline")):
        amounts = {
            row["class"]: row["deal_amount"]
            for row in influence.totals.to_pylist()
            if row["partner_name"] is None and row["of"] == of and row["currency"] == influence.currency
        }
        whole, start, parts = sum(amounts.values()), 0.0, []
        for name in CLASSES:
            if whole and amounts.get(name):
                width = 100 * amounts[name] / whole
                parts.append(Part(name, start, width, f"{name}: {money(amounts[name], influence.currency)}"))
                start += width
        if whole:
            bars.append(Bar(label, tuple(parts), money(whole, influence.currency)))
    legend = tuple((name, name) for name in CLASSES)
    return Chart("What partners have to do with it", tuple(bars), legend) if bars else None


def partner_tables(influence: Influence) -> list[dict[str, Any]]:
    """Lay the totals out: for revenue and pipeline and each currency one table of partners by class.

    A cell has its number of deals, its amount, and the filters that list its deals.
    """
    found: dict[tuple[str, str], dict[str | None, dict[str, Any]]] = {}
    for row in influence.totals.to_pylist():
        found.setdefault((row["of"], row["currency"]), {}).setdefault(row["partner_name"], {})[row["class"]] = row
    return [
        {
            "title": f"{of.capitalize()}, {currency or 'no named currency'}",
            "rows": [
                {
                    "partner": partner or "All deals, each once",
                    "cells": [_cell(classes.get(name), partner, currency) for name in CLASSES],
                    "shared_credit": sum(row["with_others"] for name, row in classes.items() if name != SHARED),
                }
                for partner, classes in partners.items()
                if partner is None or any(row["deals"] for row in classes.values())
            ],
        }
        for (of, currency), partners in found.items()
    ]


def _cell(row: dict[str, Any] | None, partner: str | None, currency: str) -> dict[str, Any] | None:
    if row is None:
        return None
    filters = {"of": row["of"], "currency": currency}
    filters |= {"class": row["class"]} if partner is None else {"role": row["class"], "partner_name": partner}
    return {
        "table": "deals" if partner is None else "partner_deals",
        "deals": row["deals"],
        "money": money(row["deal_amount"], currency),
        "filters": filters,
    }


def model_tables(influence: Influence) -> list[CountsTable]:
    """Lay the credits out: one table for revenue and one for pipeline, each currency on its own."""
    cells: dict[tuple[str, str], list[tuple[str, ...]]] = {}
    for row in influence.by_model.to_pylist():
        amounts = [f"{row[name.replace(' ', '_')]:,.0f}" for name in MODELS]
        spread = "–" if row["spread"] is None else percent(row["spread"])
        cells.setdefault((row["of"], row["currency"]), []).append(
            (row["partner_name"] or "All partners", *amounts, spread)
        )
    headings = ("Partner", *(name.capitalize() for name in MODELS), "Spread")
    return [
        CountsTable(f"Credits, {of}, {currency or 'no named currency'}", headings, tuple(rows), 0, "by_model")
        for (of, currency), rows in cells.items()
    ]


def comparison_tables(influence: Influence) -> list[CountsTable]:
    """Lay the comparisons out, one table a measure."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in influence.comparison.to_pylist():
        found.setdefault(row["measure"], []).append(_comparison_line(row))
    headings = ("Deals with", "How", "With", "Without", "Deals", "Difference", "Interval", "Verdict")
    return [
        CountsTable(f"{measure.capitalize()}{_unit(measure, influence)}", headings, tuple(rows), 0, "comparison")
        for measure, rows in found.items()
    ]


def _unit(measure: str, influence: Influence) -> str:
    return f", {influence.currency}" if measure == SIZE and influence.currency else ""


def _comparison_line(row: dict[str, Any]) -> tuple[str, ...]:
    who, counts = row["partner_name"] or "any partner", f"{row['with_deals']:,} and {row['without_deals']:,}"
    if row["verdict"] == TOO_FEW:
        return (who, row["method"], "–", "–", counts, "–", "–", TOO_FEW)
    rate = row["measure"] == WIN_RATE
    value = percent if rate else (lambda number: f"{number:,.0f}") if row["measure"] in (SIZE, DAYS) else _times
    gap = _points if rate else (lambda number: f"{number:+,.0f}") if row["measure"] == DAYS else _times
    return (
        who,
        row["method"],
        value(row["with_value"]),
        value(row["without_value"]),
        counts,
        gap(row["difference"]),
        f"{gap(row['at_least'])} to {gap(row['at_most'])}",
        row["verdict"],
    )


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _times(ratio: float) -> str:
    return f"× {ratio:.2f}"


def balance_table(influence: Influence) -> CountsTable:
    """Lay out how alike the compared deals are, for any partner."""
    rows = [row for row in influence.balance.to_pylist() if row["partner_name"] is None]
    lines = tuple(
        (row["attribute"], percent(row["apart_before"]), percent(round(row["apart_after"], 6))) for row in rows
    )
    return CountsTable("How far apart both sides are", ("Attribute", "Before", "After"), lines, 0, "balance")


def balance_sentence(influence: Influence) -> str:
    """Say how many deals were matched, and how well."""
    rows = [row for row in influence.balance.to_pylist() if row["partner_name"] is None]
    if not rows:
        return ""
    row = rows[0]
    return (
        f"Of the deals with a partner {row['matched']:,} have like deals, {row['exactly']:,} of them alike in all "
        f"four; {row['unmatched']:,} have none and are left out."
    )


def return_table(influence: Influence) -> CountsTable | None:
    """Lay out cost and return."""
    lines = []
    for row in influence.returns.to_pylist():
        low, high = (row[name] for name in ("return_at_least", "return_at_most"))
        lines.append(
            (
                row["partner_name"],
                money(row["partner_cost"], row["currency"]),
                money(row["sourced_revenue"], row["currency"]),
                f"{money(row['credited_at_least'], row['currency'])} to {row['credited_at_most']:,.0f}",
                "–" if low is None else f"{100 * low:+,.0f} % to {100 * high:+,.0f} %",
            )
        )
    headings = ("Partner", "Cost", "Sourced revenue", "Credited", "Return")
    return CountsTable("In the period", headings, tuple(lines), 0, "returns") if lines else None


def watch_sentence(influence: Influence) -> str:
    """Say what has changed, and how often such a report says so by chance."""
    rows = influence.changes.to_pylist()
    changed = [row for row in rows if row["verdict"] == CHANGED]
    said = (
        " ".join(
            f"{row['series'].capitalize()} of {row['partner_name']}: {row['mean_before']:,.1f} a month before "
            f"{row['since']}, {row['mean_after']:,.1f} from then."
            for row in changed
        )
        or "No series is said to have changed."
    )
    return (
        f"{said} {len(rows):,} series are watched by month. Where nothing changes, {percent(FALSE_ALARMS)} of "
        f"such reports name a change all the same; a season or a trend is named too. Fewer than {LEAST_MONTHS} "
        "months are too few to say anything."
    )


def verdict_meanings(influence: Influence) -> dict[str, str]:
    """Say what the verdicts of a comparison mean."""
    rules = influence.rules
    return {
        HIGHER: "The whole interval lies above no difference.",
        LOWER: "The whole interval lies below no difference.",
        "no difference shown": "The interval holds no difference. That is not the same as: there is none.",
        TOO_FEW: f"Fewer than {rules.least_deals} deals on a side, or fewer than {rules.least_outcomes} won or "
        "not won.",
        LIKE_WITH_LIKE: "Each deal with a partner beside the deals without that are most like it (relationship, "
        "size of the company, country, quarter).",
        SHRUNK: "The same, drawn towards the mean of all partners the more, the less is known of a partner: the "
        "best of ten partners is partly the luckiest.",
    }


def render_influence_page(influence: Influence) -> str:
    """Render influence.html."""
    rows = {
        view.name: table_rows(view, table)
        for view in INFLUENCE_VIEWS
        if view.layout and view.shown(influence) and (table := view.rows(influence)).num_rows
    }
    return render(
        "influence.html.j2",
        rows,
        influence=influence,
        headline=influence_headline(influence),
        sentences=influence_sentences(influence),
        numbers=board_numbers(influence),
        chart_of_classes=class_chart(influence),
        classes=CLASS_MEANINGS,
        partner_tables=partner_tables(influence),
        models=MODELS,
        model_tables=model_tables(influence),
        comparison_tables=comparison_tables(influence),
        does_not_show=DOES_NOT_SHOW,
        verdicts=verdict_meanings(influence),
        balance=balance_table(influence),
        balance_sentence=balance_sentence(influence),
        returns=return_table(influence),
        watch=watch_sentence(influence),
        view=INFLUENCE_VIEW,
        views=[view for view in INFLUENCE_VIEWS if view.shown(influence) and view.name not in _SHOWN_INSIDE],
        tables=sizes(INFLUENCE_VIEW, influence, rows),
        digest=influence.rules.digest[:_DIGITS],
        windows=f"{NARROW:g} and {WIDE:g}",
    )


_SHOWN_INSIDE: Final = ("balance", "credits", "series")
"""Views that the section of another one shows, or that only the files hold."""
