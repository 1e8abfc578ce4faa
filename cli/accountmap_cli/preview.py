"""`accountmap preview` and `sketch`: about how many companies two lists share, from blurred copies of both."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from accountmap.errors import InputError, TrustError
from accountmap.model import segment_noun
from accountmap_cli.context import Place, open_place, partner_option, place_options, time_to_wait, workspace
from accountmap_cli.output import duration, emit, emit_json, is_interactive, say, table

if TYPE_CHECKING:
    from accountmap import PreviewOutcome, Workspace
    from accountmap.session.preview import PartnerHolds
    from accountmap.workspace.estimates import Estimate

AT_LEAST: Final = {3: "their customers", 2: "their customers or open opportunities", 1: "any of theirs"}
"""Names of the levels of a preview by segments."""


@click.command("preview")
@partner_option()
@place_options
@click.option("--new", is_flag=True, help="Exchange blurred copies again, after one of them was renewed.")
@click.option("--accept-another", is_flag=True, help="Accept a second blurred copy of theirs within half a year.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def preview_command(
    context: click.Context,
    partner: str,
    folder: str | None,
    listen: str | None,
    connect: str | None,
    wait: float | None,
    new: bool,
    accept_another: bool,
    as_json: bool,
) -> None:
    """Estimate how many of your companies are on a partner's list.

    Each of you sends one small file: a blurred copy of the list, which names nobody for certain. Only you see your
    estimates. All you need is a short agreement (agreement new --preview). Run it again to take the next step, or
    to see the estimates once more.

    \b
    Examples:
      accountmap preview --with globex        by mail: says which file to send
      accountmap preview --with globex --folder "/Shared/acme and globex" --wait
      accountmap preview --with globex --listen 0.0.0.0:7443
      accountmap preview --with globex --json
    """
    from accountmap import preview_accounts

    with workspace(context) as own:
        record = own.partner(partner)
        name, patience = record.card.name, time_to_wait(wait, listen, connect)
        with open_place(own, partner, folder, listen, connect, patience, command="preview") as place:
            outcome = preview_accounts(
                own,
                partner,
                place.target,
                new=new,
                accept_sketch=accept_another,
                wait=patience,
                waiting=lambda _: say(f"Waiting for {name}, {duration(patience)} at most. Ctrl-C loses nothing."),
            )
    if as_json:
        emit_json(as_dict(outcome, place))
        return
    for file in outcome.taken:
        say(f"Read {place.file(file)}")
    for file in outcome.sent:
        say(f"Wrote {place.file(file)}")
    for note in outcome.notes:
        say(note)
    for line in in_words(outcome, place, name):
        emit(line)


def in_words(outcome: "PreviewOutcome", place: Place, partner: str) -> Iterator[str]:
    """Say what is known, what the partner holds, and what comes next."""
    if outcome.state == "done":
        yield from estimates_in_words(outcome, partner)
        yield ""
    if outcome.partner_holds:
        yield from holds_in_words(outcome.partner_holds, partner)
        yield ""
    yield next_step(outcome, place, partner)


def estimates_in_words(outcome: "PreviewOutcome", partner: str) -> Iterator[str]:
    """Say about how many of our companies are on the partner's list."""
    known = {(each.segment, each.level): each for each in outcome.estimates}
    everything = known.get(("", 1))
    if everything is None:
        yield f"No estimate: your list has fewer than 100 companies, too few to say how many are on {partner}'s."
        return
    yield f"{headline(everything)} of your {everything.own_values:,} companies are on {partner}'s list."
    yield ""
    levels = sorted({each.level for each in outcome.estimates}, reverse=True)
    heads = [f"on {partner}'s list" if levels == [1] else AT_LEAST[level] for level in levels]
    rows = [
        (
            f"your {segment_noun(segment)}",
            count,
            *(cell(known.get((segment, level))) for level in levels),
        )
        for segment, count in outcome.own_companies.items()
    ]
    yield table(["", "companies", *heads], rows)
    yield ""
    if sentence := amount_in_words(known.get(("opportunity", 1)), partner):
        yield sentence
    yield (
        f"Made on {everything.made:%Y-%m-%d}, and kept. 95 of 100 such ranges contain the true number. Only equal "
        "names are counted; a session usually finds a fifth to a third more. Only you see this."
    )


