"""`accountmap agreement`: what is matched, what is revealed, within which limits."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from accountmap.errors import TrustError, WorkspaceError
from accountmap_cli.agreement_options import new
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.trust.agreement import Agreement


def growth_seen_here(context: click.Context, agreement: "Agreement") -> list[str]:
    """Warn as `growth_in_words`, if this folder is a workspace of one of the parties."""
    try:
        with workspace(context) as own:
            return growth_in_words(own, agreement)
    except (WorkspaceError, TrustError):
        return []


def change_rule(least: int) -> str:
    """Say how far a list may differ from those of earlier sessions."""
    if not least:
        return "may change by single accounts, which two sessions then give away"
    return f"stay as in an earlier session, or change by at least {least:,} entities in a segment"


def growth_in_words(own: "Workspace", agreement: "Agreement") -> list[str]:
    """Warn of a partner whose sizes grew many times over since the last agreement."""
    from accountmap.session import partner_growth

    return [
        f"  Take care: their sizes grew from {grown.before:,} to {grown.after:,} ({grown.segment}). A list that "
        "grows so may hold companies that are not theirs: ask them why."
        for grown in partner_growth(own, agreement)
    ]


def in_words(agreement: "Agreement") -> list[str]:
    """Say what an agreement allows."""
    from accountmap.trust.agreement_words import sharing_in_words

    terms = agreement.terms
    first, second = terms.names
    keys = ", ".join(slot.name for slot in terms.slots)
    sentences = sharing_in_words(terms.sharing, terms.leads, terms.names, terms.segments)
    shared = [line for sentence in sentences for line in wrap(sentence, 96)]
    lines = [
        f"Agreement between {first}, who begins sessions, and {second}.",
        f"  Purpose         {terms.purpose}",
        f"  Until           {terms.valid_until}; at most {terms.runs_per_30_days} sessions in 30 days",
        f"  Compared        {keys} (profile {terms.profile})",
        f"  Preview         both learn how many entities have one {terms.slots[0].name}, by pairs of segments",
        *(f"  {'Shared' if n == 0 else '      '}          {line}" for n, line in enumerate(shared)),
        f"  Lists           {change_rule(terms.min_change)}",
        *([] if terms.sharing.rest_named_by else ["  Never           an account that only one of you has"]),
        f"  With --yes      a program reveals if the counts are at most {terms.automatic_share:.0%} of its list",
    ]
    for name, sizes in zip(terms.names, agreement.sizes, strict=False):
        padded = ", ".join(f"{size:,} {segment}" for segment, size in sizes.items())
        lines.append(f"  {name} is padded to {padded}")
    lines.append(
        "  Signed by both." if agreement.complete else f"  Signed by {first}; {second} has not signed yet."
    )
    return lines


@click.group()
def agreement() -> None:
    """Make, read and sign agreements: what is matched and what is revealed."""


agreement.add_command(new)


@agreement.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, file: Path, as_json: bool) -> None:
    """Say in plain words what an agreement allows.

    In a workspace, it also says if the partner's list grew many times over since the last agreement.

    \b
    Example:
      accountmap agreement show acme-globex.agreement.toml
    """
    from accountmap.trust.agreement import Agreement

    shown = Agreement.parse(file.read_bytes())
    if as_json:
        terms = shown.terms
        emit_json(
            {
                "digest": shown.digest.hex(),
                "complete": shown.complete,
                "initiator": terms.names[0],
                "responder": terms.names[1],
                "purpose": terms.purpose,
                "valid_until": terms.valid_until.isoformat(),
                "slots": [slot.name for slot in terms.slots],
                "segments": list(terms.segments),
                "sharing": asdict(terms.sharing),
                "leads": [asdict(lead) for lead in terms.leads],
                "sizes": list(shown.sizes),
                "runs_per_30_days": terms.runs_per_30_days,
                "automatic_share": terms.automatic_share,
                "min_change": terms.min_change,
                "growth_alarm": terms.growth_alarm,
            }
        )
    else:
        for line in in_words(shown):
            emit(line)
        for line in growth_seen_here(context, shown):
            emit(line)


@agreement.command()
@click.argument("file", type=existing_file())
@click.option("-y", "--yes", is_flag=True, help="Sign without asking.")
@click.pass_context
def sign(context: click.Context, file: Path, yes: bool) -> None:
    """Sign an agreement that your partner made, or take in the one that they signed.

    The file is replaced by the one with both signatures.

    \b
    Example:
      accountmap agreement sign acme-globex.agreement.toml
    """
    from accountmap.session import partner_of, sign_agreement, write_agreement
    from accountmap.trust.agreement import Agreement

    document = file.read_bytes()
    with workspace(context) as own:
        proposed = Agreement.parse(document)
        grown = growth_in_words(own, proposed)
        for line in [*in_words(proposed), *grown]:
            say(line)
        asks = bool(grown) or (not proposed.complete and proposed.role_of(own.card) == 1)
        if asks and not yes:
            if not is_interactive():
                raise TrustError("nobody is here to agree", "Read the agreement, then sign it with --yes.")
            click.confirm("\nSign this agreement?", abort=True, err=True)
        signed = sign_agreement(own, document, datetime.now(UTC))
        write_agreement(signed, file)
        partner, ours = partner_of(own, signed), signed.role_of(own.card)
    emit(str(file))
    if ours == 1:
        say(f"\nSigned. Next: send {file} back to {partner.card.name}, who begins with: accountmap map")
    else:
        say(f"\nBoth have signed. Next: accountmap map --with {partner.slug} --folder DIR")


@agreement.command()
@click.argument("first", type=existing_file())
@click.argument("second", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(first: Path, second: Path, as_json: bool) -> None:
    """Say in plain words what a second agreement changes.

    \b
    Example:
      accountmap agreement diff last-year.agreement.toml acme-globex.agreement.toml
    """
    from accountmap.trust.agreement import Agreement
    from accountmap.trust.agreement_words import differences

    found = differences(*(Agreement.parse(file.read_bytes()) for file in (first, second)))
    if as_json:
        emit_json(list(found))
        return
    for line in found or ("Nothing differs but the time of writing and the signatures.",):
        emit(line)
