"""`accountmap ledger`: what each partner has ever learned, and the proof of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from accountmap_cli.context import existing_file, workspace
from accountmap_cli.ledger_words import in_words
from accountmap_cli.output import emit, emit_json, plural, say

Facts = dict[str, Any]


@click.group()
def ledger() -> None:
    """Ask what partners have ever learned, and prove it."""


@ledger.command()
@click.option("--with", "partner", help="One partner. [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: every entry as it stands.")
@click.pass_context
def show(context: click.Context, partner: str | None, as_json: bool) -> None:
    """Say what a partner has ever learned from you, in plain sentences.

    \b
    Examples:
      accountmap ledger show --with globex
      accountmap ledger show --json
    """
    with workspace(context) as own:
        names = [own.partner(partner).card.name] if partner else [p.card.name for p in own.partners()]
        entries = [facts for entry in own.ledger().entries if (facts := entry.facts)["partner"] in names]
    if as_json:
        emit_json(entries)
        return
    for name in names:
        for line in in_words(name, [facts for facts in entries if facts["partner"] == name]):
            emit(line)


@ledger.command()
@click.argument("file", type=existing_file(), required=False)
@click.option("--head", help="The last hash that you know: fail unless it stands in the chain.")
@click.pass_context
def verify(context: click.Context, file: Path | None, head: str | None) -> None:
    """Check that no entry was changed, and the signatures of both parties under every receipt.

    Without FILE, your own ledger; with it, one that somebody exported: then no workspace is needed.

    \b
    Examples:
      accountmap ledger verify
      accountmap ledger verify acme-cloud.ledger.json
    """
    from accountmap.trust.chain import Ledger

    if file is not None:
        checked = Ledger.decode(file.read_bytes())
    else:
        with workspace(context) as own:
            checked = own.ledger()
            checked.check()
    if head is not None:
        checked.check_contains(head)
    report([entry.facts for entry in checked.entries], checked.head.hex())
    if file is not None:
        say("The cards that came with it, to compare with their owners by phone:")
        for card in checked.cards.values():
            say(f"  {card.fingerprint}  {card.name}")


def report(entries: Sequence[Facts], head: str) -> None:
    """Say that a ledger holds."""
    receipts = sum("receipt" in facts for facts in entries)
    emit(
        f"The ledger holds: {plural(len(entries), 'entry')}, {plural(receipts, 'receipt')} signed by both parties."
    )
    emit(f"Its last hash is {head}")


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def export(context: click.Context, file: Path) -> None:
    """Write the ledger for an auditor: no account stands in it; cards and receipts do.

    The auditor checks it with `accountmap ledger verify FILE`.

    \b
    Example:
      accountmap ledger export acme-cloud.ledger.json
    """
    from accountmap.files import write_atomic

    with workspace(context) as own:
        exported = own.ledger()
    exported.check()
    write_atomic(file, exported.encode(), mode=0o644)
    emit(str(file))
    say(f"Its last hash is {exported.head.hex()}")
