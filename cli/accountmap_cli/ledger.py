"""`accountmap ledger`: what each partner has ever learned, and the proof of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.output import emit, emit_json, plural, say

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.trust.limits import PartnerBudget
    from accountmap.workspace import PartnerRecord

Facts = dict[str, Any]


_SHOWING: Final = ("asked", "answered", "told", "maturity")
"""Events that show the partner something, besides messages of a session."""


def in_words(partner: str, entries: Sequence[Facts]) -> Iterator[str]:
    """Say what a partner has learned: in all, then session by session."""
    sessions = [list(group) for _, group in groupby(entries, key=_place)]
    sent = [facts for facts in entries if "message" in facts or facts["event"] in _SHOWING]
    if not sent:
        yield f"{partner} has learned nothing from you: nothing was sent."
    else:
        yield f"What the messages have shown {partner}:"
        yield from (f"  {line}" for line in _learned(sent))
    for session in sessions:
        yield ""
        yield from session_in_words(session)


_TITLES: Final = {
    "assistant": "Assistants on your side:",
    "feed": "Feeds to your systems:",
    "maturity": "Maturity of the partnership:",
}
"""Titles of entries that belong to no session and no agreement."""


def _place(facts: Facts) -> str:
    if facts["event"] in _TITLES:
        return str(facts["event"])
    return f"session {facts['session']}" if "session" in facts else f"entry {facts['number']}"


def _learned(sent: Sequence[Facts]) -> Iterator[str]:
    sketches = {facts["sketch"] for facts in sent if "sketch" in facts}
    matches = [facts["matches"] for facts in sent if "matches" in facts]
    possible = [facts["possible"] for facts in sent if facts.get("possible")]
    of_companies = [facts for facts in sent if facts["event"] != "maturity"]
    fields = sorted({field for facts in of_companies for field in facts.get("fields", ())})
    if sketches:
        yield f"{plural(len(sketches), 'blurred copy')} of your list."
    if any("sizes" in facts for facts in sent):
        yield "The sizes that your segments are padded to."
    if matches:
        most = f"at most {max(matches):,} at a time"
        yield f"Which of its own companies you have too, {most}: {times(len(matches))}."
    if possible:
        yield f"Which of its own companies you possibly have, at most {max(possible):,} at a time, without a name."
    if fields:
        yield f"For the companies that you share, from your list: {', '.join(fields).replace('_', ' ')}."
    asked = sum(facts["questions"] for facts in sent if facts["event"] == "asked")
    same = sum(facts["same"] for facts in sent if facts["event"] == "answered")
    if asked:
        yield f"By your questions: name, website and country of {asked:,} of your companies."
    if same:
        yield f"By your answers: the same, and the agreed fields, of {same:,} of your companies."
    told = [facts for facts in sent if facts["event"] == "told"]
    if told:
        topics = ", ".join(dict.fromkeys(facts["topic"] for facts in told))
        yield f"What your people told it about matches that both know, {times(len(told))}: {topics}."
    if opened := len(sent) - len(of_companies):
        yield f"Your answers about the maturity of the partnership, {times(opened)}."
    if any(facts.get("totals") for facts in sent):
        yield "About how many companies you have, by country, industry and size."
    if any(facts.get("names_unmatched") for facts in sent):
        yield "The names of your other companies, which are not on its own list."
    elif not asked:
        yield "No name of a company that is not on its own list as well."


def could_have_learned(partner: str, budget: "PartnerBudget", epsilons: Sequence[float]) -> Iterator[str]:
    """Say what a partner that changed its program could have learned from what it got."""
    if not budget.sessions and not epsilons:
        return
    yield f"What {partner} could have learned besides, if it has changed its program:"
    for epsilon in epsilons:
        right = round(100 / (1 + exp(-epsilon)))
        yield f"  From a blurred copy: whether you have any one company, right {right} times in 100."
    if budget.sessions:
        tried = f"{budget.keys:,} names or websites that it chose beforehand"
        yield f"  In {plural(budget.sessions, 'session')} it could have tried out {tried}, and so found at"
        yield f"  most {budget.identified:,} of your companies, but not their owners or any other field."
        yield "  Smaller sizes, fewer sessions and an audit reduce this: accountmap agreement new"


def _could_have(own: "Workspace", partner: "PartnerRecord") -> "tuple[PartnerBudget, list[float]]":
    sent = own.sketches.disclosures(partner.slug)
    return own.budget(partner), [float(each.epsilon.fraction) for each in sent]


def session_in_words(session: Sequence[Facts]) -> Iterator[str]:
    """Say what one session showed, entry by entry."""
    first = session[0]
    agreement = f"agreement {first['agreement'][:12]}…" if "agreement" in first else ""
    if "session" in first:
        about = f"Session {first['session']}, begun {first['at'][:10]}"
        yield f"{about}, list {first['list']}, {agreement}, you the {first['role']}"
    elif first["event"] in _TITLES:
        yield _TITLES[first["event"]]
    else:
        yield agreement[:1].upper() + agreement[1:]
    for facts in session:
        yield f"  {facts['at'][:16].replace('T', ' ')}  {sentence(facts)}"


def _matches(count: int) -> str:
    return f"{count:,} possible {'match' if count == 1 else 'matches'}"


def sentence(facts: Facts) -> str:
    """Say what one entry records."""
    if "message" in facts:
        return shown(facts)
    questions = _matches(facts.get("questions", 0))
    known = {
        "asked": f"You asked about {questions}.",
        "was_asked": f"They asked about {questions}.",
        "answered": f"You answered about {questions}, {facts.get('same', 0):,} as the same.",
        "told": _told(facts),
        "was_told": f"They told you about {plural(facts.get('matches', 0), 'match')}: {facts.get('topic')}.",
        "assistant": _read_by_assistant(facts),
        "feed": _fed(facts),
        "maturity": f"You showed them your answers about {', '.join(facts.get('fields', ()))}.",
        "done": f"Finished; both signed the receipt {str(facts.get('receipt', ''))[:12]}…",
        "declined": "You declined to reveal.",
        "declined_by_partner": "They saw the preview and declined; no account was revealed.",
        "refused": "Their message broke the protocol, which ended the session.",
        "abandoned": "You gave the session up. What was shown before stays known.",
        "agreement_ended": "You ended the agreement.",
        "proposal_withdrawn": "You withdrew the proposal.",
    }
    return known.get(facts["event"], str(facts["event"]).replace("_", " ").capitalize() + ".")


def _told(facts: Facts) -> str:
    fields = ", ".join(facts.get("fields", ())).replace("_", " ")
    about = f"{facts.get('topic')} ({facts.get('step')}), {plural(facts.get('matches', 0), 'match')}"
    return f"You told them about {about}{': ' + fields if fields else ''}."


def _fed(facts: Facts) -> str:
    how = "with names" if facts.get("names") else "counted only"
    return f"You sent the feed {facts.get('feed')}: {plural(facts.get('rows', 0), 'row')}, {how}."


def _read_by_assistant(facts: Facts) -> str:
    fields = ", ".join(facts.get("fields", ())).replace("_", " ")
    rows = plural(facts.get("rows", 0), "row")
    return f"An assistant of yours read {facts.get('tool')}: {rows}{', with ' + fields if fields else ''}."


def shown(facts: Facts) -> str:
    """Say what a message shows."""
    listed = "; ".join(filter(None, (say_it(facts) for name, say_it in _SHOWN.items() if name in facts)))
    return f"Sent message {facts['message']}: {listed or 'nothing that names an account'}."


_SHOWN: Final[dict[str, Callable[[Facts], str]]] = {
    "sketch": lambda facts: f"a blurred copy of your list (ε = {facts['epsilon']})",
    "sizes": lambda facts: "padded sizes, " + ", ".join(f"{n:,} {name}" for name, n in facts["sizes"].items()),
    "matches": lambda facts: f"which of its own companies match, {facts['matches']:,}, and your segment of each",
    "possible": lambda facts: f"which possibly match, {facts['possible']:,}" if facts["possible"] else "",
    "fields": lambda facts: f"for these companies {', '.join(facts['fields']).replace('_', ' ') or 'no field'}",
    "totals": lambda facts: "about how many companies you have" if facts["totals"] else "",
    "names_unmatched": lambda facts: "THE NAMES of your other companies" if facts["names_unmatched"] else "",
}
"""What to say for each fact of a message that was sent, by the name of the fact."""


def times(count: int) -> str:
    """Say how often something happened."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


