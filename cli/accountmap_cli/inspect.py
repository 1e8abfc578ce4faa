"""`accountmap inspect`: what a message file holds and what it reveals."""

from dataclasses import asdict
from pathlib import Path

import click

from accountmap_cli.context import existing_file
from accountmap_cli.output import emit, emit_json


@click.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(file: Path, as_json: bool) -> None:
    """Say what a message file holds and what it reveals, without opening it.

    \b
    Example:
      accountmap inspect exchange/acme-cloud-3f9a01-1.amap
    """
    from accountmap.exchange.message_files import describe_message

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
