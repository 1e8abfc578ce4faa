"""`accountmap identity`: how the private keys are protected."""

import click

from accountmap_cli.context import workspace
from accountmap_cli.output import say
from accountmap_cli.passphrase import chosen, forget_in_keyring, into_keyring


@click.group()
def identity() -> None:
    """Look after your private keys."""


@identity.command()
@click.option("--new-passphrase-fd", type=click.IntRange(0), help="Read the new passphrase from this descriptor.")
@click.option("--no-passphrase", is_flag=True, help="Leave the keys readable to whoever reads the folder.")
@click.option("--keyring", is_flag=True, help="Keep the new passphrase in the keyring of this computer.")
@click.pass_context
def passphrase(context: click.Context, new_passphrase_fd: int | None, no_passphrase: bool, keyring: bool) -> None:
    """Change the passphrase that protects your private keys.

    Copies of the folder made before, in backups for example, still open with the old one.

    \b
    Examples:
      accountmap identity passphrase
      accountmap --passphrase-fd 3 identity passphrase --new-passphrase-fd 4 3< old 4< new
    """
    if no_passphrase and keyring:
        raise click.UsageError("--no-passphrase and --keyring exclude each other")
    with workspace(context) as own:
        card = own.identity.card
        new = chosen(new_passphrase_fd, none=no_passphrase, option="--new-passphrase-fd")
        own.change_passphrase(new)
        if keyring and new is not None:
            into_keyring(card, new)
        else:
            forget_in_keyring(card)
    say("The private keys are not protected any more." if new is None else "The passphrase is changed.")
