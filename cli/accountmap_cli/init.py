"""`accountmap init`: a workspace with an identity."""

from datetime import UTC, datetime
from pathlib import Path

import click

from accountmap_cli.output import emit, say


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--name", prompt="Your company's name, as your partner knows it", help="Your company's name.")
@click.pass_context
def init(context: click.Context, folder: Path | None, name: str) -> None:
    """Make a workspace: a folder with your identity and everything that you keep.

    FOLDER is made if it is missing; without it, this folder becomes the workspace.

    \b
    Example:
      accountmap init acme --name "Acme Cloud"
      cd acme
    """
    from accountmap import Workspace

    place = folder or context.find_root().params["workspace"]
    made = Workspace.create(place, name, datetime.now(UTC))
    made.close()
    emit(str(made.folder))
    say(f"This is the workspace of {name}. identity.json in it holds your private keys: back it up, show nobody.")
    say("Next: accountmap partner card")
