"""What partners do for revenue as one page."""

from typing import Any, Final

from accountmap.account_map.holdout import TOO_FEW
from accountmap.influence import Influence
from accountmap.influence.attribution import CLASSES, PIPELINE, REVENUE, SHARED
from accountmap.influence.build import NARROW, WIDE
from accountmap.influence.compare import DAYS, DOES_NOT_SHOW, SIZE, WIN_RATE
from accountmap.influence.models import MODELS
from accountmap.report.charts import Bar, Chart, Part
from accountmap.report.counts import CountsTable
from accountmap.report.html import render, sizes, table_rows
from accountmap.report.influence_views import INFLUENCE_VIEW, INFLUENCE_VIEWS
from accountmap.report.influence_words import (
    CLASS_MEANINGS,
    DIGITS,
    balance_sentence,
    board_numbers,
    influence_headline,
    influence_sentences,
    verdict_meanings,
    watch_sentence,
)
from accountmap.report.wording import money, percent


def class_chart(influence: Influence) -> Chart | None:
    """Draw revenue and pipeline by class, in the currency that most deals have."""
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
    """Lay the totals out: one table of partners by class for revenue, one for pipeline, for each currency.

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
    """Lay the comparisons out, one table per measure."""
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
    return CountsTable("How far apart the two sides are", ("Attribute", "Before", "After"), lines, 0, "balance")


def return_table(influence: Influence) -> CountsTable | None:
    """Lay out cost and return."""
    lines = []
    for row in influence.returns.to_pylist():
        low, high = (row[name] for name in ("return_at_least", "return_at_most"))
        lines.append(
            (
                row["partner_name"],
                money(row["partner_cost"], row["currency"]),
                row["cost_from"],
                money(row["sourced_revenue"], row["currency"]),
                f"{money(row['credited_at_least'], row['currency'])} to {row['credited_at_most']:,.0f}",
                "–" if low is None else f"{100 * low:+,.0f} % to {100 * high:+,.0f} %",
            )
        )
    headings = ("Partner", "Cost", "From", "Sourced revenue", "Credited", "Return")
    margin = influence.rules.gross_margin
    title = "In the period" if margin is None else f"In the period, credits at a gross margin of {percent(margin)}"
    return CountsTable(title, headings, tuple(lines), 0, "returns") if lines else None


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
        digest=influence.rules.digest[:DIGITS],
        windows=f"{NARROW:g} and {WIDE:g}",
    )


_SHOWN_INSIDE: Final = ("balance", "credits", "series")
"""Views that are shown in the section of another one, or that only the files hold."""
