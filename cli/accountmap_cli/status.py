"""`accountmap status` and `inspect`: how far the session with each partner is, and what a message file is."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from accountmap.model import segment_noun
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, plural
from accountmap_cli.words import CAPACITY

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.workspace import PartnerRecord

LAST_MESSAGE = 10


@dataclass(frozen=True)
class PartnerStatus:
    """How far the session with a partner is.

    Attributes:
        partner: its name.
        session: how far the last session is, in words.
        waits_for: "you", "them", or nothing.
        since: when the last step was taken, or None.
        list_id, newest_list: the list of the last session, and the current one.
        agreement: until when it is valid, in words.
        command: what to type next.
    """

    partner: str
    session: str
    waits_for: str
    since: datetime | None
    list_id: int | None
    newest_list: int | None
    agreement: str
    command: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show for each partner how far the session is, who waits for whom, and what to type next.

    \b
    Example:
      accountmap status
    """
    with workspace(context) as own:
        found = [partner_status(own, partner, datetime.now(UTC)) for partner in own.partners()]
    if as_json:
        emit_json([asdict(each) for each in found])
        return
    if not found:
        emit("No partner yet. Send your card, and add theirs with: accountmap partner add FILE")
    for each in found:
        emit("\n".join(in_words(each)))


def in_words(about: PartnerStatus) -> list[str]:
    """Say how far the session with a partner is."""
    waits = {"you": " Waiting for you", "them": f" Waiting for {about.partner}", "": ""}[about.waits_for]
    since = f" since {about.since:%Y-%m-%d %H:%M} UTC." if about.since and waits else "." if waits else ""
    lists = ""
    if about.list_id and about.newest_list and about.newest_list != about.list_id:
        lists = f" (a newer one is prepared: {about.newest_list})"
    prepared = f"List {about.newest_list} is prepared." if about.newest_list else "No list is prepared."
    used = f"  List {about.list_id}{lists}." if about.list_id else f"  {prepared}"
    return [
        f"{about.partner}: {about.session}.{waits}{since}",
        f"{used} {about.agreement}",
        f"  Next: {about.command}",
    ]


def partner_status(own: "Workspace", partner: "PartnerRecord", now: datetime) -> PartnerStatus:
    """Find out how far the session with a partner is."""
    from accountmap.workspace import Status

    session = next(iter(own.sessions(partner)), None)
    agreements = [a for a in own.agreements(partner) if not a.is_preview]
    complete = [a for a in agreements if a.complete]
    newest = _newest_list(own)
    slug = quote(partner.slug)
    again = f"accountmap map --with {slug}"
    words, waits, command = "no session yet", "", again
    if partner.revoked_at:
        words, command = "its card was revoked", "accountmap partner add FILE"
    elif newest is None:
        command = "accountmap accounts prepare FILE"
    elif not agreements:
        command = f"accountmap agreement new --with {slug}"
    elif not complete:
        words, waits, command = "an agreement is proposed", "them", "accountmap agreement sign FILE"
    elif session and session.status is Status.OPEN:
        words = f"message {session.step} of {LAST_MESSAGE}"
        waits = "you" if session.waits_for_us else "them"
    elif session:
        how = {Status.DONE: "finished", Status.STOPPED: "stopped", Status.ABANDONED: "given up"}[session.status]
        words = f"the last session was {how}" + (f" on {session.finished:%Y-%m-%d}" if session.finished else "")
        if newest == session.list_id:
            done = session.status is Status.DONE
            command = f"accountmap report open --with {slug}" if done else f"{again} --new"
    agreement, next_one = _agreement_in_words(own, partner, newest, now)
    is_open = session is not None and session.status is Status.OPEN
    if next_one and newest is not None and not is_open:
        command = next_one
    return PartnerStatus(
        partner=partner.card.name,
        session=words,
        waits_for=waits,
        since=None if session is None else session.finished or session.charged or session.created,
        list_id=session.list_id if session else None,
        newest_list=newest,
        agreement=agreement,
        command=command,
    )


def _agreement_in_words(
    own: "Workspace", partner: "PartnerRecord", newest: int | None, now: datetime
) -> tuple[str, str]:
    """Say how long the agreement in force is valid, and what to type if it has to be renewed first.

    The list is not opened: which segments fill the agreement was remembered when the list was prepared.
    """
    from accountmap.session import capacity_of

    capacity, slug = capacity_of(own, partner, now), quote(partner.slug)
    renew = f"accountmap agreement renew --with {slug}"
    if capacity is None:
        return _ended_in_words(own, partner, renew, now)
    sessions = plural(capacity.sessions_left, "session")
    until = f"Agreement until {capacity.agreement.terms.valid_until}, {sessions} left in these 30 days."
    known = own.remembered(CAPACITY).get(capacity.agreement.digest.hex(), {})
    fills = known if known.get("list") == newest else {}
    if fills.get("too_many"):
        waits = not own.agreements(partner)[0].complete
        nouns = " and ".join(map(segment_noun, fills["too_many"]))
        said = f"{until} Your list has outgrown it ({nouns}): it has to be renewed."
        return said, "accountmap agreement sign FILE" if waits else renew
    if fills.get("nearly_full"):
        nouns = " and ".join(map(segment_noun, fills["nearly_full"]))
        return f"{until} Your list nearly fills it ({nouns}). Renew it before a list grows too long: {renew}", ""
    return f"{until} It ends soon. Renew it before then: {renew}" if capacity.ends_soon else until, ""


def _ended_in_words(own: "Workspace", partner: "PartnerRecord", renew: str, now: datetime) -> tuple[str, str]:
    signed = [each for each in own.agreement_records(partner) if each.agreement.complete]
    last = next((each for each in signed if not each.agreement.is_preview), None)
    if last is None or partner.revoked_at:
        return "No signed agreement.", ""
    until = last.agreement.terms.valid_until
    if last.ended is None and now.date() > until:
        return f"The agreement ended on {until}.", renew
    return "No agreement is in force.", f"accountmap agreement new --with {quote(partner.slug)}"


def _newest_list(own: "Workspace") -> int | None:
    from accountmap.errors import WorkspaceError

    try:
        return own.current_list().id
    except WorkspaceError:
        return None


@click.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, as_json: bool) -> None:
    """Say what a message file contains and what it reveals, without opening it.

    \b
    Example:
      accountmap inspect exchange/acme-cloud-3f9a01-1.amap
    """
    from accountmap.session.disclosure import describe_message

    about = describe_message(file)
    if as_json:
        emit_json(asdict(about))
        return
    roles = ("initiator", "responder") if about.from_initiator else ("responder", "initiator")
    number = "the notice that the sender declined" if about.number == 15 else f"message {about.number} of 10"
    emit(f"{file.name}: {number}, from the {roles[0]} to the {roles[1]}")
    emit(f"  Sender       card {about.sender[:16]}…")
    emit(f"  Recipient    card {about.recipient[:16]}…, who alone can open it")
    emit(f"  Agreement    {about.agreement[:16]}…")
    emit(f"  Written      {about.created:%Y-%m-%d %H:%M} UTC, valid until {about.expires:%Y-%m-%d}")
    emit(f"  Size         {about.body_bytes:,} bytes sealed{'' if about.complete else '; the file is incomplete'}")
    emit(f"  Content      {about.holds}.")
    emit(f"  The recipient learns from it: {about.reveals}")
