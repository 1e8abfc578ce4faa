"""The summary in plain sentences, for a person with one minute."""

from accountmap.overlap import CHANGES, PLAYS, AccountMap, Count, History, Weights

_PLURALS = {
    "account": "accounts",
    "entity": "entities",
    "customer": "customers",
    "opportunity": "opportunities",
    "prospect": "prospects",
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


def headline(account_map: AccountMap) -> str:
    """Say in one sentence what was found."""
    shared = account_map.summary.overlap
    if not shared.entities:
        return f"You and {account_map.partner_name} share none of the accounts that were compared."
    are = "is" if shared.entities == 1 else "are"
    return (
        f"You and {account_map.partner_name} share {counted(shared.entities, 'entity')}, "
        f"which {are} {counted(shared.accounts, 'account')} of your list."
    )


def summary_sentences(account_map: AccountMap) -> list[str]:
    """Say what the numbers come to, the most useful first."""
    shared = _shared_sentences(account_map) if account_map.summary.overlap.entities else []
    return [
        *shared,
        *since_last_time(account_map.history),
        f"Mine without them: {counted_both(account_map.summary.whitespace)} of your list did not match.",
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


def score_sentences(weights: Weights) -> list[str]:
    """Say what a score is made of, and how much each part can bring."""
    play, amount, evidence = (
        f"{weights.points(part):.4g}" for part in (weights.play, weights.amount, weights.evidence)
    )
    return [
        f"Play, up to {play} points: what your two segments are good for.",
        f"Amount, up to {amount} points: the share of the shared entities with an amount that have no more than "
        "this one.",
        f"Evidence, up to {evidence} points: how good the evidence of the match is.",
    ]


def what_they_learned(account_map: AccountMap) -> tuple[str, ...]:
    """Say one thing a sentence that the partner learned."""
    return account_map.reveals or ("Nothing beyond the sizes of the lists.",)


def disclosure_sentences(account_map: AccountMap) -> list[str]:
    """Say what was counted before the reveal, where the data comes from, and how to treat a report."""
    preview = sum(count for count in account_map.matrix["preview_at_least"].to_pylist() if count is not None)
    found = account_map.summary.overlap.entities
    return [
        f"Before both of you agreed, the preview counted at least {counted(preview, 'entity')}; the comparison of "
        f"all keys then found {counted(found, 'entity')}.",
        "What is headed “their” or marked “theirs” comes from your partner as it wrote it; all else is from your "
        "own list. This report says which of your accounts are theirs too: pass it on as you agreed with them.",
    ]


def _shared_sentences(account_map: AccountMap) -> list[str]:
    summary = account_map.summary
    get, give = summary.introductions_to_get.entities, summary.introductions_to_give.entities
    return [
        _where_to_start(account_map),
        f"They can introduce you to {counted(get, 'entity')}: their customers that are your opportunities or "
        "prospects.",
        f"You can introduce them to {counted(give, 'entity')}: your customers that are their opportunities or "
        "prospects.",
        f"What you share is {percent(summary.share_of_own)} of your {counted(summary.listed.entities, 'entity')} "
        f"and at least {percent(summary.share_of_theirs_at_least)} of theirs, which are at most "
        f"{summary.partner_at_most:,}: each side rounds its size up before it shows it.",
    ]


def _where_to_start(account_map: AccountMap) -> str:
    """Point to the first play that has any entity."""
    held = [cell for cell in account_map.matrix.to_pylist() if cell["entities"]]
    first = min(held, key=lambda cell: PLAYS[cell["segment"], cell["their_segment"]].rank)
    number, mine, theirs = first["entities"], first["segment"], first["their_segment"]
    amount = f" (amount {first['amount']:,.0f} in your list)" if first["amount"] else ""
    return (
        f"Start with the {counted(number, 'entity')} that {'is' if number == 1 else 'are'} "
        f"your {plural(mine, number)} and their {plural(theirs, number)}{amount}. {PLAYS[mine, theirs].sentence}"
    )
