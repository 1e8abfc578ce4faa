"""`accountmap map`: the session with a partner, one command that both repeat."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap_cli.context import Place, Progress, open_place, workspace
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, say, table

if TYPE_CHECKING:
    from accountmap.session import Forecast


def in_words(about: "Forecast") -> Iterator[str]:
    """Say what the partner will learn at each step, and what it could learn at worst."""
    initiates = about.role == 0
    yield (
        f"A session with {about.partner} now, with list {about.list_id}, under agreement {about.agreement[:12]}…; "
        f"you {'begin' if initiates else 'answer'}."
    )
    yield f"What {about.partner} will learn, and by which of your messages:\n"
    for number, line in zip(about.messages, steps(about), strict=False):
        yield f"  {int(number):2}  {line}"
    yield from (f"      {line}" for line in kept_apart(about))
    if names_some(about):
        unasked, asked = ("Messages 1 and 3 leave", 5) if initiates else ("Message 2 leaves", 4)
        yield f"\n{unasked} without a question; you are asked before message {asked}, and may decline."
    else:
        yield "\nBoth leave without a question: the agreement has said that counts are all there is."
    yield "What it could learn at worst:\n"
    yield from (f"  -  {line}" for line in worst(about))
    yield "\nNothing was written and nothing has left."


def names_some(about: "Forecast") -> bool:
    """Tell whether any match is revealed at all."""
    return "names" in about.levels.values()


def kept_apart(about: "Forecast") -> Iterator[str]:
    """Say what takes no part, and which pairs of segments are hidden."""
    for reason, count in about.withheld.items():
        yield f"{plural(count, 'entity')} of yours {'takes' if count == 1 else 'take'} no part: {reason}."
    pairs = ((mine, theirs) for mine in about.own_sizes for theirs in about.partner_sizes)
    hidden = [f"your {mine} by their {theirs}" for mine, theirs in pairs if (mine, theirs) not in about.levels]
    if hidden:
        yield f"Never compared: {', '.join(hidden)}."


def steps(about: "Forecast") -> tuple[str, ...]:
    """Say what each own message shows."""
    padded = ", ".join(f"{size:,} {segment}" for segment, size in about.padded_sizes.items())
    own = ", ".join(f"{size:,}" for size in about.own_sizes.values())
    counts = (
        f"{plural(len(about.levels), 'count')}, one for each pair of segments that is compared: how many of your "
        f"{plural(about.in_preview, 'entity')} with one {about.preview_kind} it has too."
    )
    sizes = f"Padded sizes: {padded}. Not the true ones ({own})."
    if not names_some(about):
        return sizes, counts
    matches = (
        f"Which of its own entities are on your list, at most {about.most_matches:,}, and in which of your "
        f"segments. {plural(about.comparable, 'entity')} of yours can match at all."
    )
    shown = ", ".join(f"{name.replace('_', ' ')} (you have {n:,})" for name, n in about.filled.items())
    fields = f"Of those entities: {shown}." if shown else "No field of those entities."
    if about.rest:
        fields += " And how many other entities you have, by country, industry and size."
    if about.rest == "names":
        fields += " And their names: accounts that it does not have."
    links = "How keys of both lists are linked, without names; so how many entities match."
    return (
        (sizes, counts, links, matches, fields)
        if about.role == 0
        else (sizes, counts, matches, fields, "Nothing.")
    )


def worst(about: "Forecast") -> Iterator[str]:
    """Say what a partner could learn that does not play fair."""
    rows, sum_of_runs = about.partner_rows, about.partner_rows * about.runs_left
    named = names_some(about)
    yield (
        f"It announced up to {rows:,} entities. If they were names of its choice, not its own accounts, it would "
        f"learn {'which' if named else 'how many'} of these {rows:,} are on your list."
    )
    yield (
        f"{plural(about.runs_left, 'session')} may still show counts in these 30 days: {sum_of_runs:,} names, "
        "if it changed them each time."
    )
    if about.rest == "names":
        yield "The names of all your other entities leave to whoever signed, also if it lists nothing of its own."
    yield "A segment in which it lists one company alone makes the count a question about that company."
    if about.role == 0:
        yield "It sees the counts before you do, and may stop there: then you see none."
    elif named:
        yield "After both consent it learns its matches one message before you learn yours, and may stop there."
    if named:
        yield "A partner that crafts its keys can recognise its companies among near misses, after both consent."
    if about.changed:
        listed = ", ".join(f"{n:,} {segment}" for segment, n in about.changed.items())
        yield f"Since the last session of yours changed: {listed}. Comparing both results shows it among these."
    yield "What it keeps of this session a quantum computer could open one day; and it may tell others."


if TYPE_CHECKING:
    from accountmap import Outcome, Preview, Workspace

DEFAULT_WAIT: Final = 3600.0
MOST_NOTES: Final = 10
"""A partner can fill the folder; what is asked or said after the notes must stay in sight."""
REVEAL: Final = range(5, 11)
"""The messages that come after both have seen the counts."""


@click.command("map")
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option(
    "--folder",
    metavar="DIR|URL",
    help="Where the messages are: a folder that you share, sftp://user@host/path or s3://bucket/prefix, or, by "
    "mail, a folder to save theirs in. [default: exchange, in the workspace]",
)
@click.option("--listen", metavar="HOST:PORT", help="Wait for your partner's program to connect to this machine.")
@click.option("--connect", metavar="HOST:PORT", help="Connect to your partner's program, which listens there.")
@click.option("-y", "--yes", is_flag=True, help="Reveal without asking, if the agreement's rule allows it.")
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    is_flag=False,
    flag_value=DEFAULT_WAIT,
    metavar="[SECONDS]",
    help="Stay and go on when your partner's file comes, waiting so long for each. [an hour if not said]",
)
@click.option("--decline", is_flag=True, help="At the preview, decline to reveal and end the session.")
@click.option("--new", "begin", is_flag=True, help="Begin another session although the last one is over.")
@click.option("--list", "list_id", type=click.IntRange(1), help="Use an earlier prepared list, by its number.")
@click.option("--dry-run", is_flag=True, help="Say what the partner would learn; write nothing, send nothing.")
@click.option("--backend", metavar="NAME", help="What does the curve arithmetic; see: accountmap backends")
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
    backend: str | None,
    abandon: bool,
    as_json: bool,
) -> None:
    """Map accounts with a partner: take the next step, and say what comes next.

    Both sides run this again and again until it is done, or once each with --wait or connected directly. It takes
    in the partner's message if it is there, writes yours, and asks before anything is revealed. It can be stopped
    at any point and run again.

    \b
    Examples:
      accountmap map --with globex --dry-run
      accountmap map --with globex --folder "/Shared/acme and globex"
      accountmap map --with globex --folder sftp://acme@files.example.com/globex --wait
      accountmap map --with globex --listen 0.0.0.0:7443
      accountmap map --with acme --connect maps.acme.example:7443        on the other side
      accountmap map --with globex --yes --wait 7200        in a pipeline
    """
    from accountmap import map_accounts
    from accountmap.api import abandon_session

    def decide(preview: "Preview") -> bool | None:
        show_preview(preview, partner_name)
        if decline:
            return False
        if yes:
            if not preview.automatic:
                say("\nThese are more matches than the agreement lets a program reveal: run without --yes.")
            return True if preview.automatic else None
        if not is_interactive():
            return None
        return click.confirm(question(preview, partner_name), err=True)

    with workspace(context) as own:
        record = own.partner(partner)
        partner_name = record.card.name
        if dry_run:
            foretell(own, partner, list_id, as_json=as_json)
            return
        if abandon:
            abandon_session(own, partner)
            say("The session is given up.")
            return
        patience = wait if wait is not None else DEFAULT_WAIT if listen or connect else 0
        with open_place(own, partner, folder, listen, connect, patience) as place:
            outcome = map_accounts(
                own,
                partner,
                place.target,
                decide,
                new=begin,
                list_id=list_id,
                wait=patience,
                waiting=lambda now: tell_waiting(now, partner_name, patience),
                progress=Progress("blinding"),
                backend=backend,
            )
        reports = own.folder / "reports" / record.slug
        if outcome.state == "done":
            build(own, partner, reports)
    if as_json:
        emit_json(as_dict(outcome, place, reports))
    else:
        tell(outcome, place, partner_name, record.slug, reports)


def foretell(own: "Workspace", partner: str, list_id: int | None, *, as_json: bool) -> None:
    """Say what the partner would learn from a session that began now."""
    from accountmap.session import forecast

    about = forecast(own, own.partner(partner), list_id, datetime.now(UTC))
    if as_json:
        levels = [
            {"mine": mine, "theirs": theirs, "level": level} for (mine, theirs), level in about.levels.items()
        ]
        emit_json(asdict(about) | {"levels": levels})
        return
    for line in in_words(about):
        emit(line)


def tell_waiting(outcome: "Outcome", partner: str, seconds: float) -> None:
    """Say that the partner is next, so that nobody thinks the program hangs."""
    last = f"{outcome.sent[-1]} has left. " if outcome.sent else ""
    say(f"{last}Waiting for {partner}, {duration(seconds)} at most. Ctrl-C loses nothing.")


def build(own: "Workspace", partner: str, folder: Path) -> None:
    """Write the reports of the last session."""
    from accountmap import read_account_map, write_reports

    write_reports(read_account_map(own, partner), folder)


def question(preview: "Preview", partner: str) -> str:
    """Ask for consent, saying what the partner learns by it."""
    if preview.partner_knows:
        then = f"{partner} has agreed. If you agree too"
    else:
        then = f"If you agree, {partner} sees the same counts. If they agree too"
    shown = ", ".join(preview.shown).replace("_", " ")
    fields = f"and {partner} of these accounts your {shown}" if shown else "and nothing more of them from you"
    learns = f"each learns which of its own accounts\nthe other has, in which of the other's segments,\n{fields}"
    counted = [f"your {a} by their {b}" for a, b in preview.counts if (a, b) not in preview.named]
    rest = {
        "": "",
        "counts": f"\n{partner} also learns how many other accounts you have, by country, industry and size.",
        "names": f"\n{partner} also learns THE NAMES OF ALL YOUR OTHER ACCOUNTS in these segments.",
    }[preview.rest]
    only = f"\nOnly the counts stay known of {', '.join(counted)}." if counted else ""
    return f"\n{then}, {learns}.{rest}{only}\nReveal?"


def show_preview(preview: "Preview", partner: str) -> None:
    """Show the counts."""
    cells = {cell: cell_in_words(preview, *cell) for cell in preview.counts}
    shown = sum(count for count in cells.values() if isinstance(count, int))
    say(f"\nAt least {plural(shown, 'entity')} of yours match entities of {partner}:\n")
    rows = [
        (f"your {mine}", *(cells.get((mine, other), "hidden") for other in preview.partner_sizes), size)
        for mine, size in preview.own_sizes.items()
    ]
    say(table(["", *(f"their {other}" for other in preview.partner_sizes), "your entities"], rows))
    padded = ", ".join(f"{size:,} {segment}" for segment, size in preview.partner_sizes.items())
    say(f"\n{partner} announced at most {padded}.")


def cell_in_words(preview: "Preview", mine: str, theirs: str) -> int | str:
    """Say the count of a cell; a small one only if the agreement lets its accounts be revealed."""
    count = preview.counts[mine, theirs]
    small = 0 < count < preview.smallest and (mine, theirs) not in preview.named
    return f"< {preview.smallest}" if small else count


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
            {"mine": mine, "theirs": theirs, "entities": cell_in_words(preview, mine, theirs)}
            for mine, theirs in preview.counts
        ],
        "notes": list(outcome.notes),
        "reports": str(reports) if outcome.state == "done" else None,
    }


def tell(outcome: "Outcome", place: Place, partner: str, slug: str, reports: Path) -> None:
    """Say what was done and, in one line, what happens next."""
    for name in outcome.taken:
        say(f"took in {place.file(name)}")
    for name in outcome.sent:
        say(f"wrote {place.file(name)}")
    for note in outcome.notes[:MOST_NOTES]:
        say(note)
    if len(outcome.notes) > MOST_NOTES:
        say(f"And {len(outcome.notes) - MOST_NOTES:,} notes more; --json has all of them.")
    emit(next_step(outcome, place, partner, slug, reports))


def next_step(outcome: "Outcome", place: Place, partner: str, slug: str, reports: Path) -> str:
    """Say what happens next."""
    if outcome.state == "done":
        send = place.please_send(outcome.sent, partner, ", who needs it to finish.")
        return f"Done. {send}Your report: {reports / 'report.html'}"
    if outcome.state == "stopped":
        send = place.please_send(outcome.sent, partner, ", so that they know.")
        return f"{ending(outcome, partner, slug)} {send}To begin another: accountmap map --with {slug} --new"
    if outcome.state == "undecided":
        return f"Next: decide. Run this again in a terminal, or with --yes, or with --decline; {partner} waits."
    return place.next_step(outcome.sent, partner)


def ending(outcome: "Outcome", partner: str, slug: str) -> str:
    """Say how far a session came that was stopped."""
    if outcome.session is None or outcome.session.step not in REVEAL:
        return "The session ended without a reveal."
    learned = f"accountmap ledger show --with {slug}"
    return f"The session broke off in the reveal. What {partner} has learned until then: {learned}."
