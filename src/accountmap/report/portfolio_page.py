"""The portfolio as one HTML page that needs nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from accountmap.portfolio import MAPPED, PARTS, PREVIEW, TYPES, UNKNOWN, Portfolio
from accountmap.portfolio.together import matrix
from accountmap.report.charts import Bar, Chart, Part
from accountmap.report.counts import CountsTable
from accountmap.report.html import Rows, render, sizes, table_rows
from accountmap.report.portfolio_views import PORTFOLIO_VIEW, PORTFOLIO_VIEWS
from accountmap.report.portfolio_words import (
    FOR_OWN_EYES,
    TERMS,
    amount_of,
    figures,
    list_of,
    measure_rows,
    portfolio_headline,
    portfolio_sentences,
    preview_text,
    score_meanings,
    short_money,
)
from accountmap.report.wording import money, percent

_TINTS: Final = 6
_MOST_PARTNERS: Final = 40
"""The most partners of a chart or a square; the tables hold all."""

_TITLES: Final = {
    "pipeline": "Open pipeline",
    "opportunities": "Open opportunities",
    "customers": "Customers",
    "targets": "Targets",
}
_KINDS: Final = {
    "only": "only through them",
    "also": "through others too",
    "sure": "preview only, at least",
    "perhaps": "preview only, at most",
}


def render_portfolio(portfolio: Portfolio) -> str:
    """Render portfolio.html."""
    shown = [view for view in PORTFOLIO_VIEWS if view.shown(portfolio)]
    rows: dict[str, Rows] = {}
    for view in shown:
        if view.layout and (table := (view.listed or view.rows)(portfolio)).num_rows:
            rows[view.name] = table_rows(view, table)
    return render(
        "portfolio.html.j2",
        rows,
        portfolio=portfolio,
        views=[view for view in shown if view.name not in _SHOWN_INSIDE],
        tables=sizes(PORTFOLIO_VIEW, portfolio, rows),
        own_eyes=FOR_OWN_EYES,
        headline=portfolio_headline(portfolio),
        sentences=portfolio_sentences(portfolio),
        figures=figures(portfolio),
        partners=list(partner_lines(portfolio)),
        reach=[chart for chart in (reach_bars(portfolio, name) for name in _TITLES) if chart],
        over_time=over_time_bars(portfolio),
        scores=score_bars(portfolio),
        sets=sets_table(portfolio),
        order=order_tables(portfolio),
        square=list(square(portfolio)),
        pairs=pair_bars(portfolio),
        triples=triples_table(portfolio),
        goals=goals_table(portfolio),
        maturity=list(maturity_tables(portfolio)),
        terms=TERMS,
        types={name.replace("-", " "): meaning for name, meaning in TYPES.items()},
        parts=score_meanings(),
    )


_SHOWN_INSIDE: Final = ("order", "over_time")
"""Views that are shown in the section of another one: of sets and reach."""


def partner_lines(portfolio: Portfolio) -> Iterator[dict[str, Any]]:
    """Describe each partner as a line of the first table."""
    for row in portfolio.partners.to_pylist():
        owners = list_of([name for name in (row["owner"], row["their_owner"]) if name] or [""])
        known = {MAPPED: "", PREVIEW: preview_text(row), UNKNOWN: "no session and no preview yet"}[row["state"]]
        yield {
            "slug": row["partner"],
            "name": row["partner_name"],
            "kind": (row["types"] or "").replace("-", " "),
            "tier": row["partner_tier"] or "",
            "owners": owners,
            "mapped": row["state"] == MAPPED,
            "known": known,
            "score": "" if row["score"] is None else f"{row['score']:.0f}",
            "range": "" if row["score"] is None else f"{row['score_at_least']:.0f} to {row['score_at_most']:.0f}",
            "width": row["score"] or 0,
            "low": row["score_at_least"] or 0,
            "high": row["score_at_most"] or 0,
            "rating": row["rating"] or "",
            "cells": [
                *(_with_adds(row, name) for name in ("customers", "opportunities", "targets")),
                _amount_with_adds(portfolio, row),
                _last(row),
            ],
            "more": _more(portfolio, row),
        }


def _with_adds(row: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Write how many a partner shares, and how many of them nobody else shares."""
    if row[name] is None:
        return "", ""
    if row["state"] == PREVIEW:
        return f"about {row[name]:,}", f"{row[f'{name}_at_least']:,} to {row[f'{name}_at_most']:,}"
    return f"{row[name]:,}", f"{row[f'adds_{name}']:,} with no other"


