"""`accountmap init`, `identity` and `partner`: who you are, and whom you trust."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from accountmap.errors import TrustError, WorkspaceError
from accountmap_cli.context import workspace
from accountmap_cli.output import ask, emit, emit_json, is_interactive, say, table
from accountmap_cli.passphrase import UNPROTECTED, chosen, forget_in_keyring, into_keyring, move_in_keyring
from accountmap_cli.status import partner_status


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--name", help="Your company's name, as your partners know it. [default: ask]")
@click.option(
    "--no-passphrase", is_flag=True, help="For machines: leave the keys readable to whoever can read the folder."
)
@click.option("--keyring", is_flag=True, help="Keep the passphrase in the keyring of this computer.")
@click.pass_context
def init(
    context: click.Context, folder: Path | None, name: str | None, no_passphrase: bool, keyring: bool
) -> None:
    """Create a workspace: a folder with your identity and everything that accountmap keeps for you.

    FOLDER is created if it is missing; without FOLDER, the current folder becomes the workspace. A passphrase that
    you choose protects the private keys, and with them the lists and results in the folder.

    \b
    Examples:
      accountmap init acme --name "Acme Cloud"
      accountmap --passphrase-fd 3 init acme --name "Acme Cloud" 3< secret
    """
    from accountmap import Workspace

    if no_passphrase and keyring:
        raise click.UsageError("--no-passphrase and --keyring exclude each other")
    root = context.find_root().params
    place = folder or root["workspace"]
    Workspace.check_new(place, name)
    if name is None:
        name = ask_name()
    secret = chosen(root["passphrase_fd"], none=no_passphrase, option="--passphrase-fd", company=name)
    made = Workspace.create(place, name, datetime.now(UTC), passphrase=secret)
    made.close()
    place = made.folder.resolve()
    say("Workspace created:")
    emit(str(place))
    say("identity.json in it holds your private keys: back it up, and show it to nobody.")
    if secret is None:
        say(UNPROTECTED)
    elif keyring:
        into_keyring(made.card, secret)
    say("Your lists, results and decisions are encrypted in it. Reports are files that anyone can open.")
    if place != Path.cwd():
        say(f'Next: cd "{place}"')
        say("Then: accountmap partner card")
    else:
        say("Next: accountmap partner card")


def ask_name() -> str:
    """Ask for the company's name until it can be used."""
    from accountmap.trust.toml_text import check_name

    return ask("Your company's name, as your partners know it", None, check_name)


@click.group()
def identity() -> None:
    """Look after your private keys."""


@identity.command()
@click.option("--new-passphrase-fd", type=click.IntRange(0), help="Read the new passphrase from this descriptor.")
@click.option("--no-passphrase", is_flag=True, help="Leave the keys readable to whoever can read the folder.")
@click.option("--keyring", is_flag=True, help="Keep the new passphrase in the keyring of this computer.")
@click.pass_context
def passphrase(context: click.Context, new_passphrase_fd: int | None, no_passphrase: bool, keyring: bool) -> None:
    """Change the passphrase that protects your private keys.

    Older copies of the folder, in backups for example, still open with the old passphrase.

    \b
    Examples:
      accountmap identity passphrase
      accountmap --passphrase-fd 3 identity passphrase --new-passphrase-fd 4 3< old 4< new
    """
    if no_passphrase and keyring:
        raise click.UsageError("--no-passphrase and --keyring exclude each other")
    with workspace(context) as own:
        card = own.identity.card
        new = chosen(new_passphrase_fd, none=no_passphrase, option="--new-passphrase-fd", company=card.name)
        own.change_passphrase(new)
        if keyring and new is not None:
            into_keyring(card, new)
        else:
            forget_in_keyring(card)
    say(f"Done. {UNPROTECTED}" if new is None else "The passphrase is changed.")


if TYPE_CHECKING:
    from accountmap.trust.identity import Card


@click.group()
def partner() -> None:
    """Exchange partner cards and compare fingerprints."""


@partner.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write; - is the screen.")
@click.pass_context
def card(context: click.Context, output: Path | None) -> None:
    """Write your partner card: public keys only, safe to mail.

    \b
    Examples:
      accountmap partner card
      accountmap partner card -o - | pbcopy
    """
    from accountmap.files import write_atomic

    with workspace(context) as own:
        mine = own.card
        file = output or Path(f"{own.short_name}.card.toml")
        if str(file) == "-":
            emit(mine.document.rstrip("\n"))
        else:
            write_atomic(file, mine.document.encode(), mode=0o644)
            emit(str(file))
        say(f"Send it to your partner. Your fingerprint, to read out to them by phone:\n\n  {mine.fingerprint}\n")
        say("When you have their card: accountmap partner add FILE")


