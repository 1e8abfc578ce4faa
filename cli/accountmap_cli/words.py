"""How agreements and sessions are put in words: before signing, before a session, at its questions, at its end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from shlex import quote
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from accountmap.errors import TrustError, WorkspaceError
from accountmap.model import segment_count, segment_noun
from accountmap_cli.output import plural, table

if TYPE_CHECKING:
    import click

    from accountmap import AccountMap, Outcome, Preview
    from accountmap.session import Capacity, Change, Claims, Forecast
    from accountmap.trust.agreement import Agreement
    from accountmap.trust.limits import SizeConcern
    from accountmap.workspace import PartnerRecord
    from accountmap.workspace.estimates import Estimate


def estimate_in_words(estimate: "Estimate") -> str:
    """Put an estimate and its range in words."""
    return f"about {estimate.estimate:,} ({estimate.low:,} to {estimate.high:,})"


def preview_table(preview: "Preview", partner: str) -> str:
    """Show the estimate for each of our segments."""
    known = {each.segment: each for each in preview.estimates if each.level == 1}
    rows = [
        (
            f"your {segment_noun(segment)}",
            size,
            estimate_in_words(known[segment]) if segment in known else "no estimate: fewer than 100 companies",
        )
        for segment, size in preview.own_sizes.items()
        if size
    ]
    return table(["", "companies", f"also on {partner}'s list"], rows)


def preview_notes(preview: "Preview", partner: str) -> Iterator[str]:
    """Explain the estimates, and what is to be decided."""
    if preview.estimates:
        yield (
            f"These are estimates from the blurred copy that {partner} sent; only you see them. They count only "
            "equal names; the session itself usually finds a fifth to a third more."
        )
    shown = ", ".join(preview.shown).replace("_", " ")
    yield (
        "If both of you reveal, each learns which of its own companies the other has too, and in which of the "
        f"other's segments. For these companies, {partner} sees "
        + (f"your {shown}." if shown else "none of your fields.")
    )
    if preview.asks:
        yield "Possible matches are kept apart: neither side sees names of them before one asks and one answers."
    if preview.totals:
        yield f"{partner} also gets noisy totals of your list, by country, industry and size."
    if preview.names_unmatched:
        yield f"{partner} also learns THE NAMES OF ALL YOUR OTHER ACCOUNTS in these segments: you agreed to that."
    if preview.partner_agreed:
        yield f"{partner} has agreed already."


def choices(partner: str) -> str:
    """Say what each answer means."""
    return (
        "  reveal   go on: both learn which companies you share\n"
        f"  later    decide another day: nothing leaves, {partner} waits\n"
        f"  decline  end this session: {partner} is told, no account is revealed"
    )


CHANGE_CHOICES: Final = ("new", "old", "later")


def change_in_words(change: "Change", partner: str) -> Iterator[str]:
    """Say how little of a list has changed, what the partner could tell from that, and what each answer means."""
    few = [segment_count(segment, count) for segment, count in change.by_segment.items()]
    listed = " and ".join([", ".join(few[:-1]), few[-1]] if few[1:] else few)
    alone = sum(change.by_segment.values()) == 1
    yield (
        f"Since an earlier session with {partner}, only {listed} of yours {'was' if alone else 'were'} added, "
        f"removed or changed. If the results now differ from the earlier ones, {partner} could tell that "
        f"{'this one is' if alone else 'one of these is'} the reason. Your agreement leaves the choice to you:\n"
    )
    yield "  new      begin with your new list all the same"
    yield f"  old      begin with the list of that session, number {change.list_id}; the changes wait"
    yield "  later    begin nothing now"


CAPACITY: Final = "capacity"
"""The name under which the workspace remembers which segments of the last list fill an agreement."""


def capacity_in_words(capacity: "Capacity", partner: "PartnerRecord") -> str:
    """Say how much room an agreement leaves for a list, and what to do before there is too little."""
    name, until = partner.card.name, capacity.agreement.terms.valid_until
    renew = f"accountmap agreement renew --with {quote(partner.slug)}"
    left = ", ".join(segment_count(segment, count) for segment, count in capacity.left.items())
    runs = f"{plural(capacity.sessions_left, 'session')} left in these 30 days"
    if capacity.too_many:
        over = ", ".join(segment_count(segment, count) for segment, count in capacity.too_many.items())
        return (
            f"This list has outgrown the agreement with {name}, by {over}: map will refuse it. Renew the "
            f"agreement for this list; both of you sign it: {renew}"
        )
    said = f"Agreement with {name}, until {until}: room for {left} more; {runs}."
    if capacity.nearly_full:
        full = " and ".join(map(segment_noun, capacity.nearly_full))
        return f"{said}\n  That is little room for {full}. Renew it before a list grows too long for it: {renew}"
    return f"{said}\n  It ends soon. Renew it for another year: {renew}" if capacity.ends_soon else said


def shared_in_words(found: "AccountMap", partner: str, slug: str) -> str:
    """Say what a session has found."""
    summary, changes = found.summary, found.history.changes
    said = f"\nYou share {plural(summary.overlap.entities, 'company')} with {partner}"
    if changes.num_rows:
        companies = set(zip(changes["change"].to_pylist(), changes["entity_id"].to_pylist(), strict=True))
        kinds = Counter(kind for kind, _ in companies)
        said += f" (since last time {kinds['new']:,} new, {kinds['moved']:,} moved, {kinds['gone']:,} gone)"
    if summary.possible.entities:
        return f"{said}; {summary.possible.entities:,} more may be shared: accountmap ask --with {slug}"
    return f"{said}."


def claims_in_words(claims: "Claims", partner: str) -> str:
    """Say which claims are above the caps."""
    unknown = all(claims.allowed[each] is None for each in claims.above)
    lines = [
        f"{partner}'s list matches companies of yours in segments without an estimate to compare with:"
        if unknown
        else f"{partner}'s list matches more of your companies than expected:"
    ]
    for (segment, strength), count in claims.above.items():
        allowed = claims.allowed[segment, strength]
        expected = (
            "no estimate for fewer than 100 companies" if allowed is None else f"expected at most {allowed:,}"
        )
        what = plural(count, "match") if strength.label == "strong" else plural(count, "possible match")
        lines.append(f"  {what} of your {claims.own_sizes[segment]:,} {segment_noun(segment)} ({expected})")
    lines.append("If that is far more than you expect, ask them first: nothing else has left yet.")
    return "\n".join(lines)


def forecast_in_words(about: "Forecast") -> Iterator[str]:
    """Say what the partner will learn at each step, and what it could learn at worst."""
    initiates = about.role == 0
    yield (
        f"A session with {about.partner} now, with list {about.list_id}, under agreement {about.agreement[:12]}…; "
        f"you {'begin' if initiates else 'answer'}."
    )
    yield f"What {about.partner} will learn, and by which of your messages:\n"
    for number, line in zip(about.messages, steps_in_words(about), strict=True):
        yield f"  {int(number):2}  {line}"
    yield from (f"      {line}" for line in kept_apart(about))
    first, asked = ("1", "3") if initiates else ("2", "4")
    yield f"\nMessage {first} leaves without asking you. You are asked before message {asked}."
    yield "\nWhat a partner that cheats could learn, after both of you have agreed:\n"
    yield from (f"  -  {line}" for line in worst(about))
    yield "\nNothing was written, and nothing has left this machine."


def kept_apart(about: "Forecast") -> Iterator[str]:
    """Say which companies take no part, and which pairs of segments are never compared."""
    for reason, count in about.withheld.items():
        yield f"{plural(count, 'company')} of yours {'takes' if count == 1 else 'take'} no part: {reason}."
    pairs = ((mine, theirs) for mine in about.own_sizes for theirs in about.partner_sizes)
    hidden = [f"your {segment_noun(a)} by their {segment_noun(b)}" for a, b in pairs if (a, b) not in about.named]
    if hidden:
        yield f"Never compared: {', '.join(hidden)}."


def steps_in_words(about: "Forecast") -> tuple[str, ...]:
    """Say what each of our messages shows."""
    padded = ", ".join(segment_count(segment, size) for segment, size in about.padded_sizes.items())
    again = " It has this copy already." if about.sketch_known else ""
    sketch = (
        f"A blurred copy of your list (epsilon {about.epsilon}): a guess about any one company, never a certainty."
        f"{again}"
    )
    points = (
        f"Padded sizes ({padded}), and about what share of each segment has a website and a country. Blinded "
        "values, from which nothing can be read without your secret."
    )
    links = "How keys of both lists are linked, without names, and so how many companies match."
    matches = (
        f"Which of its own companies are on your list, at most {about.most_matches:,}, and in which of your "
        f"segments. {plural(about.comparable, 'company')} of yours can match at all."
    )
    shown = ", ".join(f"{name.replace('_', ' ')} (you have {n:,})" for name, n in about.filled.items())
    fields = f"For the companies that match: {shown}." if shown else "No fields of the companies that match."
    if about.totals:
        fields += " And noisy totals of your list, by country, industry and size."
    if about.names_unmatched:
        fields += " And THE NAMES OF ALL YOUR OTHER ACCOUNTS in these segments."
    if about.role == 0:
        return (sketch, points, links, matches, fields)
    return (sketch, points, matches, fields, "Nothing.")


def worst(about: "Forecast") -> Iterator[str]:
    """Say what a partner that does not play fair could learn, and what can be done about it."""
    total = about.partner_keys * about.sessions_left
    if about.role == 0:
        yield (
            f"It can test up to {about.partner_keys:,} names, parts of names or domains that it chose beforehand "
            "against your list, and stop before you learn of any match. It learns no name, owner or amount that "
            "way. Smaller sizes and an audit clause limit this."
        )
    else:
        yield (
            "It can list companies that are not its own accounts, and learn for each whether you have it. "
            "Sizes and an audit clause limit this."
        )
    yield (
        f"{plural(about.sessions_left, 'session')} may still run in these 30 days: {total:,} keys, if it changes "
        "them each time. Agree on fewer sessions if that is too many."
    )
    if about.names_unmatched:
        yield "It gets the names of all your other accounts, as signed. If in doubt, agree without them."
    if about.changed:
        listed = ", ".join(segment_count(segment, n) for segment, n in about.changed.items())
        yield (
            f"Since an earlier session {listed} of yours changed: any difference between the two results is due "
            "to these. If they are too few, map asks you first."
        )
    yield "A quantum computer could one day open what it keeps of this session; and it may tell others."


def ending(outcome: "Outcome", partner: str, slug: str) -> str:
    """Say how far a stopped session came."""
    session = outcome.session
    before_reveal = session is None or session.charged is None
    if session and session.step == _STOP and not session.sent.endswith(f"-{_STOP}.amap"):
        if before_reveal or session.sent.endswith("-3.amap"):
            return f"{partner} saw the preview and declined; no account was revealed."
    elif session and session.step == _STOP and before_reveal:
        return "You declined; no account was revealed."
    if before_reveal:
        return "The session ended before anything was revealed."
    learned = f"accountmap ledger show --with {slug}"
    return f"The session broke off before its end. See what {partner} had learned by then: {learned}."


_STOP: Final = 15
"""Number of the message with which a side declines."""

_LABEL: Final = 18
_WIDTH: Final = 98


def checked_here(context: "click.Context", agreement: "Agreement") -> bool:
    """Verify the signatures, if this is the workspace of a party and has the other's card; return whether it is.

    Raises:
        TrustError: a signature is not valid.
    """
    from accountmap.session import cards_of, partner_of
    from accountmap_cli.context import workspace

    try:
        with workspace(context) as own:
            role, partner = agreement.role_of(own.card), partner_of(own, agreement)
            cards = cards_of(own, partner, role)
    except (WorkspaceError, TrustError):
        return False
    agreement.check_signatures(cards)
    return True


def agreement_in_words(agreement: "Agreement", *, checked: bool, own_name: str = "") -> list[str]:
    """Say what an agreement allows, and who has signed it.

    Args:
        checked: whether the signatures were verified. If not, nothing is said to be signed.
        own_name: company whose segments are the rows of the table; by default the one that begins.
    """
    from accountmap.trust.term import sentences_of

    terms = agreement.terms
    what = "Preview agreement" if agreement.is_preview else "Agreement"
    lines = [f"{what} between {terms.names[0]}, who begins, and {terms.names[1]}."]
    for label, said in sentences_of(terms, preview=agreement.is_preview):
        for n, sentence in enumerate(said):
            lines += _wrapped(label if n == 0 else "", sentence)
    if not agreement.is_preview:
        lines += ["", *_matrix(agreement, terms.names.index(own_name) if own_name in terms.names else 0)]
    return [*lines, "", *_sizes(agreement), signatures_in_words(agreement, checked=checked)]


def _wrapped(label: str, sentence: str) -> Iterator[str]:
    for n, line in enumerate(wrap(sentence, _WIDTH - _LABEL)):
        yield f"  {label if n == 0 else '':{_LABEL}}{line}"


def _matrix(agreement: "Agreement", own: int) -> Iterator[str]:
    """Show what is learned in each cell of the segment matrix, and explain its marks."""
    from accountmap.trust.terms_words import shown_in_words

    terms, names = agreement.terms, agreement.terms.names
    cells = {
        (one, other): terms.sharing.rectangle((one, other) if own == 0 else (other, one))
        for one in terms.segments
        for other in terms.segments
    }
    kinds = list(dict.fromkeys(shown_in_words(each, names) for each in cells.values() if each is not None))
    marks = {kind: "revealed" if len(kinds) == 1 else f"revealed ({n})" for n, kind in enumerate(kinds, 1)}
    yield "  After both of you agree to reveal, each learns which of its own companies the other has too:"
    yield ""
    head = [f"{names[own]} | {names[1 - own]}", *map(segment_noun, terms.segments)]
    rows = [
        [
            segment_noun(one),
            *(marks.get(shown_in_words(cells[one, other], names), "-") for other in terms.segments),
        ]
        for one in terms.segments
    ]
    yield from (f"    {line}" for line in table(head, rows).splitlines())
    yield ""
    for kind, mark in marks.items():
        yield from (
            f"    {line}" for line in wrap(f"{mark}: {kind.partition('; ')[2]} of these companies", _WIDTH)
        )
    if None in cells.values():
        yield "    -: not compared"


def _sizes(agreement: "Agreement") -> Iterator[str]:
    from accountmap.trust.agreement import sketch_in_words

    for name, party in zip(agreement.terms.names, agreement.parties, strict=False):
        rows = ", ".join(f"{size:,} {segment_noun(segment)}" for segment, size in party.rows.items())
        brings = f"up to {rows}; " if rows else ""
        yield from (
            f"  {line}" for line in wrap(f"{name}: {brings}a blurred copy {sketch_in_words(party.sketch)}", _WIDTH)
        )


def signatures_in_words(agreement: "Agreement", *, checked: bool) -> str:
    """Say who has signed, and only if that was verified."""
    first, second = agreement.terms.names
    if not checked:
        return "  NOT CHECKED who signed this. Run this command in your workspace, with your partner's card added."
    if agreement.complete:
        return "  Signed by both; both signatures are valid."
    return f"  Signed by {first}, and the signature is valid; {second} has not signed yet."


def concern_in_words(concern: "SizeConcern", partner: str) -> str:
    """Say why a person has to confirm a size of the partner."""
    from accountmap.trust.limits import Concern

    rows = f"{partner} may {'send a blurred copy of' if concern.of_sketch else 'bring'} {concern.rows:,} companies"
    why = {
        Concern.ABOVE_OWN: f"more than ten times your own {concern.compared_with:,}",
        Concern.ABOVE_LIMIT: f"above the limit of your workspace, {concern.compared_with:,}",
        Concern.GROWTH: f"up from {concern.compared_with:,} in the last agreement or in one of the past year",
    }
    return f"{rows}, {why[concern.concern]}."


def concerns_in_words(concerns: Sequence["SizeConcern"], partner: str) -> list[str]:
    """Say what a person has to confirm, and what to do about it."""
    return [
        *(concern_in_words(each, partner) for each in concerns),
        f"With so many it could try out names that are not on its list. Ask {partner} by phone why it needs that.",
    ]