def _amount_with_adds(portfolio: Portfolio, row: Mapping[str, Any]) -> tuple[str, str]:
    if row["pipeline"] is None:
        return "", ""
    amount = short_money(row["pipeline"], portfolio.currency)
    if row["state"] == PREVIEW:
        return f"about {amount}", ""
    return amount, f"{short_money(row['adds_pipeline'], portfolio.currency)} with no other"


def _last(row: Mapping[str, Any]) -> tuple[str, str]:
    if not row["last_mapped"]:
        return "", ""
    return f"{row['last_mapped']}", f"{row['sessions']:,} sessions" if row["sessions"] > 1 else "once"


def _more(portfolio: Portfolio, row: Mapping[str, Any]) -> list[str]:
    """Say what else is known about a partner."""
    found = []
    received, given = row["introductions_received"], row["introductions_given"]
    if received or given:
        found.append(f"Introductions: they made {received:,}, you made {given:,}.")
    if row["asked"]:
        days = f", half of them within {row['answer_days']:.1f} days" if row["answer_days"] is not None else ""
        found.append(f"They answered {row['answered_in_time']:,} of {row['asked']:,} within a week{days}.")
    if row["cost"] is not None:
        found.append(f"Costs {money(row['cost'], row['cost_currency'] or portfolio.currency)} a year.")
    if row["margin"] is not None:
        found.append(f"Keeps {row['margin']:g} % of a sale.")
    if row["our_maturity"]:
        found.append(f"Maturity: {row['our_maturity']} as you see it, {row['their_maturity']} as they do.")
    return [*found, *([row["note"]] if row["note"] else [])]


def reach_bars(portfolio: Portfolio, measure: str) -> Chart | None:
    """Draw what each partner reaches of one measure; None if nobody reaches anything."""
    rows = [row for row in measure_rows(portfolio, measure) if row["at_most"]]
    if not rows:
        return None
    scale = 100 / max(row["at_most"] for row in rows)
    bars = [_together_bar(portfolio, measure, row, scale) for row in rows if row["partner"] is None]
    others = sorted((row for row in rows if row["partner"]), key=lambda row: -row["reached"])[:_MOST_PARTNERS]
    bars += [_reach_bar(portfolio, measure, row, scale) for row in others]
    used = {part.kind for bar in bars for part in bar.parts}
    legend = tuple((kind, meaning) for kind, meaning in _KINDS.items() if kind in used)
    return Chart(_TITLES[measure], tuple(bars), legend)


def _together_bar(portfolio: Portfolio, measure: str, row: dict[str, Any], scale: float) -> Bar:
    reached, total = (amount_of(portfolio, measure, row[name]) for name in ("reached", "total"))
    part = Part("all", 0, scale * row["reached"])
    return Bar("All together", (part,), f"{reached} of {total} ({percent(row['share'])})")


def _reach_bar(portfolio: Portfolio, measure: str, row: dict[str, Any], scale: float) -> Bar:
    if row["state"] == PREVIEW:
        least, most = row["at_least"], row["at_most"]
        parts = [Part("sure", 0, scale * least), Part("perhaps", scale * least, scale * (most - least))]
        text = "about " + " ".join(
            (
                amount_of(portfolio, measure, row["reached"]),
                f"({amount_of(portfolio, measure, least)} to {amount_of(portfolio, measure, most)})",
            )
        )
    else:
        adds, also = row["adds"], row["reached"] - row["adds"]
        parts = [Part("only", 0, scale * adds), Part("also", scale * adds, scale * also)]
        text = amount_of(portfolio, measure, row["reached"])
        text += f", {amount_of(portfolio, measure, adds)} only through them"
    return Bar(row["partner_name"], tuple(part for part in parts if part.width > 0), text)