@click.group()
def ledger() -> None:
    """See what partners have ever learned, and prove it."""


@ledger.command()
@partner_option("One partner. [default: all]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every entry as it is.")
@click.pass_context
def show(context: click.Context, partner: str | None, as_json: bool) -> None:
    """Say what a partner has learned from you, and what it could have learned, in plain sentences.

    \b
    Examples:
      accountmap ledger show --with globex
      accountmap ledger show --json
    """
    with workspace(context) as own:
        names = [own.partner(partner).card.name] if partner else [p.card.name for p in own.partners()]
        entries = [facts for entry in own.ledger().entries if (facts := entry.facts)["partner"] in names]
        could = {known.card.name: _could_have(own, known) for known in own.partners()}
    if as_json:
        emit_json({"entries": entries, "could_have_learned": {name: asdict(could[name][0]) for name in names}})
        return
    for name in names:
        for line in in_words(name, [facts for facts in entries if facts["partner"] == name]):
            emit(line)
        for n, line in enumerate(could_have_learned(name, *could[name])):
            emit(line if n else f"\n{line}")


@ledger.command()
@click.argument("file", type=existing_file(), required=False)
@click.option("--head", help="The last hash that you know: fail unless it is in the chain.")
@click.pass_context
def verify(context: click.Context, file: Path | None, head: str | None) -> None:
    """Check that no entry was changed, and that both parties' signatures under every receipt are valid.

    Without FILE it checks your own ledger; with FILE, one that somebody exported, which needs no workspace.

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
    """Say that a ledger is intact."""
    receipts = sum("receipt" in facts for facts in entries)
    counts = f"{plural(len(entries), 'entry')}, {plural(receipts, 'receipt')} signed by both parties"
    emit(f"The ledger is intact: {counts}.")
    emit(f"Its last hash is {head}")


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def export(context: click.Context, file: Path) -> None:
    """Write the ledger for an auditor: no accounts are in it, only cards and receipts.

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
