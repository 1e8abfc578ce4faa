"""The summary in plain sentences, for a person with one minute."""

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from accountmap.account_map import CHANGES, PLAYS, AccountMap, Count, History, withheld_counts
from accountmap.report.columns import SCORE_MEANINGS

_PLURALS = {
    "account": "accounts",
    "entity": "entities",
    "customer": "customers",
    "opportunity": "opportunities",
    "prospect": "prospects",
    "match": "matches",
    "conflict": "conflicts",
    "row": "rows",
}


def plural(noun: str, number: int) -> str:
    """Give the form of a noun that goes with a number."""
    return noun if number == 1 else _PLURALS[noun]


def counted(number: int, noun: str) -> str:
    """Write a number and what it counts."""
    return f"{number:,} {plural(noun, number)}"


def counted_both(count: Count) -> str:
    """Write how many entities, and how many accounts they are."""
    return f"{counted(count.entities, 'entity')} ({counted(count.accounts, 'account')})"


def percent(share: float) -> str:
    """Write a share of 0 to 1, rounded so that a small one is not called nothing."""
    value = 100 * share
    if 0 < value < 0.1:
        return "less than 0.1 %"
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"


def money(amount: float) -> str:
    """Write an amount of the own list, whose currency is not known."""
    return f"{amount:,.0f}"


def headline(account_map: AccountMap) -> str:
    """Say in one sentence what was found."""
    shared = account_map.summary.overlap
    if not any(account_map.matrix["named"].to_pylist()):
        return f"You and {account_map.partner_name} have counted what you share, and revealed no accounts."
    if not shared.entities:
        return f"You and {account_map.partner_name} share none of the accounts that were compared."
    are = "is" if shared.entities == 1 else "are"
    return (
        f"You and {account_map.partner_name} share {counted(shared.entities, 'entity')}, "
        f"which {are} {counted(shared.accounts, 'account')} of your list."
    )


def summary_sentences(account_map: AccountMap) -> list[str]:
    """Say what the numbers come to, the most useful first."""
    summary = account_map.summary
    shared = _shared_sentences(account_map) if summary.overlap.entities else []
    return [
        *shared,
        *since_last_time(account_map.history),
        *_without_them(account_map),
        *_not_compared(account_map),
        *_counted_cells(account_map),
    ]


def since_last_time(history: History) -> list[str]:
    """Say in one sentence what has changed, or nothing if this was the first session."""
    if history.sessions.num_rows < 2:
        return []
    before, now = history.sessions.slice(history.sessions.num_rows - 2).to_pylist()
    new, moved, gone = (counted(now[change], "entity") for change in CHANGES)
    return [
        f"Since {before['finished']:%Y-%m-%d}: {new} new in the overlap, {moved} moved to another cell, "
        f"{gone} gone."
    ]


def _shared_sentences(account_map: AccountMap) -> list[str]:
    summary = account_map.summary
    get, give = summary.introductions_to_get.entities, summary.introductions_to_give.entities
    return [
        _where_to_start(account_map),
        *_plays_with_most_money(account_map),
        f"They can introduce you to {counted(get, 'entity')}: their customers that are your opportunities or "
        "prospects.",
        f"You can introduce them to {counted(give, 'entity')}: your customers that are their opportunities or "
        "prospects.",
        *_to_settle(account_map),
        f"What you share is {percent(summary.share_of_own)} of your {counted(summary.listed.entities, 'entity')} "
        f"and at least {percent(summary.share_of_theirs_at_least)} of theirs, which are at most "
        f"{summary.partner_at_most:,}: each side rounds its size up before it shows it.",
    ]


def _where_to_start(account_map: AccountMap) -> str:
    """Point to the first play that has any entity."""
    held = [cell for cell in account_map.matrix.to_pylist() if cell["entities"]]
    first = min(held, key=lambda cell: PLAYS[cell["segment"], cell["their_segment"]].rank)
    number, mine, theirs = first["entities"], first["segment"], first["their_segment"]
    amount = f" (amount {money(first['amount'])} in your list)" if first["amount"] else ""
    return (
        f"Start with the {counted(number, 'entity')} that {'is' if number == 1 else 'are'} "
        f"your {plural(mine, number)} and their {plural(theirs, number)}{amount}. {PLAYS[mine, theirs].sentence}"
    )


