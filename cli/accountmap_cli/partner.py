"""`accountmap partner`: exchanging cards and comparing fingerprints."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from accountmap.errors import TrustError
from accountmap_cli.context import workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say, table


@click.group()
def partner() -> None:
    """Exchange partner cards and compare fingerprints."""


@partner.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; - is the screen.")
@click.pass_context
def card(context: click.Context, output: Path | None) -> None:
    """Write your partner card: public keys only, safe to mail.

    \b
    Example:
      accountmap partner card
      accountmap partner card -o - | pbcopy
    """
    with workspace(context) as own:
        mine = own.card
        file = output or Path(f"{own.short_name}.card.toml")
        if str(file) == "-":
            emit(mine.document.rstrip("\n"))
        else:
            file.write_text(mine.document, encoding="utf-8")
            emit(str(file))
        say(f"Send it to your partner. Your fingerprint, to read out to them by phone:\n\n  {mine.fingerprint}\n")


@partner.command()
@click.argument("file", type=click.File("rb"))
@click.option("--fingerprint", help="The digits that your partner read to you: added only if they are the same.")
@click.option("--confirmed-by", help="Who compared the fingerprint. [default: your login name]")
@click.pass_context
def add(context: click.Context, file: BinaryIO, fingerprint: str | None, confirmed_by: str | None) -> None:
    """Add a partner from their card, after comparing its fingerprint by phone.

    Whoever can swap a card on its way can read everything after it. A phone call rules that out.

    \b
    Example:
      accountmap partner add globex-data.card.toml
    """
    from accountmap import Card

    theirs = Card.parse(file.read())
    with workspace(context) as own:
        say(f"This card says it is from {theirs.name}. Its fingerprint:\n\n  {theirs.fingerprint}\n")
        if fingerprint is not None:
            if "".join(fingerprint.split()) != "".join(theirs.fingerprint.split()):
                raise TrustError(
                    "the fingerprint is another one", "Do not use this card. Ask your partner to send it again."
                )
        elif not is_interactive():
            raise TrustError("nobody is here to compare the fingerprint", "Give it with --fingerprint.")
        else:
            click.confirm(f"Did {theirs.name} read you the same digits, by phone?", abort=True, err=True)
        added = own.add_partner(theirs, confirmed_by or getpass.getuser(), datetime.now(UTC))
    emit(added.slug)
    say(f"Next, one of you: accountmap agreement new --with {added.slug}")


@partner.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_partners(context: click.Context, as_json: bool) -> None:
    """List your partners and who confirmed them.

    \b
    Example:
      accountmap partner list
    """
    with workspace(context) as own:
        known = own.partners()
    if as_json:
        emit_json(
            [
                {
                    "partner": p.slug,
                    "name": p.card.name,
                    "fingerprint": p.card.fingerprint,
                    "confirmed_by": p.confirmed_by,
                    "confirmed_at": p.confirmed_at.isoformat(),
                }
                for p in known
            ]
        )
    elif known:
        rows = [
            (p.slug, p.card.name, p.card.fingerprint, f"{p.confirmed_by}, {p.confirmed_at:%Y-%m-%d}")
            for p in known
        ]
        emit(table(["partner", "name", "fingerprint", "confirmed by"], rows))
    else:
        say("No partner yet. Add one with: accountmap partner add FILE")