def over_time_bars(portfolio: Portfolio) -> Chart | None:
    """Draw how many companies were shared with any partner at the end of each month; None before the second
    month."""
    months: dict[str, dict[str, Any]] = {}
    for row in portfolio.over_time.to_pylist():
        months[f"{row['day']:%Y-%m}"] = row
    rows = list(months.items())[-12:]
    if len(rows) < 2:
        return None
    scale = 100 / max(1, *(row["reached"] for _, row in rows))
    bars = []
    for month, row in rows:
        one = row["reached"] - row["several"]
        parts = (Part("only", 0, scale * one), Part("also", scale * one, scale * row["several"]))
        partners = f"{row['mapped_partners']} partner{'' if row['mapped_partners'] == 1 else 's'}"
        bars.append(Bar(month, parts, f"{row['reached']:,} with {partners}, {row['several']:,} with several"))
    legend = (("only", "shared with one partner"), ("also", "shared with several"))
    return Chart("Companies of yours that partners share", tuple(bars), legend)


def score_bars(portfolio: Portfolio) -> Chart | None:
    """Draw the parts of each score."""
    rows = {row["partner"]: row for row in portfolio.partners.to_pylist() if row["score"] is not None}
    parts: dict[str, list[Part]] = {slug: [] for slug in rows}
    used = []
    for each in portfolio.scores.to_pylist():
        held = parts[each["partner"]]
        start = held[-1].start + held[-1].width if held else 0.0
        title = f"{each['part']}: {each['points']:g} of {each['most_points']:g} points, {each['hits']:,} of "
        title += f"{each['observed']:,}"
        held.append(Part(f"part-{each['part']}", start, each["points"], title))
        used.append(each["part"])
    bars = [
        Bar(row["partner_name"], tuple(parts[slug]), _score_text(row))
        for slug, row in list(rows.items())[:_MOST_PARTNERS]
    ]
    legend = tuple((f"part-{part}", part) for part in PARTS if part in used)
    return Chart("Scores and their parts", tuple(bars), legend) if bars else None


def _score_text(row: Mapping[str, Any]) -> str:
    return f"{row['score']:.0f} ({row['score_at_least']:.0f} to {row['score_at_most']:.0f}), {row['rating']}"


def sets_table(portfolio: Portfolio) -> CountsTable | None:
    """Put the fewest partners into a table."""
    lines = [
        (
            f"{_TITLES[row['measure']]}: {percent(row['wanted'])}",
            f"{row['members']:,}",
            row["chosen"],
            percent(row["share"]),
            "exact" if row["method"] == "exact" else f"greedy; {row['at_least']:,} at least",
        )
        for measure in _TITLES
        for row in _in_main_currency(portfolio, portfolio.sets.to_pylist())
        if row["measure"] == measure and row["wanted"] != 0.9
    ]
    headings = ("Of what all of them reach", "Partners", "Which", "Of your whole list", "How sure")
    return CountsTable("The fewest partners that are enough", headings, tuple(lines)) if lines else None


def order_tables(portfolio: Portfolio) -> list[CountsTable]:
    """Put the order in which partners add most into tables, one for pipeline and one for opportunities."""
    tables = []
    for measure, title in list(_TITLES.items())[:2]:
        rows = [
            row for row in _in_main_currency(portfolio, portfolio.order.to_pylist()) if row["measure"] == measure
        ]
        lines = tuple(
            (
                f"{row['step']}. {row['partner_name']}",
                amount_of(portfolio, measure, row["adds"]),
                amount_of(portfolio, measure, row["reached"]),
                percent(row["share"]),
            )
            for row in rows
        )
        if lines:
            headings = ("Partner", "Adds", "Reached so far", "Share")
            tables.append(CountsTable(f"{title}: who adds most, one after the other", headings, lines))
    return tables