def _plays_with_most_money(account_map: AccountMap) -> list[str]:
    plays = account_map.summary.plays[:3]
    if not plays:
        return []
    named = "; ".join(
        f"{play.play}, {money(play.amount)} in {counted(play.count.entities, 'entity')}" for play in plays
    )
    which = ("play", "two plays", "three plays")[len(plays) - 1]
    return [f"The {which} with the most money of your list: {named}."]


def _to_settle(account_map: AccountMap) -> list[str]:
    """Count the conflicts, and what is in doubt."""
    found = []
    if matches := pc.count_distinct(account_map.conflicts["match_id"]).as_py():
        are = "match is" if matches == 1 else "matches are"
        found.append(f"{matches:,} {are} to be settled between you before a seller calls: see the conflicts.")
    if matches := pc.count_distinct(account_map.to_review["match_id"]).as_py():
        are = "match is" if matches == 1 else "matches are"
        found.append(f"{matches:,} {are} in doubt: look before you act, and keep or reject them.")
    return found


def _without_them(account_map: AccountMap) -> list[str]:
    if not any(account_map.matrix["named"].to_pylist()):
        return []
    return [f"Mine without them: {counted_both(account_map.summary.whitespace)} of your list did not match."]


def _not_compared(account_map: AccountMap) -> list[str]:
    """Say how much of the own list can be called neither shared nor not."""
    reasons = withheld_counts(account_map.whitespace)
    if not reasons:
        return []
    named = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
    count = counted_both(account_map.summary.not_compared)
    return [f"Of your list, {count} can be called neither shared nor not: {named}."]


def _counted_cells(account_map: AccountMap) -> list[str]:
    """Say what was counted in cells whose accounts were not revealed."""
    only = [cell for cell in account_map.matrix.to_pylist() if cell["compared"] and not cell["named"]]
    if not only:
        return []
    named = "; ".join(
        f"{cell_count(cell)} of your {plural(cell['segment'], 2)} among their {plural(cell['their_segment'], 2)}"
        for cell in only
    )
    return [f"Counted without names: {named}."]


def cell_count(cell: Mapping[str, Any]) -> str:
    """Write the preview's count of a cell of the matrix that was compared."""
    fewer = cell["preview_fewer_than"]
    return f"fewer than {fewer:,}" if fewer is not None else f"at least {cell['preview_at_least']:,}"


def score_sentences(account_map: AccountMap) -> dict[str, str]:
    """Say of each part of the score what it is, and how much it can bring."""
    weights, used = account_map.weights, account_map.score_parts
    return {
        part.capitalize(): f"Up to {weights.points(part, used):.4g} points: {meaning}"
        for part, meaning in SCORE_MEANINGS.items()
        if part in used
    }


def what_they_learned(account_map: AccountMap) -> tuple[str, ...]:
    """Say one thing a sentence that the partner learned."""
    return account_map.reveals or ("Nothing beyond the sizes of the lists.",)


def shown_sentences(account_map: AccountMap) -> list[str]:
    """Say what each showed of the matches, for the cells that show the same together."""
    cells: dict[tuple[Fields, Fields], list[str]] = {}
    for (mine, theirs), shown in sorted(account_map.shown_fields.items()):
        cells.setdefault(shown, []).append(f"your {plural(mine, 2)} by their {plural(theirs, 2)}")
    return [
        f"Of each match, you showed {_fields(own)} and they showed {_fields(others)}"
        f"{': ' + ', '.join(named) if len(cells) > 1 else ''}."
        for (own, others), named in cells.items()
    ]


Fields = tuple[str, ...]


def receipt_sentence(account_map: AccountMap) -> str:
    """Say what both signed."""
    if not account_map.receipt:
        return "No accounts were revealed, so that there is no receipt of any."
    return (
        f"Receipt {account_map.receipt}: both signed it, and the same digits in their report mean that both saw "
        "the same session."
    )


def _fields(names: Fields) -> str:
    return ", ".join(name.replace("_", " ") for name in names) or "nothing more"


def disclosure_sentences(account_map: AccountMap) -> list[str]:
    """Say what was counted before the reveal, where the data comes from, and how to treat a report."""
    preview = sum(count for count in account_map.matrix["preview_at_least"].to_pylist() if count is not None)
    return [
        f"Before both of you agreed, the preview counted at least {preview:,} matches; the comparison of all keys "
        f"then found {account_map.summary.matches:,} in the cells whose accounts were revealed.",
        "What is headed “their” or marked “theirs” comes from your partner as it wrote it; all else is from your "
        "own list. This report says which of your accounts are theirs too: pass it on as you agreed with them.",
    ]
