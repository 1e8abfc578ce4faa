"""`accountmap agreement`: what is matched, what is revealed, within which limits."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from accountmap.errors import TrustError
from accountmap_cli.agreement_options import new
from accountmap_cli.agreement_words import growth_in_words, growth_seen_here, in_words
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say


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
    from accountmap.trust.agreement_words import differences

    from accountmap.trust.agreement import Agreement

    found = differences(*(Agreement.parse(file.read_bytes()) for file in (first, second)))
    if as_json:
        emit_json(list(found))
        return
    for line in found or ("Nothing differs but the time of writing and the signatures.",):
        emit(line)
