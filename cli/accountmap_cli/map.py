"""`accountmap map`: the session with a partner, one command that both repeat."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap_cli.context import (
    Place,
    Progress,
    open_place,
    partner_option,
    place_options,
    time_to_wait,
    workspace,
)
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, say
from accountmap_cli.words import (
    CHANGE_CHOICES,
    change_in_words,
    choices,
    claims_in_words,
    ending,
    forecast_in_words,
    preview_notes,
    preview_table,
    shared_in_words,
)

if TYPE_CHECKING:
    from accountmap import AccountMap, Outcome, Preview, Workspace
    from accountmap.session import Change, Claims
    from accountmap.workspace import PartnerRecord

MOST_FILES: Final = 2
"""Above this, files that travel by themselves are counted, not named: nobody has to do anything with them."""

MOST_NOTES: Final = 10
"""A partner can fill the folder; what is asked or said after the notes must not scroll out of sight."""


@click.command("map")
@partner_option()
@place_options
@click.option("-y", "--yes", is_flag=True, help="Reveal without asking, if the agreement's rule allows it.")
@click.option("--decline", is_flag=True, help="At the preview, decline to reveal and end the session.")
@click.option("--new", "begin", is_flag=True, help="Begin the next session even if nothing has changed.")
@click.option("--list", "list_id", type=click.IntRange(1), help="Use an earlier prepared list, by its number.")
@click.option("--dry-run", is_flag=True, help="Say what the partner would learn; write nothing, send nothing.")
@click.option(
    "--approve", is_flag=True, help="Answer yes to every question of this session, as the person in charge."
)
@click.option("--accept-another", is_flag=True, help="Accept a second blurred copy of theirs within half a year.")
@click.option("--backend", metavar="NAME", help="Backend for the curve arithmetic; see: accountmap backends")
@click.option("--abandon", is_flag=True, help="Give up the open session.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def map_command(
    context: click.Context,
    partner: str,
    folder: str | None,
    listen: str | None,
    connect: str | None,
    yes: bool,
    wait: float | None,
    decline: bool,
    begin: bool,
    list_id: int | None,
    dry_run: bool,
    approve: bool,
    accept_another: bool,
    backend: str | None,
    abandon: bool,
    as_json: bool,
) -> None:
    """Map accounts with a partner: take the next step, and say what comes next.

    Both sides run this repeatedly until it is done, or once each with --wait or a direct connection. It reads the
    partner's message if it is there, writes yours, and asks before anything is revealed. You can stop it at any
    point and run it again. When your list or the agreement is newer than the last session, it offers to begin the
    next one; if your partner has begun one, it joins that.

    \b
    Examples:
      accountmap map --with globex --dry-run
      accountmap map --with globex --folder "/Shared/acme and globex" --wait
      accountmap map --with globex --folder sftp://acme@files.example.com/globex --wait
      accountmap map --with globex --listen 0.0.0.0:7443
      accountmap map --with acme --connect maps.acme.example:7443        on the other side
      accountmap map --with globex        by mail: says which file to send
      accountmap map --with globex --yes --wait 7200        in a pipeline
    """
    from accountmap import map_accounts
    from accountmap.exchange import abandon_session

    with workspace(context) as own:
        record = own.partner(partner)
        person = Person(record.card.name, yes=yes, decline=decline, approve=approve)
        if dry_run:
            say_forecast(own, partner, list_id, as_json=as_json)
            return
        if abandon:
            abandon_session(own, partner)
            say("The session is given up.")
            return
        patience = time_to_wait(wait, listen, connect)
        changes = choose_list(own, record, list_id, person)
        with open_place(own, partner, folder, listen, connect, patience) as place:
            take_steps = partial(
                map_accounts,
                own,
                partner,
                place.target,
                person.reveal,
                go_on=person.go_on,
                by_person=approve or not yes,
                list_id=changes.list_id or list_id,
                accept_sketch=accept_another,
                few_changes=changes.accepted,
                wait=patience,
                waiting=lambda now: tell_waiting(now, person.partner, patience),
                progress=Progress("blinding"),
                backend=backend,
            )
            outcome = take_steps(new=begin or changes.begin)
            if outcome.news and not (begin or changes.asked) and person.wants_next(outcome.news):
                outcome = take_steps(new=True)
        reports = own.folder / "reports" / record.slug
        found = build(own, partner, reports) if outcome.state == "done" else None
    if as_json:
        emit_json(as_dict(outcome, place, reports))
    else:
        tell(outcome, place, person.partner, record.slug, reports, found)


@dataclass(frozen=True)
class Changes:
    """What a person decided about a list that hardly differs from that of an earlier session.

    Attributes:
        asked: whether the person was asked, or an option answered.
        begin: whether to begin a session.
        accepted: whether to begin it with the new list.
        list_id: the list to begin with. It is the one that the person was asked about: another may be prepared
            while this program waits.
    """

    asked: bool = False
    begin: bool = False
    accepted: bool = False
    list_id: int | None = None


def choose_list(own: "Workspace", partner: "PartnerRecord", list_id: int | None, person: "Person") -> Changes:
    """Have a person choose the list before a session begins, if too few companies changed to hide among others."""
    from accountmap.session import too_few_changed
    from accountmap.workspace import Status

    last = next(iter(own.sessions(partner)), None)
    if last is None or last.status is Status.OPEN or not person.is_here or person.declines:
        return Changes()
    shown = own.prepared_list(list_id).id
    change = too_few_changed(own, partner, shown, datetime.now(UTC))
    if not change.by_segment:
        return Changes()
    answer = person.which_list(change)
    return Changes(
        asked=True,
        begin=answer != "later",
        accepted=answer == "new",
        list_id={"new": shown, "old": change.list_id}.get(answer),
    )


class Person:
    """Whoever answers the questions of a session, in a terminal or beforehand by an option."""

    def __init__(self, partner: str, *, yes: bool, decline: bool, approve: bool) -> None:
        self.partner = partner
        self._yes, self._decline, self._approve = yes, decline, approve

    def reveal(self, preview: "Preview") -> bool | None:
        """Answer whether to reveal: yes, no for good, or not yet."""
        say(f"\n{preview_table(preview, self.partner)}\n")
        for note in preview_notes(preview, self.partner):
            say(note)
        if self._decline:
            return False
        if self._approve:
            return True
        if self._yes:
            if not preview.automatic:
                say("\nThe agreement does not let a program reveal this: run without --yes.")
            return True if preview.automatic else None
        return self._ask() if is_interactive() else None

    def _ask(self) -> bool | None:
        say(f"\n{choices(self.partner)}")
        options = click.Choice(["reveal", "later", "decline"])
        answer = click.prompt("Reveal, later or decline?", type=options, default="later", err=True)
        if answer == "decline":
            sure = click.confirm(f"End this session and tell {self.partner} that you declined?", err=True)
            return False if sure else None
        return True if answer == "reveal" else None

    def go_on(self, claims: "Claims") -> bool | None:
        """Answer whether to go on although more matches are claimed than the caps allow."""
        say(f"\n{claims_in_words(claims, self.partner)}")
        if self._decline:
            return False
        if self._approve:
            return True
        if self._yes or not is_interactive():
            return None
        answer = click.prompt(
            "Go on, later or stop?", type=click.Choice(["go on", "later", "stop"]), default="later", err=True
        )
        return {"go on": True, "stop": False}.get(answer)

    @property
    def declines(self) -> bool:
        """Whether every question is answered with no, so that there is no session to choose a list for."""
        return self._decline

    @property
    def is_here(self) -> bool:
        """Whether a person answers: in a terminal, or with an option that speaks for one."""
        return self._approve or (is_interactive() and not self._yes)

    def which_list(self, change: "Change") -> str:
        """Answer which list to begin a session with when little of it has changed: new, old or later."""
        for line in change_in_words(change, self.partner):
            say(line)
        if self._approve:
            return "new"
        options = click.Choice(list(CHANGE_CHOICES))
        return str(click.prompt("New, old or later?", type=options, default="later", err=True))

    def wants_next(self, news: tuple[str, ...]) -> bool:
        """Return whether to begin the next session."""
        say(f"The last session with {self.partner} is over, and {' and '.join(news)}.")
        if self._decline:
            return False
        if self._yes or self._approve:
            return True
        return is_interactive() and click.confirm("Begin the next session?", default=True, err=True)


def say_forecast(own: "Workspace", partner: str, list_id: int | None, *, as_json: bool) -> None:
    """Say what the partner would learn from a session that began now."""
    from accountmap.session import forecast

    about = forecast(own, own.partner(partner), list_id, datetime.now(UTC))
    if as_json:
        named = [{"mine": mine, "theirs": theirs} for mine, theirs in sorted(about.named)]
        emit_json(asdict(about) | {"named": named})
        return
    for line in forecast_in_words(about):
        emit(line)


def tell_waiting(outcome: "Outcome", partner: str, seconds: float) -> None:
    """Say that the partner is next, so that nobody thinks the program hangs."""
    last = f"{outcome.sent[-1]} is written. " if outcome.sent else ""
    say(f"{last}Waiting for {partner}, {duration(seconds)} at most. Ctrl-C loses nothing.")


def build(own: "Workspace", partner: str, folder: Path) -> "AccountMap":
    """Write the reports of the last session, and return what they are made from."""
    from accountmap import read_account_map, write_reports

    found = read_account_map(own, partner)
    write_reports(found, folder)
    return found


def as_dict(outcome: "Outcome", place: Place, reports: Path) -> dict[str, object]:
    """Describe an outcome for a machine."""
    preview = outcome.preview
    return {
        "state": str(outcome.state),
        "session": outcome.session.sid.hex() if outcome.session else None,
        "taken": list(outcome.taken),
        "sent": [place.file(name) for name in outcome.sent],
        "preview": None
        if preview is None
        else [
            {
                "segment": each.segment,
                "companies": each.own_values,
                "estimate": each.estimate,
                "at_least": each.low,
                "at_most": each.high,
            }
            for each in preview.estimates
        ],
        "news": list(outcome.news),
        "notes": list(outcome.notes),
        "reports": str(reports) if outcome.state == "done" else None,
    }


def tell(
    outcome: "Outcome", place: Place, partner: str, slug: str, reports: Path, found: "AccountMap | None" = None
) -> None:
    """Say what was done and, in one line, what happens next."""
    moved = [*(f"Read {place.file(name)}" for name in outcome.taken)]
    moved += [f"Wrote {place.file(name)}" for name in outcome.sent]
    if place.travels and len(moved) > MOST_FILES:
        moved = [f"{plural(len(outcome.taken), 'message')} received, {len(outcome.sent)} sent."]
    for line in moved:
        say(line)
    for note in outcome.notes[:MOST_NOTES]:
        say(note)
    if len(outcome.notes) > MOST_NOTES:
        say(f"And {len(outcome.notes) - MOST_NOTES:,} more notes; --json has all of them.")
    if found is not None:
        say(shared_in_words(found, partner, slug))
    emit(next_step(outcome, place, partner, slug, reports))


def next_step(outcome: "Outcome", place: Place, partner: str, slug: str, reports: Path) -> str:
    """Say what happens next."""
    again = f"accountmap map --with {slug}"
    if outcome.state == "done":
        send = place.please_send(outcome.sent, partner, ", who needs it to finish.")
        news = f" For the next session ({' and '.join(outcome.news)}): {again} --new" if outcome.news else ""
        return f"Done. {send}Your report: {reports / 'report.html'}{news}"
    if outcome.state == "stopped":
        send = place.please_send(outcome.sent, partner, ", so that they know.")
        return f"{ending(outcome, partner, slug)} {send}To begin another: {again} --new"
    if outcome.state == "undecided":
        return f"Next: decide. Run this again in a terminal, or with --approve or --decline; {partner} waits."
    return place.next_step(outcome, partner)
