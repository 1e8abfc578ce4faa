"""`accountmap preview`: about how many companies two lists share, before anything is agreed but that."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from accountmap_cli.context import Place, open_place, place_options, time_to_wait, workspace
from accountmap_cli.output import duration, emit, emit_json, say, table
from accountmap_cli.session_words import segment_noun

if TYPE_CHECKING:
    from accountmap import PreviewOutcome
    from accountmap.session.preview import PartnerHolds
    from accountmap.workspace.estimates import Estimate

AT_LEAST: Final = {3: "their customers", 2: "their customers or open opportunities", 1: "any of theirs"}
"""What the levels of a preview by segments are called."""


@click.command("preview")
@click.option("--with", "partner", required=True, help="Your partner.")
@place_options
@click.option("--new", is_flag=True, help="Exchange blurred copies again: one of them was renewed.")
@click.option("--accept-another", is_flag=True, help="Take a second blurred copy of theirs within half a year.")
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

    Each of you sends one small file: a blurred copy of the list, which names nobody for sure. Only you see your
    estimates. It takes a short agreement (agreement new --preview), and no more. Run it again to take the next
    step, or to see the estimates once more.

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
        say(f"Took in {place.file(file)}")
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
    """Say how many of the own companies are about on the partner's list."""
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
        f"Made on {everything.made:%Y-%m-%d}, and kept: 95 of 100 such ranges hold the true number. It counts "
        "equal names; a session usually finds a fifth to a third more. Only you see this."
    )


def headline(estimate: "Estimate") -> str:
    """Say an estimate at the start of a sentence."""
    return f"About {estimate.estimate:,} ({estimate.low:,} to {estimate.high:,})"


def cell(estimate: "Estimate | None") -> str:
    """Say an estimate in a table."""
    if estimate is None:
        return "too few to say"
    return f"about {estimate.estimate:,} ({estimate.low:,} to {estimate.high:,})"


def amount_in_words(estimate: "Estimate | None", partner: str) -> str:
    """Say what part of the own open amount the estimate comes to."""
    if estimate is None or not estimate.amount:
        return ""
    part, low, high = (
        f"{estimate.amount * count / estimate.own_values:,.0f}"
        for count in (estimate.estimate, estimate.low, estimate.high)
    )
    return (
        f"Of the {estimate.amount:,.0f} that your open opportunities come to, about {part} ({low} to {high}) is "
        f"with companies on {partner}'s list, if these are neither larger nor smaller than the others."
    )


def holds_in_words(holds: "PartnerHolds", partner: str) -> Iterator[str]:
    """Say in plain words what the partner has now."""
    segments = "with a blurred segment for each company" if holds.by_segments else "without segments"
    yield (
        f"{partner} holds a blurred copy of your list of {holds.made:%Y-%m-%d}, {segments}, to keep. For any one "
        f"company it is right {holds.right} times in 100."
    )
    yield (
        f"If {holds.shared:,} of {holds.of:,} companies on {partner}'s list are yours, it can pick out "
        f"{holds.picked:,}, of which {holds.picked_right} in 100 are on your list."
    )
    yield (
        "All your companies are in it but those that you marked as off limits or never preview. One that stands "
        "there under ten names is in it ten times. Every partner gets the same copy for half a year."
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