def headline(estimate: "Estimate") -> str:
    """Put an estimate in words at the start of a sentence."""
    return f"About {estimate.estimate:,} ({estimate.low:,} to {estimate.high:,})"


def cell(estimate: "Estimate | None") -> str:
    """Put an estimate in words for a table."""
    if estimate is None:
        return "too few to say"
    return f"about {estimate.estimate:,} ({estimate.low:,} to {estimate.high:,})"


def amount_in_words(estimate: "Estimate | None", partner: str) -> str:
    """Say what part of our open pipeline is with shared companies, by the estimate."""
    if estimate is None or not estimate.amount:
        return ""
    part, low, high = (
        f"{estimate.amount * count / estimate.own_values:,.0f}"
        for count in (estimate.estimate, estimate.low, estimate.high)
    )
    return (
        f"Of the {estimate.amount:,.0f} in your open opportunities, about {part} ({low} to {high}) is with "
        f"companies on {partner}'s list, if these are neither larger nor smaller than the others."
    )


def holds_in_words(holds: "PartnerHolds", partner: str) -> Iterator[str]:
    """Say in plain words what the partner has now."""
    segments = "with a blurred segment for each company" if holds.by_segments else "without segments"
    yield (
        f"{partner} has a blurred copy of your list, made on {holds.made:%Y-%m-%d}, {segments}, and can keep it. "
        f"About any one company it is right {holds.right} times in 100."
    )
    yield (
        f"If {holds.shared:,} of {holds.of:,} companies on {partner}'s list are yours, it can pick out "
        f"{holds.picked:,}, of which {holds.picked_right} in 100 are on your list."
    )
    yield (
        "All your companies are in it, except those that you marked as off limits or never preview. One that is "
        "listed under ten names is in it ten times. Every partner gets the same copy for half a year."
    )


def next_step(outcome: "PreviewOutcome", place: Place, partner: str) -> str:
    """Say what happens next."""
    if outcome.state == "done":
        send = place.please_send(outcome.sent, partner, ", who needs it for an estimate of their own.")
        return f"Done. {send}To map accounts, make an agreement: accountmap agreement new"
    if outcome.sent and not place.travels:
        file = place.file(outcome.sent[-1])
        return f"Next: send {file} to {partner}; save their answer in {place.text} and run this again."
    return f"Next: wait for {partner}'s file; when it is in {place.text}, run this again."


def as_dict(outcome: "PreviewOutcome", place: Place) -> dict[str, object]:
    """Describe an outcome for a machine."""
    return {
        "state": str(outcome.state),
        "taken": list(outcome.taken),
        "sent": [place.file(name) for name in outcome.sent],
        "estimates": [
            {
                "segment": each.segment or None,
                "level": each.level,
                "companies": each.own_values,
                "estimate": each.estimate,
                "at_least": each.low,
                "at_most": each.high,
                "amount": each.amount,
                "made": each.made.isoformat(),
            }
            for each in outcome.estimates
        ],
        "partner_holds": asdict(outcome.partner_holds) if outcome.partner_holds else None,
        "notes": list(outcome.notes),
    }


PHRASE: Final = "make another copy"


class SketchLine(NamedTuple):
    """What is shown of a copy."""

    made: str
    renewed_from: str
    epsilon: str
    padded_rows: int
    countries: tuple[str, ...]
    partners: tuple[str, ...]


@click.group()
def sketch() -> None:
    """See and renew the blurred copies of your list that partners get before anything is revealed."""


