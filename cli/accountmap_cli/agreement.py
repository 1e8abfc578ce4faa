"""`accountmap agreement`: what is matched, what is revealed, within which limits."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from accountmap.errors import TrustError
from accountmap_cli.agreement_options import new
from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say
from accountmap_cli.words import agreement_in_words, checked_here, concerns_in_words, signatures_in_words

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.trust.agreement import Agreement
    from accountmap.trust.limits import SizeConcern
    from accountmap.workspace import PartnerRecord


@click.group()
def agreement() -> None:
    """Make, read, sign and end agreements: what is matched and what is revealed."""


agreement.add_command(new)


@agreement.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, file: Path, as_json: bool) -> None:
    """Say in plain words what an agreement allows.

    In your workspace it checks the signatures first; elsewhere it says that they are not checked.

    \b
    Example:
      accountmap agreement show acme-globex.agreement.toml
    """
    from accountmap.trust.agreement import Agreement

    shown = Agreement.parse(file.read_bytes())
    checked = checked_here(context, shown)
    if as_json:
        emit_json(
            {
                "digest": shown.digest.hex(),
                "complete": shown.complete,
                "signatures": "hold" if checked else "not checked",
                "terms": asdict(shown.terms),
                "parties": [asdict(party) for party in shown.parties],
            }
        )
        return
    for line in agreement_in_words(shown, checked=checked):
        emit(line)


@agreement.command()
@partner_option()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3650), help="Days until it ends.")
@click.pass_context
def renew(context: click.Context, partner: str, output: Path | None, days: int) -> None:
    """Propose the agreement in force again, for today's list and another year.

    What is compared and shown stays as it is. Send the file to your partner; they sign it and send it back. Until
    both have signed, the old agreement stays in force.

    \b
    Example:
      accountmap agreement renew --with globex
    """
    from accountmap.session import renew_agreement, write_agreement

    with workspace(context) as own:
        record = own.partner(partner)
        made = renew_agreement(own, record, days=days, now=datetime.now(UTC))
        for line in changes_in_words(own, record, made):
            say(line)
        file = output or Path(f"{own.short_name}-{record.slug}.agreement.toml")
        write_agreement(made, file)
    emit(str(file))
    say(f'\nNext: send "{file}" to {record.card.name}; they run: accountmap agreement sign FILE')


def changes_in_words(own: "Workspace", partner: "PartnerRecord", proposed: "Agreement") -> list[str]:
    """Say what an agreement changes, compared with the last one that both signed; nothing if there is none."""
    from accountmap.trust.agreement import differences

    signed = [each for each in own.agreements(partner) if each.complete and each.is_preview == proposed.is_preview]
    if not signed or signed[0].digest == proposed.digest or proposed.complete:
        return []
    found = [line for line in differences(signed[0], proposed) if not line.startswith("Signed: ")]
    since = f"Compared with the agreement of {signed[0].terms.created:%Y-%m-%d}, which both of you signed:"
    return [since, *(f"  {line}" for line in found or ["Nothing differs."]), ""]


@agreement.command()
@click.argument("file", type=existing_file())
@click.option("-y", "--yes", is_flag=True, help="Sign without asking.")
@click.option(
    "--confirm-rows",
    type=int,
    metavar="ROWS",
    help="If the partner's list is very large or has grown much: how many companies it may bring, to confirm it.",
)
@click.pass_context
def sign(context: click.Context, file: Path, yes: bool, confirm_rows: int | None) -> None:
    """Sign an agreement that your partner made, or keep the one that they signed and sent back.

    The file is replaced by one with both signatures.

    \b
    Example:
      accountmap agreement sign acme-globex.agreement.toml
    """
    from accountmap.session import concerns_of, partner_of, read_agreement, sign_agreement, write_agreement

    document, now = file.read_bytes(), datetime.now(UTC)
    with workspace(context) as own:
        proposed = read_agreement(own, document)
        partner, ours = partner_of(own, proposed), proposed.role_of(own.card)
        for line in agreement_in_words(proposed, checked=True, own_name=own.card.name):
            say(line)
        for line in changes_in_words(own, partner, proposed):
            say(line)
        concerns = concerns_of(own, proposed, now)
        if concerns:
            confirm_sizes(concerns, partner.card.name, confirm_rows)
        if not proposed.complete and ours == 1 and not yes:
            if not is_interactive():
                raise TrustError("nobody is here to agree", "Read the agreement, then sign it with --yes.")
            if not click.confirm("\nSign this agreement?", err=True):
                raise TrustError("the agreement was not signed", f"Tell {partner.card.name} what to change.")
        signed = sign_agreement(own, document, now, sizes_confirmed=bool(concerns))
        write_agreement(signed, file)
    emit(str(file))
    verb = "preview" if signed.is_preview else "map"
    if ours == 1:
        say(f'\nSigned. Next: send "{file}" back to {partner.card.name}, who runs: accountmap agreement sign FILE')
    else:
        again = f"accountmap {verb} --with {quote(partner.slug)}"
        say(f"\nBoth have signed. Next, both of you, by mail:  {again}")
        say(f"  or in a folder that both of you see:   {again} --folder DIR --wait")
        say(f"  or directly:                           {again} --listen 0.0.0.0:7443 (the other: --connect)")


def confirm_sizes(concerns: "list[SizeConcern]", partner: str, typed: int | None) -> None:
    """Have a person type how many companies the partner may bring.

    Raises:
        TrustError: nobody is here, or another number was typed.
    """
    say()
    for line in concerns_in_words(concerns, partner):
        say(line)
    rows = max(each.rows for each in concerns)
    if typed is None:
        if not is_interactive():
            raise TrustError(
                f"the list of {partner} needs a person to confirm it",
                f"Ask them why, then add: --confirm-rows {rows}",
            )
        typed = click.prompt("Type how many companies it may bring, to go on", type=int, err=True)
    if typed != rows:
        raise TrustError(f"that is not the number of companies that {partner} may bring", "Nothing was signed.")


@agreement.command()
@click.argument("first", type=existing_file())
@click.argument("second", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def diff(context: click.Context, first: Path, second: Path, as_json: bool) -> None:
    """Say in plain words what a second agreement changes.

    \b
    Example:
      accountmap agreement diff last-year.agreement.toml acme-globex.agreement.toml
    """
    from accountmap.trust.agreement import Agreement, differences

    both = [Agreement.parse(file.read_bytes()) for file in (first, second)]
    checked = [checked_here(context, each) for each in both]
    found = differences(*both)
    if as_json:
        emit_json({"differences": list(found), "signatures": ["hold" if c else "not checked" for c in checked]})
        return
    for line in found or ("Nothing differs except when they were written and who has signed.",):
        emit(line)
    for file, each, is_checked in zip((first, second), both, checked, strict=True):
        say(f"{file}: {signatures_in_words(each, checked=is_checked).strip()}")


@agreement.command()
@partner_option()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def end(context: click.Context, partner: str, yes: bool) -> None:
    """End the newest agreement with a partner, or withdraw one that you proposed.

    No more sessions begin or are answered under it. What was revealed stays with your partner.

    \b
    Example:
      accountmap agreement end --with globex
    """
    from accountmap.session import end_agreement

    with workspace(context) as own:
        record = own.partner(partner)
        if not yes:
            if not is_interactive():
                raise TrustError("nobody is here to confirm", "Add --yes.")
            click.confirm(f"End the newest agreement with {record.card.name}?", abort=True, err=True)
        ended = end_agreement(own, record, datetime.now(UTC))
    what = "agreement" if ended.complete else "proposal"
    say(
        f"The {what} of {ended.terms.created:%Y-%m-%d} has ended here, and the ledger records it. "
        f"Tell {record.card.name}."
    )


@agreement.command()
@click.argument("rows", type=click.IntRange(1, 100_000_000), required=False)
@click.pass_context
def limit(context: click.Context, rows: int | None) -> None:
    """Show or set how many companies a partner may bring before you are asked to confirm the number.

    \b
    Examples:
      accountmap agreement limit
      accountmap agreement limit 50000
    """
    with workspace(context) as own:
        if rows is not None:
            with own.transaction():
                own.set_row_limit(rows)
        emit(f"{own.row_limit}")