@partner.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--fingerprint",
    help="The digits that your partner read out to you; the card is added only if they are the same.",
)
@click.option("--confirmed-by", help="Who compared the fingerprint. [default: your login name]")
@click.pass_context
def add(context: click.Context, file: BinaryIO, fingerprint: str | None, confirmed_by: str | None) -> None:
    """Add a partner, or replace their card with their new one, after comparing fingerprints by phone.

    Whoever can swap a card on its way to you can read everything that you send later. A phone call rules that out.

    \b
    Example:
      accountmap partner add globex-data.card.toml
    """
    from accountmap.trust.identity import Card, Rotation

    data, who = file.read(), confirmed_by or getpass.getuser()
    rotation = Rotation.parse(data) if Rotation.is_one(data) else None
    theirs = rotation.card if rotation else Card.parse(data)
    with workspace(context) as own:
        if rotation:
            rotation.check(own.partner(theirs.name).card)
            say(f"{theirs.name} made new keys. The new card is signed with the old ones, as it should be.")
        else:
            own.check_addable(theirs)
        compare(theirs, fingerprint)
        now = datetime.now(UTC)
        added = own.renew_partner(rotation, who, now) if rotation else own.add_partner(theirs, who, now)
        step = partner_status(own, added, now).command
    say(f"{theirs.name} is now your partner. In commands it is called:")
    emit(added.slug)
    say(f"Next: {step}")
    if "agreement new" in step:
        say("One of you does that; the other signs the file that arrives: accountmap agreement sign FILE")


def compare(theirs: "Card", fingerprint: str | None) -> None:
    """Have somebody compare the fingerprint of a card with what the partner read out.

    Raises:
        TrustError: the fingerprints differ, or nobody is here to compare them.
    """
    say(f"This card says that it is from {theirs.name}. Its fingerprint:\n\n  {theirs.fingerprint}\n")
    if fingerprint is not None:
        if "".join(fingerprint.split()) != "".join(theirs.fingerprint.split()):
            raise TrustError(
                "the fingerprint is not the same", "Do not use this card. Ask your partner to send it again."
            )
    elif not is_interactive():
        raise TrustError("nobody is here to compare the fingerprint", "Give it with --fingerprint.")
    elif not click.confirm(f"Did {theirs.name} read you the same digits, by phone?", err=True):
        raise TrustError(
            "the card was not added",
            f"Call {theirs.name}, compare, and run this again. If the digits differ, do not use this card.",
        )


@partner.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.")
@click.option("--again", is_flag=True, help="Write the card of the last rotation once more; nothing changes.")
@click.pass_context
def rotate(context: click.Context, output: Path | None, again: bool) -> None:
    """Make new keys, and write the card with which your partners replace your old one.

    They add it as they added the first; it is signed with your old keys. Agreements name cards, so you need new
    agreements. If your old keys were stolen, call your partners instead: they run `accountmap partner revoke`, and
    add your new card as if it were the first.

    \b
    Example:
      accountmap partner rotate
    """
    from accountmap.files import write_atomic

    with workspace(context) as own:
        file, old = output or Path(f"{own.short_name}.rotation.toml"), own.card
        rotation = own.last_rotation if again else own.rotate(datetime.now(UTC))
        if rotation is None:
            raise TrustError("these keys were never replaced")
        card = own.card
        if not again:
            move_in_keyring(old, card)
        try:
            write_atomic(file, rotation.document.encode(), mode=0o644)
        except OSError as error:
            raise WorkspaceError(
                f"the new keys are in use, and {file} cannot be written: {error.strerror}",
                "Write the card elsewhere with: accountmap partner rotate --again -o FILE",
            ) from error
    emit(str(file))
    say(f"Send it to each partner. Your new fingerprint, to read out by phone:\n\n  {card.fingerprint}\n")
    say("Then make new agreements: accountmap agreement new")


@partner.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def revoke(context: click.Context, name: str, yes: bool) -> None:
    """Stop trusting a partner's card, when they tell you that their keys were lost or stolen.

    No session begins or goes on with it, and nothing signed with it is accepted. Add their new card as if it were
    the first.

    \b
    Example:
      accountmap partner revoke globex
    """
    from accountmap.exchange import revoke_partner

    with workspace(context) as own:
        known = own.partner(name)
        if not yes:
            if not is_interactive():
                raise TrustError("nobody is here to confirm", "Add --yes.")
            click.confirm(f"Stop trusting the card of {known.card.name}?", abort=True, err=True)
        revoke_partner(own, name)
    say(f"The card of {known.card.name} is revoked. When they have a new one: accountmap partner add FILE")


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
                    "revoked_at": p.revoked_at.isoformat() if p.revoked_at else None,
                }
                for p in known
            ]
        )
    elif known:
        rows = [
            (
                p.slug,
                p.card.name,
                p.card.fingerprint,
                f"revoked {p.revoked_at:%Y-%m-%d}"
                if p.revoked_at
                else f"{p.confirmed_by}, {p.confirmed_at:%Y-%m-%d}",
            )
            for p in known
        ]
        emit(table(["partner", "name", "fingerprint", "confirmed by"], rows))
    else:
        say("No partner yet. Add one with: accountmap partner add FILE")
