"""`accountmap ideal`: rules for the ideal customer, our own or agreed ones, by which our accounts are judged."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, partner_option, workspace
from accountmap_cli.output import emit, emit_json, say, write_for_editing

if TYPE_CHECKING:
    from accountmap.account_map import IdealCustomer

_FILE = Path("ideal.toml")


@click.group()
def ideal() -> None:
    """Describe the ideal customer by rules; reports show who fits. Nothing leaves this machine."""


@ideal.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=_FILE)
def rules(file: Path) -> None:
    """Write example rules with explanations into FILE, by default ideal.toml, for you to change.

    \b
    Example:
      accountmap ideal rules
    """
    from accountmap.account_map import EXAMPLE

    write_for_editing(file, EXAMPLE)
    say(f"Change it, then: accountmap ideal use {file}")


@ideal.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=_FILE)
@click.pass_context
def learn(context: click.Context, file: Path) -> None:
    """Learn rules from your prepared deals, write them to FILE, by default ideal.toml, and say how good they are.

    Companies whose first decided deal was won are compared with those whose first was lost. The rules are checked
    on the later months, and written only if companies differ by more than chance.

    \b
    Examples:
      accountmap ideal learn
      accountmap ideal learn learned.toml
    """
    from accountmap.session.qualification import learn_ideal

    with workspace(context) as own:
        learned, said = learn_ideal(own)
    write_for_editing(file, learned.text)
    for sentence in (*learned.in_words(), said):
        say(sentence)
    say(f"Read and change it, then: accountmap ideal use {file}")


@ideal.command()
@click.argument("file", type=existing_file())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, file: Path, as_json: bool) -> None:
    """Show what the rules in FILE say, the digest that an agreement would name, and how many companies fit.

    \b
    Example:
      accountmap ideal show ideal.toml
    """
    from accountmap.account_map import read_ideal_customer

    found = read_ideal_customer(file)
    counts = _fitting(context, found)
    if as_json:
        emit_json({"digest": found.digest, "rules": found.in_words(), "companies": counts})
        return
    for sentence in found.in_words():
        emit(sentence)
    emit(f"Digest: {found.digest}")
    for verdict, companies in counts.items():
        emit(f"{companies:,} of your companies: {verdict}")


def _fitting(context: click.Context, found: "IdealCustomer") -> dict[str, int]:
    """Count the companies of the prepared list by verdict; none if there is no workspace, or no list in it."""
    from accountmap.session.qualification import count_fitting
    from accountmap.workspace.keys import DATABASE, IDENTITY

    folder = Path(context.find_root().params["workspace"])
    if not any((folder / name).exists() for name in (DATABASE, IDENTITY)):
        return {}
    with workspace(context) as own:
        return count_fitting(own, found) if own.has_list else {}


_OF_PARTNER = partner_option("The partner with whom it is agreed.", required=False)
_THEIRS = click.option("--theirs", is_flag=True, help="With --with: the profile that they use for themselves.")


@ideal.command()
@click.argument("file", type=existing_file())
@_OF_PARTNER
@_THEIRS
@click.pass_context
def use(context: click.Context, file: Path, partner: str | None, theirs: bool) -> None:
    """Judge your accounts by the rules in FILE from now on: in reports, the score, and the portfolio.

    Without --with it is your own profile. With --with it is the one that you and this partner agreed on: its
    digest has to be the one in the agreement. With --theirs it is the profile that the partner uses for itself
    and sent you; the report then says where yours and theirs disagree.

    \b
    Examples:
      accountmap ideal use ideal.toml
      accountmap ideal use joint.toml --with globex
      accountmap ideal use from-globex.toml --with globex --theirs
    """
    from accountmap.account_map import read_ideal_customer
    from accountmap.session.qualification import use_profile

    found = read_ideal_customer(file)
    with workspace(context) as own:
        use_profile(own, found, partner, theirs=_check(partner, theirs))
    for sentence in found.in_words():
        say(sentence)
    say("Reports that you build from now on say which accounts fit.")


@ideal.command()
@_OF_PARTNER
@_THEIRS
@click.pass_context
def drop(context: click.Context, partner: str | None, theirs: bool) -> None:
    """Stop judging accounts by a profile: your own, or with --with the agreed one or theirs.

    \b
    Examples:
      accountmap ideal drop
      accountmap ideal drop --with globex --theirs
    """
    from accountmap.session.qualification import drop_profile

    with workspace(context) as own:
        drop_profile(own, partner, theirs=_check(partner, theirs))
    say("Reports that you build from now on do not use it.")


def _check(partner: str | None, theirs: bool) -> bool:
    if theirs and partner is None:
        raise InputError("--theirs needs a partner.", "Name it with --with.")
    return theirs
