"""What people read: the summary in plain sentences, and what each word of a report means."""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow.compute as pc

from accountmap.account_map import CHANGES, PLAYS, WHITESPACE, AccountMap, Count, Estimate, History
from accountmap.account_map.qualification import qualification_sentences
from accountmap.account_map.reviews import were_denied
from accountmap.account_map.schema import COUNTS, NAMES

STRENGTH_MEANINGS: Final = {
    "strong": "Both lists have the same website, the same registry number or the same distinctive name.",
    "weak": "Only a part of the name agrees, or a name that many companies have. Look before you act.",
}
"""What each strength of evidence says, best first."""

SCORE_MEANINGS: Final = {
    "play": "what your two segments are good for.",
    "amount": "the share of the shared companies with an open amount that have no more than this one.",
    "stage": "how far the open deal is.",
    "recency": "all if something happened within the last month, none after a year, evenly fewer in between.",
    "fit": "its points as an ideal customer, by the profile that you agreed on, or else by yours.",
    "propensity": "the chance to buy, as a fraction of the highest among the shared companies.",
    "evidence": "how good the evidence of the match is.",
}
"""What the parts of the score are."""

STATUS_MEANINGS: Final = dict(
    zip(
        WHITESPACE,
        (
            "Compared with their whole list, and no match was found.",
            "For some segments you agreed to show only a number, so the account may still be on their list.",
            "Off limits, outside the filter that you agreed, or in a segment that you hide from some of theirs: "
            "the account may still be on their list.",
        ),
        strict=True,
    )
)
"""What is known about an account without a match."""

TERMS: Final = {
    "Account": "One row of your list.",
    "Company": "All your accounts that are the same company. It has the strongest segment among them: customer, "
    "then opportunity, then prospect.",
    "Who leads": "You, they or both, by the first of your rules of engagement that fits. Blank if none does.",
    "Match": "A number that is the same in their report: use its first digits to name an account on the phone.",
    "Evidence score": "100, less 15 if only one key agrees, less 25 if websites or countries differ, less 45 if "
    "the evidence is weak. The same in their report.",
    "Country code": "The company's: from the country of its accounts, otherwise from their domain (ISO 3166).",
    "Open amount": "That of the open deal, as in your list, in its currency. Sums leave out accounts without one.",
    "Their, theirs": "Whatever is headed or marked like this comes from your partner, as your partner wrote it.",
}
"""Words that a reader of the reports needs."""

_PLURALS: Final = {
    "account": "accounts",
    "company": "companies",
    "customer": "customers",
    "opportunity": "opportunities",
    "prospect": "prospects",
    "match": "matches",
}


def plural(noun: str, number: int) -> str:
    """Return the form of a noun that goes with a number."""
    return noun if number == 1 else _PLURALS[noun]


def counted(number: int, noun: str) -> str:
    """Write a number and what it counts."""
    return f"{number:,} {plural(noun, number)}"


def counted_both(count: Count) -> str:
    """Write how many companies, and how many accounts they are if that is another number."""
    accounts = f" ({counted(count.accounts, 'account')})" if count.accounts != count.entities else ""
    return f"{counted(count.entities, 'company')}{accounts}"


def percent(share: float) -> str:
    """Write a share of 0 to 1, rounded so that a small one is not called nothing."""
    value = 100 * share
    if 0 < value < 0.1:
        return "less than 0.1%"
    return f"{value:.1f}%" if value < 10 else f"{value:.0f}%"


def money(amount: float, currency: str) -> str:
    """Write an amount of the own list, with its currency if that is known."""
    return f"{currency} {amount:,.0f}".lstrip()


_MILLION: Final = 1_000_000


def money_in_short(amount: float, currency: str) -> tuple[str, str]:
    """Write an amount for a headline, as a number and what it counts: millions with one decimal."""
    if amount < _MILLION:
        return f"{amount:,.0f}", currency
    return f"{amount / _MILLION:,.1f}", f"million {currency}".rstrip()


def about(row: Mapping[str, Any], name: str = "estimate") -> str:
    """Write an estimate with its range, as "about 1,000 (890 to 1,110)"; nothing if there is none.

    Args:
        row: with `at_least`, `at_most`, and the estimate under `name`.
    """
    if row[name] is None:
        return ""
    if row["at_least"] == row["at_most"]:
        return f"{row[name]:,}"
    return f"about {row[name]:,} ({row['at_least']:,} to {row['at_most']:,})"


