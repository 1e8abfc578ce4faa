"""`accountmap ledger`: what each partner has ever learned, and the proof of it."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, plural, say

Facts = dict[str, Any]


def in_words(partner: str, entries: Sequence[Facts]) -> Iterator[str]:
    """Say what a partner has learned: in all, then session by session."""
    sessions = [list(group) for _, group in groupby(entries, key=lambda facts: facts["session"])]
    if not sessions:
        yield f"{partner} has learned nothing from you: no session has begun."
        return
    counted = sum(any(shows_counts(facts) for facts in session) for session in sessions)
    revealed = [most_matches(session) for session in sessions]
    fields = sorted({field for facts in entries for field in facts.get("fields", ())})
    yield f"What {partner} has learned from you in {plural(len(sessions), 'session')}:"
    yield "  The sizes that your segments are padded to."
    if counted:
        yield f"  How many entities match at least, for each pair of segments: {times(counted)}."
    if any(n is not None for n in revealed):
        most = max(n for n in revealed if n is not None)
        times_revealed = times(sum(n is not None for n in revealed))
        yield f"  Which of its own entities are on your list, at most {most:,} at a time: {times_revealed}."
    if fields:
        yield f"  Of those entities, from your list: {', '.join(fields).replace('_', ' ')}."
    if any(facts.get("rest") for facts in entries):
        yield "  How many other entities you have, by country, industry and size."
    if any(facts.get("rest") == "names" for facts in entries):
        yield "  The names of these others: accounts that are not on its own list."
    else:
        yield "  No account by name that is not on its own list as well."
    for session in sessions:
        yield ""
        yield from session_in_words(session)


def session_in_words(session: Sequence[Facts]) -> Iterator[str]:
    """Say what one session showed, in the order in which it did."""
    first = session[0]
    yield (
        f"Session {first['session']}, begun {first['at'][:10]}, list {first['list']}, "
        f"agreement {first['agreement'][:12]}…, you the {first['role']}"
    )
    for facts in session:
        yield f"  {facts['at'][:16].replace('T', ' ')}  {sentence(facts)}"


def sentence(facts: Facts) -> str:
    """Say what one entry records."""
    if facts["event"] == "sent":
        return shown(facts)
    return {
        "counted": "Finished; the agreement reveals counts only.",
        "done": f"Finished; both signed the receipt {str(facts.get('receipt', ''))[:12]}…",
        "declined": "You declined to reveal. The counts stay known.",
        "declined_by_partner": "They saw the counts and declined to reveal.",
        "refused": "Their message was not what the protocol allows; that ended the session.",
        "abandoned": "You gave the session up. What was shown before stays known.",
    }[facts["event"]]


def shown(facts: Facts) -> str:
    """Say what a message shows."""
    message = facts["message"]
    if message in (1, 2):
        sizes = ", ".join(f"{size:,} {segment}" for segment, size in facts["sizes"].items())
        return f"Shown: padded sizes, {sizes}."
    if message in (3, 4):
        total = sum(n for _, _, n in facts["counts"]) if "counts" in facts else None
        return "Shown: one count for each pair of segments" + (
            f", {total:,} in all." if total is not None else "."
        )
    if message == 5:
        return "Shown: how keys of the two lists are linked, without names, and so how many entities match."
    if message in (6, 7):
        return f"Shown: which of its own entities match, {facts['matches']:,}, and in which of your segments."
    rest = "; and how many other entities there are, by country, industry and size" if facts["rest"] else ""
    rest += ", and their names" if facts["rest"] == "names" else ""
    return f"Shown: of these entities {', '.join(facts['fields']).replace('_', ' ') or 'no field'}{rest}."


def shows_counts(facts: Facts) -> bool:
    """Tell whether an entry records that the partner saw counts."""
    return facts["event"] == "sent" and facts["message"] in (3, 4)


def most_matches(session: Sequence[Facts]) -> int | None:
    """Return how many matches a session revealed to the partner, or None if it did not come to that."""
    return max(
        (facts["matches"] for facts in session if facts["event"] == "sent" and "matches" in facts), default=None
    )


def times(count: int) -> str:
    """Say how often."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


@click.group()
def ledger() -> None:
    """Ask what partners have ever learned, and prove it."""


@ledger.command()
@click.option("--with", "partner", help="One partner. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every entry as it stands.")
@click.pass_context
def show(context: click.Context, partner: str | None, as_json: bool) -> None:
    """Say what a partner has ever learned from you, in plain sentences.

    \b
    Examples:
      accountmap ledger show --with globex
      accountmap ledger show --json
    """
    with workspace(context) as own:
        names = [own.partner(partner).card.name] if partner else [p.card.name for p in own.partners()]
        entries = [facts for entry in own.ledger().entries if (facts := entry.facts)["partner"] in names]
    if as_json:
        emit_json(entries)
        return
    for name in names:
        for line in in_words(name, [facts for facts in entries if facts["partner"] == name]):
            emit(line)


@ledger.command()
@click.argument("file", type=existing_file(), required=False)
@click.option("--head", help="The last hash that you know: fail unless it stands in the chain.")
@click.pass_context
def verify(context: click.Context, file: Path | None, head: str | None) -> None:
    """Check that no entry was changed, and the signatures of both parties under every receipt.

    Without FILE, your own ledger; with it, one that somebody exported: then no workspace is needed.

    \b
    Examples:
      accountmap ledger verify
      accountmap ledger verify acme-cloud.ledger.json
    """
    from accountmap.trust.ledger import Ledger

    if file is not None:
        checked = Ledger.decode(file.read_bytes())
    else:
        with workspace(context) as own:
            checked = own.ledger()
            checked.check()
    if head is not None:
        checked.check_contains(head)
    report([entry.facts for entry in checked.entries], checked.head.hex())
    if file is not None:
        say("The cards that came with it, to compare with their owners by phone:")
        for card in checked.cards.values():
            say(f"  {card.fingerprint}  {card.name}")


def report(entries: Sequence[Facts], head: str) -> None:
    """Say that a ledger holds."""
    receipts = sum("receipt" in facts for facts in entries)
    emit(
        f"The ledger holds: {plural(len(entries), 'entry')}, {plural(receipts, 'receipt')} signed by both parties."
    )
    emit(f"Its last hash is {head}")


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def export(context: click.Context, file: Path) -> None:
    """Write the ledger for an auditor: no account stands in it; cards and receipts do.

    The auditor checks it with `accountmap ledger verify FILE`.

    \b
    Example:
      accountmap ledger export acme-cloud.ledger.json
    """
    from accountmap.files import write_atomic

    with workspace(context) as own:
        exported = own.ledger()
    exported.check()
    write_atomic(file, exported.encode(), mode=0o644)
    emit(str(file))
    say(f"Its last hash is {exported.head.hex()}")
