"""`accountmap init`: a workspace with an identity."""

from datetime import UTC, datetime
from pathlib import Path

import click

from accountmap_cli.output import emit, say
from accountmap_cli.passphrase import chosen, into_keyring


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--name", prompt="Your company's name, as your partner knows it", help="Your company's name.")
@click.option(
    "--no-passphrase", is_flag=True, help="For machines: leave the keys readable to whoever reads the folder."
)
@click.option("--keyring", is_flag=True, help="Keep the passphrase in the keyring of this computer.")
@click.pass_context
def init(context: click.Context, folder: Path | None, name: str, no_passphrase: bool, keyring: bool) -> None:
    """Make a workspace: a folder with your identity and everything that you keep.

    FOLDER is made if it is missing; without it, this folder becomes the workspace. A passphrase that you choose
    protects the private keys and the secrets of sessions that run.

    \b
    Examples:
      accountmap init acme --name "Acme Cloud"
      accountmap --passphrase-fd 3 init acme --name "Acme Cloud" 3< secret
    """
    from accountmap import Workspace

    if no_passphrase and keyring:
        raise click.UsageError("--no-passphrase and --keyring exclude each other")
    root = context.find_root().params
    secret = chosen(root["passphrase_fd"], none=no_passphrase, option="--passphrase-fd")
    made = Workspace.create(folder or root["workspace"], name, datetime.now(UTC), passphrase=secret)
    made.close()
    emit(str(made.folder))
    say(f"This is the workspace of {name}. identity.json in it holds your private keys: back it up, show nobody.")
    if secret is None:
        say("The keys have no passphrase: whoever can read the folder can act as you.")
    elif keyring:
        into_keyring(made.card, secret)
    say("Next: accountmap partner card")