def headline(account_map: AccountMap) -> str:
    """Say in one sentence what was found."""
    shared = account_map.summary.overlap
    if NAMES not in account_map.matrix["level"].to_pylist():
        return f"You and {account_map.partner_name} have estimated what you share, and revealed no accounts."
    if not shared.entities:
        return f"You and {account_map.partner_name} share none of the accounts that were compared."
    return f"You and {account_map.partner_name} share {counted_both(shared)}."


def summary_sentences(account_map: AccountMap) -> list[str]:
    """Say what the numbers come to, the most useful first."""
    shared = _shared_sentences(account_map) if account_map.summary.overlap.entities else []
    return [
        *shared,
        *qualification_sentences(account_map.qualification, account_map.partner_name),
        *since_last_time(account_map.history),
        *_to_ask(account_map),
        *_without_them(account_map),
    ]


def since_last_time(history: History) -> list[str]:
    """Say in one sentence what has changed; nothing if this was the first session."""
    if history.sessions.num_rows < 2:
        return []
    before, now = history.sessions.slice(history.sessions.num_rows - 2).to_pylist()
    new, moved, gone = (now[change] for change in CHANGES)
    return [
        f"Since {before['finished']:%Y-%m-%d}, {counted(new, 'company')} joined the overlap, {moved:,} moved to "
        f"another cell, and {gone:,} left it."
    ]


def _shared_sentences(account_map: AccountMap) -> list[str]:
    summary = account_map.summary
    get, give = summary.introductions_to_get.entities, summary.introductions_to_give.entities
    return [
        _where_to_start(account_map),
        *_plays_with_most_money(account_map),
        f"They can introduce you to {counted(get, 'company')}: their customers, and your opportunities or "
        "prospects.",
        f"You can introduce them to {counted(give, 'company')}: your customers, and their opportunities or "
        "prospects.",
        *_to_agree(account_map),
        f"You share {percent(summary.share_of_own)} of your {counted(summary.listed.entities, 'company')}, and at "
        f"least {percent(summary.share_of_theirs_at_least)} of theirs. They announced at most "
        f"{summary.partner_at_most:,}: each side rounds its size up before it shows it.",
    ]


def _where_to_start(account_map: AccountMap) -> str:
    """Point to the first play that has any company."""
    held = [cell for cell in account_map.matrix.to_pylist() if cell["entities"]]
    first = min(held, key=lambda cell: PLAYS[cell["segment"], cell["their_segment"]].rank)
    number, mine, theirs = first["entities"], first["segment"], first["their_segment"]
    amount = f" ({money(first['amount'], account_map.currency)} open in your list)" if first["amount"] else ""
    return (
        f"Start with the {counted(number, 'company')} that {'is' if number == 1 else 'are'} "
        f"your {plural(mine, number)} and their {plural(theirs, number)}{amount}. {PLAYS[mine, theirs].sentence}"
    )


def _plays_with_most_money(account_map: AccountMap) -> list[str]:
    plays = account_map.summary.plays[:3]
    if not plays:
        return []
    named = "; ".join(
        f"{play.play} ({money(play.amount, account_map.currency)} in {counted(play.count.entities, 'company')})"
        for play in plays
    )
    which = ("play", "two plays", "three plays")[len(plays) - 1]
    return [f"The {which} with the most open money: {named}."]


def _to_agree(account_map: AccountMap) -> list[str]:
    """Count the conflicts, and the matches in doubt."""
    found = []
    if matches := pc.count_distinct(account_map.conflicts["match_id"]).as_py():
        found.append(f"Settle {counted(matches, 'match')} with them before anyone calls: see the conflicts.")
    if matches := pc.count_distinct(account_map.to_review["match_id"]).as_py():
        are = "match is" if matches == 1 else "matches are"
        found.append(f"{matches:,} {are} in doubt: look at them before you act, and keep or reject them.")
    return found


