"""`accountmap audit`: show an auditor what a session was made from, and check it as the auditor."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accountmap.errors import InputError, TrustError
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
    """List the sessions of which something is kept for an auditor.

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
@click.option("-y", "--yes", is_flag=True, help="Write without asking you.")
@click.pass_context
def export(context: click.Context, file: Path, partner: str, number: int | None, card: Path, yes: bool) -> None:
    """Write what a session was made from, sealed so that only the auditor can open it.

    It holds your whole list of that session with its keys and secrets. The auditor makes a card with `accountmap
    init` and `accountmap partner card`; compare its fingerprint with the auditor by phone.

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
    """Find a session of which something is kept.

    Raises:
        InputError: there is none.
    """
    kept = set(own.audits.sessions())
    found = [each for each in own.sessions(own.partner(partner)) if each.id in kept and number in (None, each.id)]
    if not found:
        raise InputError(
            "nothing is kept of such a session",
            f"See what is: accountmap audit list --with {partner}",
        )
    return found[0]


@audit.command()
@click.argument("files", type=existing_file(), nargs=-1, required=True)
@click.option("--draw", type=click.IntRange(0, 10_000), default=60, show_default=True, help="Accounts drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def verify(context: click.Context, files: tuple[Path, ...], draw: int, as_json: bool) -> None:
    """Check as the auditor what one party, or both, brought into a session.

    Run it in the workspace whose card the parties were given. With the files of both parties, it also checks what
    was made from both lists. It ends with accounts drawn at random: have each shown in the party's own system,
    with the date at which it was entered. 60 find 5 % of invented ones with 95 %.

    \b
    Examples:
      accountmap audit verify acme.audit
      accountmap audit verify acme.audit globex.audit --json
    """
    from accountmap.session import default_curve
    from accountmap.session.audit import AuditedParty, tokens_finding
    from accountmap.session.audit_file import AuditFile

    if len(files) > 2:
        raise InputError("a session has two parties", "Give one file, or one of each.")
    with workspace(context) as own:
        opened = [AuditFile.open(file.read_bytes(), own.identity) for file in files]
    curve = default_curve()
    parties = sorted((AuditedParty(file, curve) for file, _ in opened), key=lambda party: party.role)
    for party, (_, sender) in zip(parties, sorted(opened, key=lambda each: each[0].role), strict=True):
        if party.cards[party.role].digest != sender.digest:
            raise InputError("a file is not from the party that it is about", "Ask that party for it.")
    found = [(name_of(party), list(party.findings()), party.draw(draw)) for party in parties]
    both = [tokens_finding(parties[0], parties[1])] if len(parties) == 2 else []
    if as_json:
        emit_json(as_dict(found, both))
    else:
        tell(found, both)
    if not all(finding.holds for finding in [*both, *(each for _, findings, _ in found for each in findings)]):
        raise click.exceptions.Exit(9)


def name_of(party: "AuditedParty") -> str:
    """Return the name of a party."""
    return party.cards[party.role].name


Found = Sequence[tuple[str, list["Finding"], list[tuple[str, str]]]]


def tell(found: Found, both: Sequence["Finding"]) -> None:
    """Say what was found, and which accounts to ask for."""
    for name, findings, drawn in found:
        emit(f"{name}:")
        for finding in findings:
            emit(in_words(finding))
        if drawn:
            emit(f"\nTo be shown in {name}'s own system, {plural(len(drawn), 'account')} drawn at random:\n")
            emit(table(["account", "name"], drawn))
        emit("")
    for finding in both:
        emit(in_words(finding))
    if not both:
        say("With the other party's file, V can be checked too.")


def in_words(finding: "Finding") -> str:
    """Say one finding."""
    mark = "holds " if finding.holds else "FAILS "
    return f"  {mark} {finding.what}" + (f" ({finding.detail})" if finding.detail else "")


def as_dict(found: Found, both: Sequence["Finding"]) -> dict[str, object]:
    """Describe the findings for a machine."""

    def described(findings: Sequence["Finding"]) -> list[dict[str, object]]:
        return [{"what": each.what, "holds": each.holds, "detail": each.detail} for each in findings]

    return {
        "parties": [
            {
                "name": name,
                "findings": described(findings),
                "drawn": [{"account_id": i, "name": n} for i, n in drawn],
            }
            for name, findings, drawn in found
        ],
        "both": described(both),
    }
