"""What people read about a portfolio: its headline, its sentences, and what its words mean."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

import pyarrow.compute as pc

from accountmap.portfolio import LABELS, MAPPED, NOT_ENOUGH, PARTS, PREVIEW, UNKNOWN, Portfolio
from accountmap.report.wording import about, counted, money, money_in_short, percent, plural

FOR_OWN_EYES: Final = (
    "For your own company alone. It brings together what several partners have shown you, and none of them may "
    "learn from you what another one has: pass on no part of it."
)
"""What everybody has to know before passing a portfolio on."""

TERMS: Final = {
    "Company": "All your accounts that are the same company. It has the strongest segment among them: customer, "
    "then opportunity, then prospect.",
    "Customers, opportunities, targets": "Your companies by what they are to you; targets are your prospects.",
    "Open amount": "Of the open deals, as in your list. Sums are in the currency of most accounts; the table of "
    "reach has the other currencies.",
    "Shared": "The company is on the partner's list too, by the last session with that partner. Matches that you "
    "rejected do not count; possible ones count once somebody has answered “same”.",
    "Only through them": "Shared with this partner, and with no other one.",
    "Preview only": "Known from blurred copies, before anything was revealed: about how many, with the range that "
    "holds the true number in 95 of 100 cases. Which ones they are is not known, so they are in no total.",
    "Served by": "How many of the partners have the company as a customer.",
    "Score": "The sum of its parts. The range beside it holds the score in 95 of 100 cases. The less is known "
    "about a partner, the closer its parts are to the average of all partners, and the wider the range.",
    "Rating": f"{', '.join(f'{label} from {least:.0f} points' for label, least in LABELS)}. “{NOT_ENOUGH}” if the "
    "range is wider than 30 points, or much of the score rests on fewer than five observations.",
}
"""Words that a reader of the portfolio needs."""

STALE: Final = timedelta(days=100)
"""The age from which a partner's session is old: a quarter, and some days."""

_AS: Final = {
    "customers": "customers",
    "opportunities": "open opportunities",
    "targets": "targets",
    "pipeline": "open pipeline",
}
_THAT_MATTER: Final = ("pipeline", "opportunities", "targets", "customers")