def _to_ask(account_map: AccountMap) -> list[str]:
    """Count the possible matches that nobody has denied, and the questions that wait for an answer."""
    possible = account_map.possible.filter(pc.invert(were_denied(account_map.possible)))
    matches = pc.count_distinct(possible["match_id"]).as_py()
    if not matches:
        return []
    waiting = possible.filter(pc.equal(possible["answer"], "to answer"))
    ask = pc.count_distinct(waiting["match_id"]).as_py()
    more = f" {ask:,} of these {'waits' if ask == 1 else 'wait'} for your answer." if ask else ""
    them = "it" if matches == 1 else "them"
    return [
        f"There {'is' if matches == 1 else 'are'} {matches:,} possible {plural('match', matches)}, not counted in "
        f"any number here: ask your partner about {them}.{more}"
    ]


def _without_them(account_map: AccountMap) -> list[str]:
    """Say what is known about the own companies without a match, one kind in each sentence."""
    summary = account_map.summary
    found = []
    if NAMES in account_map.matrix["level"].to_pylist():
        found.append(f"Only on your list: {counted_both(summary.whitespace)}.")
    if summary.only_counted.entities:
        found.append(f"Only counted, so that nobody knows which are shared: {counted_both(summary.only_counted)}.")
    if summary.not_compared.entities:
        found.append(f"Not compared, or not with all of theirs: {counted_both(summary.not_compared)}.")
    return found


def estimate_sentences(account_map: AccountMap) -> list[str]:
    """Explain the estimate before the reveal beside what the reveal found; nothing if there is no estimate."""
    summary, estimate = account_map.summary, account_map.summary.estimate
    if estimate is None:
        return []
    found = [_estimated(estimate, account_map.partner_name)]
    levels = account_map.matrix["level"].to_pylist()
    partly = any(level != NAMES for level in levels)
    if NAMES in levels:
        found.append(
            f"Now {summary.overlap.entities:,} {'is' if summary.overlap.entities == 1 else 'are'} known to be "
            "shared. The two numbers count different things. The estimate counts equal full names on both whole "
            "lists, from blurred copies. The reveal also compares "
            "websites and names with countries, and usually finds a fifth to a third more"
            + ("; but it leaves out the cells that you did not compare." if partly else ".")
        )
    return found


def _estimated(estimate: Estimate, partner: str) -> str:
    return (
        f"Before anything was revealed, on {estimate.made:%Y-%m-%d}, the estimate was that "
        f"{partner} has {about(vars(estimate))} of your {counted(estimate.entities, 'company')} on its list."
    )


def cell_text(cell: Mapping[str, Any]) -> str:
    """Write what is known of a cell whose matches were not revealed."""
    if cell["level"] == COUNTS:
        return about(cell) or "only counted"
    return about(cell) or "not compared"


def score_sentences(account_map: AccountMap) -> dict[str, str]:
    """Say what each part of the score is, and how many points it can bring."""
    weights, used = account_map.weights, account_map.score_parts
    return {
        part.capitalize(): f"Up to {weights.points(part, used):.3g} points: {meaning}"
        for part, meaning in SCORE_MEANINGS.items()
        if part in used
    }


def what_they_learned(account_map: AccountMap) -> tuple[str, ...]:
    """Say what the partner learned, one thing in each sentence."""
    return account_map.reveals or ("Nothing beyond the sizes of the lists.",)


Fields = tuple[str, ...]


def shown_sentences(account_map: AccountMap) -> list[str]:
    """Say what each side showed of the matches, once for all cells that show the same."""
    cells: dict[tuple[Fields, Fields], list[str]] = {}
    for (mine, theirs), shown in sorted(account_map.shown_fields.items()):
        cells.setdefault(shown, []).append(f"your {plural(mine, 2)} by their {plural(theirs, 2)}")
    return [
        f"For each match, you showed {_fields(own)}; they showed {_fields(others)}"
        f"{': ' + ', '.join(named) if len(cells) > 1 else ''}."
        for (own, others), named in cells.items()
    ]


def _fields(names: Fields) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing more"


def receipt_sentence(account_map: AccountMap) -> str:
    """Say what both signed."""
    if not account_map.receipt:
        return "No accounts were revealed, so there is no receipt."
    return (
        f"Receipt {account_map.receipt}: both signed it. The same digits in their report mean that both saw the "
        "same session."
    )


HOW_TO_TREAT: Final = (
    "What is headed “their” or marked “theirs” comes from your partner, as your partner wrote it; everything else "
    "is from your own list. This report says which of your accounts are also theirs: pass it on only as you "
    "agreed with them."
)
"""Where the data of a report comes from, and who may see it."""