@sketch.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Show which blurred copies there are, who has them, and how much they reveal together.

    \b
    Example:
      accountmap sketch show
    """
    from accountmap.session.sketches import FROZEN

    now = datetime.now(UTC)
    with workspace(context) as own:
        sent = own.sketches.disclosures()
        rows = [
            SketchLine(
                made=each.created.date().isoformat(),
                renewed_from=(each.created + FROZEN).date().isoformat(),
                epsilon=str(each.epsilon),
                padded_rows=sum(each.rows),
                countries=each.countries,
                partners=tuple(one.partner for one in sent if one.sketch == each.id),
            )
            for each in own.sketches.own()
        ]
        spent, hidden = own.sketches.epsilon_spent(now), sorted(own.previews.left_out_segments())
    if as_json:
        emit_json(
            {
                "sketches": [row._asdict() for row in rows],
                "epsilon_in_365_days": str(spent),
                "never_previewed": hidden,
            }
        )
        return
    if not rows:
        emit("There is no blurred copy yet. It is made with the first agreement.")
        return
    head = ["made", "renewed from", "ε", "padded to", "countries", "partners that have it"]
    cells = [(*row[:4], ", ".join(row.countries) or "all", ", ".join(row.partners) or "none") for row in rows]
    emit(table(head, cells))
    emit(f"\nOver 365 days they add up to ε = {spent}; above 2 you are asked to type a confirmation.")
    if hidden:
        emit(f"Never in a copy: {', '.join(hidden)}.")


@sketch.command()
@click.option("--segments", is_flag=True, help="The copy that also says in which segment a company is.")
@click.option("--country", "countries", multiple=True, metavar="CC", help="Only accounts of these countries.")
@click.option("--confirm", "typed", metavar="PHRASE", help=f"Confirm without a terminal: {PHRASE!r}.")
@click.pass_context
def renew(context: click.Context, segments: bool, countries: tuple[str, ...], typed: str | None) -> None:
    """Make another blurred copy of the current list, before it is time.

    Two copies say more about each company than one, and every partner that got the first can compare them. A copy
    is renewed automatically half a year after it was made. Agreements that name another size have to be made
    again.

    \b
    Example:
      accountmap sketch renew
    """
    from accountmap.model import PreviewKind
    from accountmap.session.sketches import renew_sketch

    kind, now = PreviewKind.SEGMENTS if segments else PreviewKind.SKETCH, datetime.now(UTC)
    with workspace(context) as own:
        warn(own, now)
        if typed is None and is_interactive():
            typed = click.prompt(f"Type {PHRASE!r} to go on", default="", show_default=False, err=True)
        if typed != PHRASE:
            raise TrustError("no other copy was made", f"A person has to type: {PHRASE}")
        with own.transaction():
            made = renew_sketch(
                own, kind, tuple(sorted(code.upper() for code in countries)), now=now, confirmed=True
            )
    emit(f"Made another copy: ε = {made.epsilon}, padded to {sum(made.rows):,} companies.")


def warn(own: "Workspace", now: datetime) -> None:
    """Say what another copy adds up to."""
    partners = {each.partner for each in own.sketches.disclosures()}
    spent = own.sketches.epsilon_spent(now)
    say(f"The copies sent in 365 days add up to ε = {spent}. Another copy adds its own once it is sent.")
    if partners:
        say(f"These partners have a copy already: {', '.join(sorted(partners))}.")


@sketch.command("never")
@click.argument("segments", nargs=-1)
@click.pass_context
def never(context: click.Context, segments: tuple[str, ...]) -> None:
    """Choose which segments to leave out of copies that are made from now on; name none to leave out none.

    \b
    Examples:
      accountmap sketch never prospect
      accountmap sketch never
    """
    from accountmap.accounts.schema import SEGMENTS

    if not set(segments) < set(SEGMENTS):
        raise InputError(
            f"these segments cannot be left out: {', '.join(segments)}",
            f"Name one or two of: {', '.join(SEGMENTS)}.",
        )
    with workspace(context) as own, own.transaction():
        own.previews.leave_out(segments)
    left = ", ".join(segments) or "no segment"
    emit(f"Left out of copies that are made from now on: {left}. Copies that partners have stay as they are.")
