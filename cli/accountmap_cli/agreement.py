"""`accountmap agreement`: what is matched, what is revealed, within which limits."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accountmap.errors import TrustError, WorkspaceError
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say

if TYPE_CHECKING:
    from accountmap import Agreement, Workspace


@click.group()
def agreement() -> None:
    """Make, read and sign agreements: what is matched and what is revealed."""


@agreement.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--purpose", default="co-selling and joint marketing", show_default=True, help="In your words.")
@click.option(
    "--fields",
    default="name,owner_name,owner_email",
    show_default=True,
    help="What each shows of matched accounts; none for nothing.",
)
@click.option("--days", default=365, show_default=True, help="For how many days sessions may begin.")
@click.option("--runs", default=4, show_default=True, help="How many sessions may show counts in 30 days.")
@click.option(
    "--min-change",
    default=5,
    show_default=True,
    type=click.IntRange(0, 1_000_000),
    help="A list may differ from the last one by none or by at least so many entities of a segment.",
)
@click.option(
    "--automatic-share",
    default=0.8,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="With --yes, reveal only if the counts are at most this share of the own list.",
)
@click.pass_context
def new(
    context: click.Context,
    partner: str,
    output: Path | None,
    purpose: str,
    fields: str,
    days: int,
    runs: int,
    min_change: int,
    automatic_share: float,
) -> None:
    """Propose an agreement for the list that you prepared, and sign it.

    Send the file to your partner; they sign it and send it back.

    \b
    Example:
      accountmap agreement new --with globex
    """
    from accountmap import propose_agreement

    with workspace(context) as own:
        made = propose_agreement(
            own,
            own.partner(partner),
            purpose=purpose,
            fields=tuple(f.strip() for f in fields.split(",") if f.strip() not in ("", "none")),
            days=days,
            automatic_share=automatic_share,
            runs_per_30_days=runs,
            min_change=min_change,
            now=datetime.now(UTC),
        )
        file = output or Path(f"{own.short_name}-{own.partner(partner).slug}.agreement.toml")
        file.write_text(made.document, encoding="utf-8")
    for line in in_words(made):
        say(line)
    emit(str(file))
    say(f"\nNext: send {file} to {made.terms.names[1]}; they sign it and send it back.")


@agreement.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, file: Path, as_json: bool) -> None:
    """Say in plain words what an agreement allows.

    In a workspace, it also says if the partner's list grew tenfold since the last agreement.

    \b
    Example:
      accountmap agreement show acme-globex.agreement.toml
    """
    from accountmap import Agreement

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
                "fields": list(terms.fields),
                "sizes": list(shown.sizes),
                "runs_per_30_days": terms.runs_per_30_days,
                "automatic_share": terms.automatic_share,
                "min_change": terms.min_change,
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
    from accountmap import Agreement, sign_agreement

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
        file.write_text(signed.document, encoding="utf-8")
        ours = signed.role_of(own.card)
        slug = own.partner(signed.terms.names[1 - ours]).slug
    other = signed.terms.names[1 - ours]
    emit(str(file))
    if ours == 1:
        say(f"\nSigned. Next: send {file} back to {other}, who begins with: accountmap map")
    else:
        say(f"\nBoth have signed. Next: accountmap map --with {slug} --folder DIR")


def growth_seen_here(context: click.Context, agreement: "Agreement") -> list[str]:
    """Warn as `growth_in_words`, if this folder is a workspace of one of the parties."""
    try:
        with workspace(context) as own:
            return growth_in_words(own, agreement)
    except (WorkspaceError, TrustError):
        return []


def change_rule(least: int) -> str:
    """Say how far a list may differ from the one of the last session."""
    if not least:
        return "may change by single accounts, which two sessions then give away"
    return f"stay as in the last session, or change by at least {least:,} entities in a segment"


def growth_in_words(own: "Workspace", agreement: "Agreement") -> list[str]:
    """Warn of a partner whose sizes grew tenfold since the last agreement."""
    from accountmap import partner_growth

    return [
        f"  Take care: their sizes grew from {grown.before:,} to {grown.after:,} ({grown.segment}). A list that "
        "grows so may hold companies that are not theirs: ask them why."
        for grown in partner_growth(own, agreement)
    ]


def in_words(agreement: "Agreement") -> list[str]:
    """Say what an agreement allows."""
    terms = agreement.terms
    first, second = terms.names
    keys = ", ".join(slot.name for slot in terms.slots)
    lines = [
        f"Agreement between {first}, who begins sessions, and {second}.",
        f"  Purpose         {terms.purpose}",
        f"  Until           {terms.valid_until}; at most {terms.runs_per_30_days} sessions in 30 days",
        f"  Compared        {keys} (profile {terms.profile})",
        f"  Preview         both learn how many entities have one {terms.slots[0].name}, by pairs of segments",
        "  Reveal          after both agree, each learns which of its own accounts the other has, and in which of",
        f"                  the other's segments: {', '.join(terms.segments)}",
        f"  Shown           of matched accounts: {', '.join(terms.fields).replace('_', ' ') or 'nothing more'}",
        f"  Lists           {change_rule(terms.min_change)}",
        "  Never           an account that only one of you has",
        f"  With --yes      a program reveals if the counts are at most {terms.automatic_share:.0%} of its list",
    ]
    for name, sizes in zip(terms.names, agreement.sizes, strict=False):
        padded = ", ".join(f"{size:,} {segment}" for segment, size in sizes.items())
        lines.append(f"  {name} is padded to {padded}")
    lines.append(
        "  Signed by both." if agreement.complete else f"  Signed by {first}; {second} has not signed yet."
    )
    return lines
