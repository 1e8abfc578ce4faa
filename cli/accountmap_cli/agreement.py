"""`accountmap agreement`: what is matched, what is revealed, within which limits."""

from datetime import UTC, datetime
from pathlib import Path

import click

from accountmap.errors import TrustError
from accountmap_cli.agreement_words import growth_in_words, growth_seen_here, in_words
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say


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
@click.option(
    "--runs",
    default=4,
    show_default=True,
    type=click.IntRange(1, 1_000),
    help="How many sessions may show counts in 30 days.",
)
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
    from accountmap.exchange import propose_agreement, write_agreement

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
        write_agreement(made, file)
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
    from accountmap.exchange import partner_of, sign_agreement, write_agreement
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
    from accountmap.trust.agreement_diff import differences

    found = differences(*(Agreement.parse(file.read_bytes()) for file in (first, second)))
    if as_json:
        emit_json(list(found))
        return
    for line in found or ("Nothing differs but the time of writing and the signatures.",):
        emit(line)