def list_of(names: list[str]) -> str:
    """Join names as people do."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def partners_in(portfolio: Portfolio, state: str) -> list[dict[str, Any]]:
    """Return the rows of the partners that are known in one way."""
    return [row for row in portfolio.partners.to_pylist() if row["state"] == state]


def portfolio_headline(portfolio: Portfolio) -> str:
    """Say in one sentence what the portfolio is."""
    totals, mapped = portfolio.totals, len(partners_in(portfolio, MAPPED))
    if not mapped:
        return "Nothing is revealed with any partner yet."
    share = percent(totals.shared / totals.companies if totals.companies else 0.0)
    return (
        f"{_counted_partners(mapped)} {'shares' if mapped == 1 else 'share'} {totals.shared:,} of your "
        f"{counted(totals.companies, 'company')} ({share}){_of_pipeline(portfolio)}."
    )


def _counted_partners(number: int) -> str:
    words = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return f"{words[number] if number < len(words) else f'{number:,}'} partner{'' if number == 1 else 's'}"


def _of_pipeline(portfolio: Portfolio) -> str:
    totals = portfolio.totals
    if not totals.open_amount:
        return ""
    return f", and {percent(totals.open_reached / totals.open_amount)} of your open pipeline"


def portfolio_sentences(portfolio: Portfolio) -> list[str]:
    """Say what to do with the portfolio, the most useful first."""
    return [
        *_adds_most(portfolio),
        *_fewest(portfolio),
        *_best_previews(portfolio),
        *_gap(portfolio),
        *_to_team_up(portfolio),
        *_far_apart(portfolio),
        *_stale(portfolio),
    ]


def measure_rows(portfolio: Portfolio, measure: str) -> list[dict[str, Any]]:
    """Return the rows of reach of one measure, all partners together first; amounts only in the main currency."""
    table = portfolio.reach.filter(pc.equal(portfolio.reach["measure"], measure))
    return [row for row in table.to_pylist() if row["currency"] in (None, portfolio.currency)]


def _main_measure(portfolio: Portfolio) -> str:
    """Return the measure that says most: open amounts if there are any."""
    return next(
        (name for name in _THAT_MATTER if any(r["total"] for r in measure_rows(portfolio, name))), "customers"
    )


def amount_of(portfolio: Portfolio, measure: str, value: float) -> str:
    """Write a number of a measure: an amount with its currency, or a number of companies."""
    return short_money(value, portfolio.currency) if measure == "pipeline" else f"{value:,.0f}"


_UNITS: Final = ((1e9, "bn", 1), (1e6, "m", 1), (1e3, "k", 0))


def short_money(amount: float, currency: str) -> str:
    """Write an amount in thousands, millions or billions, to fit a chart. The files have it exactly."""
    for size, unit, digits in _UNITS:
        if amount >= size:
            return f"{currency} {amount / size:,.{digits}f} {unit}".lstrip()
    return money(amount, currency)


def _adds_most(portfolio: Portfolio) -> Iterator[str]:
    measure = _main_measure(portfolio)
    known = [row for row in measure_rows(portfolio, measure) if row["state"] == MAPPED and row["adds"]]
    if known:
        best = max(known, key=lambda row: row["adds"])
        yield (
            f"{best['partner_name']} adds the most that nobody else reaches: "
            f"{amount_of(portfolio, measure, best['adds'])} of your {_AS[measure]}."
        )


def _fewest(portfolio: Portfolio) -> Iterator[str]:
    measure = _main_measure(portfolio)
    for row in portfolio.sets.to_pylist():
        main = row["currency"] in (None, portfolio.currency)
        if row["measure"] == measure and main and row["wanted"] == 0.8:
            who = list_of(row["chosen"].split(" · "))
            sure = "" if row["members"] == row["at_least"] else f" (no fewer than {row['at_least']} could)"
            number = _counted_partners(row["members"])
            does = "reaches" if row["members"] == 1 else "reach"
            yield f"{number} {does} 80 % of what all of them reach of your {_AS[measure]}{sure}: {who}."


def _best_previews(portfolio: Portfolio) -> Iterator[str]:
    texts = [(row["partner_name"], preview_text(row)) for row in partners_in(portfolio, PREVIEW)[:3]]
    if known := [f"{name}, {text}" for name, text in texts if text]:
        yield f"Worth a session next: {'; '.join(known)}."


def preview_text(row: Mapping[str, Any]) -> str:
    """Say what is known of a partner only by a preview, as "preview only: about 340 (270 to 410) of ...".

    Args:
        row: of PARTNERS_SCHEMA.
    """
    for name, words in (("opportunities", _AS["opportunities"]), ("shared", "companies")):
        if row[name] is not None:
            bounds = {"at_least": row[f"{name}_at_least"], "at_most": row[f"{name}_at_most"]}
            return f"preview only: {about({'estimate': row[name], **bounds})} of your {words}"
    return ""


def _gap(portfolio: Portfolio) -> Iterator[str]:
    gaps = portfolio.uncovered.filter(pc.equal(portfolio.uncovered["segment"], "opportunity"))
    companies = pc.count_distinct(gaps["entity_id"]).as_py()
    if companies and partners_in(portfolio, MAPPED):
        left = portfolio.totals.open_amount - portfolio.totals.open_reached
        amount = f", and {short_money(left, portfolio.currency)} of your pipeline" if left else ""
        yield (
            f"No partner that you mapped with reaches these: {companies:,} open "
            f"{plural('opportunity', companies)}{amount}. Look for a new partner that does."
        )


def _to_team_up(portfolio: Portfolio) -> Iterator[str]:
    companies = pc.count_distinct(portfolio.meeting["entity_id"]).as_py()
    if companies:
        yield (
            f"At {counted(companies, 'company')} that you want to win, several partners meet and one of them is "
            "in already: ask each of them separately whether they would work together."
        )


def _far_apart(portfolio: Portfolio) -> Iterator[str]:
    found = portfolio.maturity.filter(
        pc.match_substring(portfolio.maturity["finding"], "far apart").fill_null(False)
    )
    if found.num_rows:
        names = list(dict.fromkeys(found["partner_name"].to_pylist()))
        yield f"Maturity: you are far apart on some topic with {list_of(names)}. The next steps are below."


def _stale(portfolio: Portfolio) -> Iterator[str]:
    today = portfolio.made.date()
    old = [row for row in partners_in(portfolio, MAPPED) if today - row["last_mapped"] > STALE]
    if old:
        names = [f"{row['partner_name']} ({row['last_mapped']})" for row in old]
        yield f"Your last session is more than a quarter old with {list_of(names)}: compare again."
    if unknown := partners_in(portfolio, UNKNOWN):
        names = [row["partner_name"] for row in unknown]
        yield f"There is no session and no preview with {list_of(names)} yet."


def figures(portfolio: Portfolio) -> list[tuple[str, str, str, str]]:
    """Return the numbers that the portfolio opens with: label, number, noun, and a small text below it."""
    totals = portfolio.totals
    found = [
        (
            "Shared with a partner",
            f"{totals.shared:,}",
            plural("company", totals.shared),
            f"{percent(totals.shared / totals.companies)} of your list" if totals.companies else "",
        )
    ]
    if totals.open_amount:
        number, unit = money_in_short(totals.open_reached, portfolio.currency)
        share = percent(totals.open_reached / totals.open_amount)
        found.append(("Open pipeline that partners reach", number, unit, f"{share} of what is open"))
    found += [
        (
            "Partners can introduce you to",
            f"{totals.introducible:,}",
            plural("company", totals.introducible),
            "your opportunities and targets that they serve",
        ),
        (
            "With several partners",
            f"{totals.several:,}",
            plural("company", totals.several),
            "where they could meet",
        ),
    ]
    if previews := partners_in(portfolio, PREVIEW):
        noun = "partner" if len(previews) == 1 else "partners"
        found.append(("Known only by a preview", f"{len(previews):,}", noun, "estimates, in no total"))
    return found


def score_meanings() -> dict[str, str]:
    """Say what the parts of a partner's score are."""
    return {name.capitalize(): f"{part.meaning[0].upper()}{part.meaning[1:]}" for name, part in PARTS.items()}
