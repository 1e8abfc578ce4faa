"""`accountmap audit`: show an auditor what a session was made from, and check it as the auditor."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accountmap.errors import AccountmapError, InputError, TrustError
from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, plural, say, table

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.audit import AuditedParty, Finding
    from accountmap.workspace import SessionRecord


@click.group()
def audit() -> None:
    """Show an auditor what a session was made from, or check it as the auditor."""


@audit.command("list")
@partner_option()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_sessions(context: click.Context, partner: str, as_json: bool) -> None:
    """List the sessions for which records are kept for an auditor.

    \b
    Example:
      accountmap audit list --with globex
    """
    with workspace(context) as own:
        kept = [(record, own.audits.record(record.id)) for record in own.sessions(own.partner(partner))]
        rows = [
            {
                "session": record.id,
                "begun": record.created.date().isoformat(),
                "state": str(record.status),
                "kept_until": each.keep_until.date().isoformat() if each.keep_until else None,
            }
            for record, each in kept
            if each is not None
        ]
    if as_json:
        emit_json(rows)
    elif rows:
        head = ["session", "begun", "state", "kept until"]
        emit(
            table(
                head, [(str(row["session"]), row["begun"], row["state"], row["kept_until"] or "-") for row in rows]
            )
        )
    else:
        emit("Nothing is kept for an auditor.")


@audit.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@partner_option("Your partner in that session.")
@click.option(
    "--session", "number", type=click.IntRange(1), help="Number of the session. [default: the last one kept]"
)
@click.option("--auditor", "card", type=existing_file(), required=True, help="The auditor's card.")
@click.option("-y", "--yes", is_flag=True, help="Write without confirmation.")
@click.pass_context
def export(context: click.Context, file: Path, partner: str, number: int | None, card: Path, yes: bool) -> None:
    """Write what a session was made from, sealed so that only the auditor can open it.

    It contains your whole list of that session with its keys and secrets. The auditor makes a card with
    `accountmap init` and `accountmap partner card`; compare its fingerprint with the auditor by phone.

    \b
    Example:
      accountmap audit export acme.audit --with globex --auditor auditor.card
    """
    from accountmap.files import write_atomic
    from accountmap.session.audit_file import AuditFile
    from accountmap.trust.identity import Card

    auditor = Card.parse(card.read_bytes())
    with workspace(context) as own:
        session = find_session(own, partner, number)
        shown = AuditFile.of(own, own.partner(partner), session)
        say(f"The auditor: {auditor.name}, fingerprint {auditor.fingerprint}.")
        say(f"They will see your whole list of session {session.id}, with its keys. Nobody else can open it.")
        if not yes and not (is_interactive() and click.confirm("Is this the auditor's fingerprint?", err=True)):
            raise TrustError("nothing was written", "Compare the fingerprint by phone, then run this again.")
        write_atomic(file, shown.seal(own.identity, auditor))
    emit(str(file))


def find_session(own: "Workspace", partner: str, number: int | None) -> "SessionRecord":
    """Find a session for which records are kept.

    Raises:
        InputError: there is none.
    """
    kept = set(own.audits.sessions())
    found = [each for each in own.sessions(own.partner(partner)) if each.id in kept and number in (None, each.id)]
    if not found:
        raise InputError(
            "no records of such a session are kept",
            f"List those that are: accountmap audit list --with {partner}",
        )
    return found[0]


@audit.command()
@click.argument("files", type=existing_file(), nargs=-1, required=True)
@click.option("--reference", type=existing_file(), help="The reference list that the agreement names, if any.")
@click.option("--draw", type=click.IntRange(0, 10_000), default=60, show_default=True, help="Accounts drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(
    context: click.Context, files: tuple[Path, ...], reference: Path | None, draw: int, as_json: bool
) -> None:
    """Check as the auditor what one party, or both, brought into a session.

    Run it in the workspace whose card the parties were given. From the lists that the parties committed to, it
    computes again which companies take part, and with which keys; that needs the reference list, if the agreement
    names one that does not come with the program. With the files of both parties, it also checks what was made
    from both lists. It ends with accounts drawn at random: have each shown in the party's own system, with the
    date on which it was entered. If 5 % of the accounts are invented, 60 draws find one with 95 % probability.

    \b
    Examples:
      accountmap audit verify acme.audit
      accountmap audit verify acme.audit globex.audit --json
      accountmap audit verify acme.audit --reference reference.jsonl
    """
    from accountmap.curve.backends import make_curve
    from accountmap.session.audit import AuditedParty, tokens_finding
    from accountmap.session.audit_file import AuditFile
    from accountmap.session.audit_list import agreed_reference

    if len(files) > 2:
        raise InputError("a session has two parties", "Give one file, or one of each.")
    with workspace(context) as own:
        opened = [AuditFile.open(file.read_bytes(), own.identity) for file in files]
    curve = make_curve()
    known = agreed_reference(opened[0][0], reference)
    parties = sorted((AuditedParty(file, curve, known) for file, _ in opened), key=lambda party: party.role)
    for party, (_, sender) in zip(parties, sorted(opened, key=lambda each: each[0].role), strict=True):
        if party.cards[party.role].digest != sender.digest:
            raise InputError("a file is not from the party that it is about", "Ask that party for it.")
    found = [Found(party, draw) for party in parties]
    both = [tokens_finding(parties[0], parties[1])] if len(parties) == 2 else []
    if as_json:
        emit_json(as_dict(found, both))
    else:
        tell(found, both)
    if not all(finding.holds for finding in [*both, *(each for party in found for each in party.findings)]):
        raise click.exceptions.Exit(9)


class Found:
    """What was found about one party, and what the auditor asks it for."""

    def __init__(self, party: "AuditedParty", draw: int) -> None:
        self.name = party.cards[party.role].name
        self.findings = list(party.findings())
        self.drawn, self.joined = (_unless_unreadable(draws, draw) for draws in (party.draw, party.joined))

    def tell(self) -> None:
        """Print it for a person."""
        emit(f"{self.name}:")
        for finding in self.findings:
            emit(in_words(finding))
        if self.drawn:
            drawn = plural(len(self.drawn), "account")
            emit(f"\nHave {self.name} show these in its own system, {drawn} drawn at random:\n")
            emit(table(["account", "name"], self.drawn))
        if self.joined:
            emit("\nJoined by a person, not by the rules. Check that the two of each row are one company:\n")
            emit(table(["account", "name", "account", "name"], [(*one, *other) for one, other in self.joined]))
        emit("")

    def as_dict(self) -> dict[str, object]:
        """Describe it for a machine."""

        def account(each: tuple[str, str]) -> dict[str, str]:
            return {"account_id": each[0], "name": each[1]}

        return {
            "name": self.name,
            "findings": [described(each) for each in self.findings],
            "drawn": [account(each) for each in self.drawn],
            "joined": [[account(one), account(other)] for one, other in self.joined],
        }


def _unless_unreadable(draw: Callable[[int], list[Any]], count: int) -> list[Any]:
    """Draw accounts; none from a list that cannot be read, which a finding reports."""
    from pyarrow import ArrowException

    try:
        return draw(count)
    except (AccountmapError, ValueError, LookupError, TypeError, OverflowError, ArrowException):
        return []


def tell(found: Sequence[Found], both: Sequence["Finding"]) -> None:
    """Say what was found, and which accounts to ask for."""
    for party in found:
        party.tell()
    for finding in both:
        emit(in_words(finding))
    if not both:
        say("With the other party's file, message 5 can be checked too.")


def in_words(finding: "Finding") -> str:
    """Say one finding."""
    mark = "holds " if finding.holds else "FAILS "
    return f"  {mark} {finding.what}" + (f" ({finding.detail})" if finding.detail else "")


def described(finding: "Finding") -> dict[str, object]:
    """Describe one finding for a machine."""
    return {"what": finding.what, "holds": finding.holds, "detail": finding.detail}


def as_dict(found: Sequence[Found], both: Sequence["Finding"]) -> dict[str, object]:
    """Describe the findings for a machine."""
    return {"parties": [party.as_dict() for party in found], "both": [described(each) for each in both]}
