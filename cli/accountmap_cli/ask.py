"""`accountmap ask`: questions about possible matches, and what is said about messages on single matches."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import click

from accountmap.errors import InputError
from accountmap_cli.context import Place, open_place, partner_option, place_options, time_to_wait, workspace
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, say, table

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.conversation import ConversationOutcome
    from accountmap.session.questions import PossibleMatch


@click.command("ask")
@partner_option()
@click.option(
    "--match", "wanted", multiple=True, metavar="ID", help="Ask about this match; the first digits are enough."
)
@click.option("--all", "everything", is_flag=True, help="Ask about all that can be asked about, the best first.")
@click.option("-y", "--yes", is_flag=True, help="Send without confirmation.")
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def ask_command(
    context: click.Context,
    partner: str,
    wanted: tuple[str, ...],
    everything: bool,
    yes: bool,
    folder: str | None,
    listen: str | None,
    connect: str | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Ask a partner about possible matches of the last session.

    Without --match or --all it lists them. A question shows the name, website and country of one account of yours:
    you see exactly what leaves, and confirm it. A person on the other side answers, or does not.

    \b
    Examples:
      accountmap ask --with globex
      accountmap ask --with globex --match 3fa9c1 --match 77b0
      accountmap ask --with globex --all --folder "/Shared/acme and globex"
    """
    from accountmap.exchange import exchange_messages
    from accountmap.session.questions import session_matches

    with workspace(context) as own:
        name = own.partner(partner).card.name
        matches = session_matches(own, partner)
        possible = matches.all()
        answers = answers_by_account(own, partner)
        if not wanted and not everything:
            show_possible(possible, answers, partner, as_json=as_json)
            return
        open_ones = [each for each in possible if each.shown and not answers.keys() & {each.account_id}]
        chosen = (
            open_ones[: matches.questions_left()] if everything else [find(possible, prefix) for prefix in wanted]
        )
        if not chosen:
            emit(f"There is nothing to ask {name} about.")
            return
        fields = named(matches.own_fields(each.match_id) for each in chosen)
        for line in what_leaves(chosen, name, fields):
            say(line)
        if not yes and not (is_interactive() and click.confirm(f"Send to {name}?", err=True)):
            emit("Nothing was sent.")
            return
        patience = time_to_wait(wait, listen, connect)
        with open_place(own, partner, folder, listen, connect, patience, command="inbox") as place:
            outcome = exchange_messages(
                own,
                partner,
                place.target,
                ask=[each.match_id for each in chosen],
                wait=patience,
                waiting=lambda _: say(f"Waiting for {name}, {duration(patience)} at most. Ctrl-C loses nothing."),
            )
    if as_json:
        emit_json({"asked": [each.match_id.hex() for each in chosen], **as_dict(outcome, place)})
        return
    tell(outcome, place)
    emit(f"Asked {name} about {plural(len(chosen), 'account')}. {then(outcome, place, name, partner)}")


def answers_by_account(own: "Workspace", partner: str) -> dict[str, str]:
    """Return the answer to each of our questions, by our account."""
    asked = own.conversations.questions(own.partner(partner).slug, ours=True)
    return {each.account_id: {"open": "asked"}.get(each.answer, str(each.answer)) for each in asked}


def named(fields: Iterable[tuple[str, ...]]) -> str:
    """List the fields in words, each once."""
    return ", ".join(dict.fromkeys(chain.from_iterable(fields))).replace("_", " ")


def show_possible(
    possible: Sequence["PossibleMatch"], answers: dict[str, str], partner: str, *, as_json: bool
) -> None:
    """List what can be asked about."""
    if as_json:
        emit_json([possible_as_dict(each, answers) for each in possible])
        return
    if not possible:
        emit("The last session left nothing to ask about.")
        return
    rows = [
        (
            each.match_id.hex()[:8],
            each.shown.name if each.shown else "(no account shows what is shared)",
            each.segment,
            each.their_segment,
            ", ".join(each.evidence).replace("_", " "),
            answers.get(each.account_id or "", "") if each.shown else "cannot be asked",
        )
        for each in possible
    ]
    emit(table(["match", "your account", "segment", "their segment", "what is shared", "answer"], rows))
    say(f"\nNeither of you has seen a name of these. To ask: accountmap ask --with {partner} --match ID")


def possible_as_dict(each: "PossibleMatch", answers: dict[str, str]) -> dict[str, object]:
    """Describe a possible match for a machine."""
    return {
        "match_id": each.match_id.hex(),
        "account_id": each.account_id,
        "segment": each.segment,
        "their_segment": each.their_segment,
        "strength": each.strength,
        "evidence": list(each.evidence),
        "would_show": each.shown._asdict() if each.shown else None,
        "answer": answers.get(each.account_id or ""),
    }


def find(possible: Sequence["PossibleMatch"], prefix: str) -> "PossibleMatch":
    """Find a possible match by the first digits of its id."""
    found = [each for each in possible if prefix and each.match_id.hex().startswith(prefix.lower())]
    if len(found) != 1:
        problem = "more than one match has" if found else "no possible match has"
        raise InputError(
            f"{problem} an id that begins with {prefix!r}", "List them with: accountmap ask --with NAME"
        )
    return found[0]


def what_leaves(chosen: Sequence["PossibleMatch"], partner: str, fields: str) -> Iterator[str]:
    """Show exactly what leaves."""
    yield f"{partner} will see this of your accounts, each beside the account of theirs that it may match:\n"
    yield table(
        ["name", "website", "country"], [tuple(each.shown or ("(cannot be asked)", "", "")) for each in chosen]
    )
    yield f"\nA name that has left cannot be taken back. {partner} may answer same, or no, or not answer."
    if fields:
        yield f"For each that is the same, your {fields} follow automatically, as agreed, and theirs come back."


def tell(outcome: "ConversationOutcome", place: Place) -> None:
    """Say what was read and written."""
    for file in outcome.taken:
        say(f"Read {place.file(file)}")
    for file in outcome.sent:
        say(f"Wrote {place.file(file)}")
    for note in outcome.notes:
        say(note)


def then(outcome: "ConversationOutcome", place: Place, name: str, partner: str) -> str:
    """Say what happens next."""
    if outcome.sent and not place.travels:
        files = " and ".join(place.file(file) for file in outcome.sent)
        return f"Next: send {files} to {name}. To read what comes back: accountmap inbox --with {partner}"
    return f"To read what comes back: accountmap inbox --with {partner}"


def as_dict(outcome: "ConversationOutcome", place: Place) -> dict[str, object]:
    """Describe an exchange for a machine."""
    return {
        "taken": list(outcome.taken),
        "sent": [place.file(name) for name in outcome.sent],
        "notes": list(outcome.notes),
    }