def _in_main_currency(portfolio: Portfolio, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["currency"] in (None, portfolio.currency)]


def square(portfolio: Portfolio) -> Iterator[dict[str, Any]]:
    """Lay the pairs out as a square, each cell with a tint by its number of companies."""
    mapped = [
        (row["partner"], row["partner_name"]) for row in portfolio.partners.to_pylist() if row["state"] == MAPPED
    ]
    if len(mapped) < 2 or len(mapped) > _MOST_PARTNERS:
        return
    lines = list(matrix(portfolio.together, mapped))
    most = max(1, *(count or 0 for _, counts in lines for count in counts))
    for name, counts in lines:
        cells = [
            {
                "text": "" if count is None else f"{count:,}",
                "tint": -(-_TINTS * (count or 0) // most),
                "own": count is None,
            }
            for count in counts
        ]
        yield {"name": name, "cells": cells}


def pair_bars(portfolio: Portfolio) -> Chart | None:
    """Draw the pairs that share most."""
    rows = [row for row in portfolio.together.to_pylist() if row["members"] == 2][:8]
    if not rows:
        return None
    scale = 100 / rows[0]["entities"]
    bars = tuple(
        Bar(
            row["who"].replace(" · ", " and "),
            (Part("all", 0, scale * row["entities"]),),
            _pair_text(portfolio, row),
        )
        for row in rows
    )
    return Chart("Pairs that share most companies of yours", bars)


def _pair_text(portfolio: Portfolio, row: Mapping[str, Any]) -> str:
    amount = f", {short_money(row['amount'], portfolio.currency)} open" if row["amount"] else ""
    return f"{row['entities']:,}, of which {row['opportunities']:,} open deals{amount}"


def triples_table(portfolio: Portfolio) -> CountsTable | None:
    """Put the triples that share most into a table."""
    rows = [row for row in portfolio.together.to_pylist() if row["members"] == 3]
    lines = tuple(
        (
            row["who"].replace(" · ", ", "),
            *(f"{row[name]:,}" for name in ("entities", "customers", "opportunities", "targets")),
            short_money(row["amount"], portfolio.currency) if row["amount"] else "",
        )
        for row in rows[:8]
    )
    headings = ("Three partners", "Companies", "Customers", "Opportunities", "Targets", "Open amount")
    more = len(rows) - len(lines)
    return CountsTable("Three partners on one company", headings, lines, more, "together") if lines else None


def goals_table(portfolio: Portfolio) -> CountsTable | None:
    """Put the goals into a table."""
    lines = tuple(
        (
            f"{row['partner_name']}: {row['measure'].replace('_', ' ')}",
            f"{row['goal']:,.0f}",
            "not known" if row["reached"] is None else f"{row['reached']:,.0f}",
            "" if row["share"] is None else percent(row["share"]),
            f"{row['by']}" if row["by"] else "",
        )
        for row in portfolio.goals.to_pylist()
    )
    return CountsTable("Goals", ("Goal", "Wanted", "Now", "Reached", "By"), lines) if lines else None


def maturity_tables(portfolio: Portfolio) -> Iterator[CountsTable]:
    """Put both sides' answers beside each other, one table per partner."""
    whose = {"you": "You: ", "they": "They: ", "both": "Both: "}
    by_partner: dict[str, list[dict[str, Any]]] = {}
    for row in portfolio.maturity.to_pylist():
        by_partner.setdefault(row["partner_name"], []).append(row)
    for name, rows in by_partner.items():
        lines = tuple(
            (
                row["topic"],
                row["ours"],
                row["theirs"],
                row["finding"] or "",
                f"{whose[row['whose_step']]}{row['next_step']}" if row["next_step"] else "",
            )
            for row in rows
        )
        opened = f"{rows[0]['opened']:%Y-%m-%d}"
        headings = ("Topic", "You say", "They say", "What stands out", "Next step")
        yield CountsTable(f"{name}, opened together on {opened}", headings, lines)
