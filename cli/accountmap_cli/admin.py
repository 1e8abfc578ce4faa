"""`accountmap backends`: what does the curve arithmetic here, and how fast."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accountmap_cli.context import existing_file
from accountmap_cli.output import emit, emit_json, say, table
from accountmap_cli.passphrase import UNPROTECTED, chosen, into_keyring


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
    protects the private keys, and with them your lists and results in it.

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
    secret = chosen(root["passphrase_fd"], none=no_passphrase, option="--passphrase-fd", company=name)
    made = Workspace.create(place, name, datetime.now(UTC), passphrase=secret)
    made.close()
    emit(str(made.folder))
    place = made.folder.resolve()
    say(f"Workspace created in {place}. identity.json in it holds your private keys: back it up, show nobody.")
    if secret is None:
        say(UNPROTECTED)
    elif keyring:
        into_keyring(made.card, secret)
    say("Your lists, results and decisions are sealed in it. Reports that you write are open files.")
    if place != Path.cwd():
        say(f'Next: cd "{place}"')
        say("Then: accountmap partner card")
    else:
        say("Next: accountmap partner card")


@click.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, as_json: bool) -> None:
    """Say what a message file holds and what it reveals, without opening it.

    \b
    Example:
      accountmap inspect exchange/acme-cloud-3f9a01-1.amap
    """
    from accountmap.session.message_files import describe_message

    about = describe_message(file)
    if as_json:
        emit_json(asdict(about))
        return
    roles = ("initiator", "responder") if about.from_initiator else ("responder", "initiator")
    number = "the word that the sender declined" if about.number == 15 else f"message {about.number} of 10"
    emit(f"{file.name}: {number}, from the {roles[0]} to the {roles[1]}")
    emit(f"  Sender       card {about.sender[:16]}…")
    emit(f"  Recipient    card {about.recipient[:16]}…, who alone can open it")
    emit(f"  Agreement    {about.agreement[:16]}…")
    emit(f"  Written      {about.created:%Y-%m-%d %H:%M} UTC, good until {about.expires:%Y-%m-%d}")
    emit(f"  Size         {about.body_bytes:,} bytes sealed{'' if about.complete else '; the file is not whole'}")
    emit(f"  It holds     {about.holds}.")
    emit(f"  The recipient learns from it: {about.reveals}")


if TYPE_CHECKING:
    from accountmap.api import BackendState


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backends(as_json: bool) -> None:
    """Test what can do the curve arithmetic on this machine, measure it, and say which is used.

    All backends give the same bytes, so the partner may use another. The first that can be used is the default;
    accountmap map --backend NAME takes another.

    \b
    Examples:
      accountmap backends
      accountmap backends --json
    """
    from accountmap.api import examine_backends

    states = examine_backends()
    if as_json:
        emit_json([{**asdict(state), "usable": state.usable} for state in states])
        return
    emit(table(["backend", "", "points multiplied a second", "keys mapped a second"], [_row(s) for s in states]))
    say()
    for state in states:
        say(f"{state.name}: {state.about}. {_verdict(state)}")
    say("Speeds are those of one processor.")


def _row(state: "BackendState") -> tuple[object, ...]:
    if not state.usable:
        return state.name, "cannot be used", "", ""
    standing = "default" if state.default else "usable"
    return state.name, standing, round(state.multiply_per_second), round(state.hash_per_second)


def _verdict(state: "BackendState") -> str:
    if not state.usable:
        return " ".join(filter(None, (f"Not used: {state.reason}.", state.hint)))
    chosen = "Used unless another is asked for" if state.default else "Used if asked for"
    return f"{chosen}; its known-answer tests pass."
