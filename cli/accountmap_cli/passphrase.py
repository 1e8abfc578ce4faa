"""Where passphrases and passwords come from: never the command line.

The passphrase of the keys comes from a file descriptor, a systemd credential, the keyring, or the person at the
terminal.
"""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import click

from accountmap.errors import BackendError, TrustError, WorkspaceError, install_command
from accountmap_cli.output import is_interactive, say, with_options

if TYPE_CHECKING:
    from accountmap.trust.identity import Card

SERVICE: Final = "accountmap"
CREDENTIAL: Final = "accountmap-passphrase"
"""Name of the credential that a systemd unit hands over: LoadCredentialEncrypted=accountmap-passphrase."""

UNPROTECTED: Final = (
    "These keys have no passphrase: whoever can read this folder, or a backup of it, can act as you and read your "
    "lists. Set one with: accountmap identity passphrase"
)
MOST_BYTES: Final = 1024


def from_descriptor(number: int, what: str = "passphrase") -> str:
    """Read the first line of a file descriptor that the caller opened.

    Args:
        what: what is read there, for messages.

    Raises:
        WorkspaceError: the descriptor is not open, or there is no text in it.
    """
    try:
        with os.fdopen(number, "rb", buffering=0, closefd=number > 2) as stream:  # reads no further than asked
            line = stream.readline(MOST_BYTES).rstrip(b"\r\n").decode()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"no {what} can be read from file descriptor {number}",
            f"Open it for the command: accountmap … {number}< FILE",
        ) from error
    if not line:
        raise WorkspaceError(f"file descriptor {number} has no {what} in it")
    return line


def from_credentials() -> str | None:
    """Read the passphrase that systemd has handed to this service, if it did (systemd.exec(5), credentials).

    Raises:
        WorkspaceError: there is one, and it cannot be read.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not (file := Path(folder) / CREDENTIAL).is_file():
        return None
    try:
        line = file.read_bytes()[:MOST_BYTES].split(b"\n", 1)[0].rstrip(b"\r").decode()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"the credential {CREDENTIAL} cannot be read") from error
    if not line:
        raise WorkspaceError(f"the credential {CREDENTIAL} is empty")
    return line


def keyring_module() -> ModuleType | None:
    """Return the library for the OS keyring, if it is installed."""
    try:
        import keyring
    except ImportError:
        return None
    return keyring


def from_keyring(card: "Card") -> str | None:
    """Look up the passphrase of an identity, if there is a keyring that has it."""
    keyring = keyring_module()
    if keyring is None:
        return None
    try:
        found: str | None = keyring.get_password(SERVICE, card.fingerprint)
    except keyring.errors.KeyringError:
        return None
    return found


def keyring_name() -> str:
    """Return what the keyring of this machine calls itself.

    Raises:
        BackendError: the library is not installed, or there is no keyring.
    """
    keyring = keyring_module()
    if keyring is None:
        raise BackendError(
            "the keyring library is not installed", f"Install it with: {install_command('keyring')}"
        )
    found = keyring.get_keyring()
    if found.priority <= 0:
        raise BackendError("this machine has no keyring")
    return str(found.name)


def into_keyring(card: "Card", passphrase: str) -> None:
    """Keep the passphrase of an identity in the OS keyring.

    Raises:
        BackendError: the library is not installed, or this machine has no keyring.
    """
    keyring = keyring_module()
    if keyring is None:
        raise BackendError(
            "the keyring library is not installed", f"Install it with: {install_command('keyring')}"
        )
    try:
        keyring.set_password(SERVICE, card.fingerprint, passphrase)
    except keyring.errors.KeyringError as error:
        raise BackendError(
            "this machine has no keyring that can be written",
            "The passphrase is set; you will be asked for it when it is needed.",
        ) from error


def forget_in_keyring(card: "Card") -> None:
    """Remove the passphrase of an identity from the OS keyring, if it is there."""
    keyring = keyring_module()
    if keyring is not None and from_keyring(card) is not None:
        keyring.delete_password(SERVICE, card.fingerprint)


def move_in_keyring(old: "Card", new: "Card") -> None:
    """Keep the passphrase of an identity under its new card, if the keyring has it under the old one."""
    kept = from_keyring(old)
    if kept is not None:
        into_keyring(new, kept)
        forget_in_keyring(old)


def present(descriptor: int | None) -> Callable[["Card"], str | None]:
    """Return the function that a workspace calls when it needs the passphrase that protects it."""

    def ask(card: "Card") -> str | None:
        if descriptor is not None:
            return from_descriptor(descriptor)
        kept = from_credentials() or from_keyring(card)
        if kept is not None or not is_interactive():
            return kept
        entered: str = click.prompt(f"Passphrase of {card.name}", hide_input=True, err=True)
        return entered

    return ask


def chosen(descriptor: int | None, *, none: bool, option: str, company: str) -> str | None:
    """Return the passphrase that is to protect an identity from now on, or None for none.

    The rule is shown before the question. The question is repeated after a passphrase that is easy to guess.

    Args:
        none: whether the user wants none.
        option: the option that names the descriptor, for the hint.
        company: whose keys they are.

    Raises:
        WorkspaceError: nobody is here to choose one, and the user did not say that there is to be none.
    """
    if none:
        return None
    if descriptor is not None:
        return from_descriptor(descriptor)
    if (kept := from_credentials()) is not None:
        return kept
    if not is_interactive():
        raise WorkspaceError(
            "nobody is here to choose a passphrase for the private keys",
            f"Give one with {option} N, or add --no-passphrase: then whoever can read the folder has the keys.",
        )
    from accountmap.trust.key_file import PASSPHRASE_RULE, check_passphrase

    def checked(typed: str) -> str:
        try:
            check_passphrase(typed, company)
        except TrustError as error:
            say(f"{str(error)[:1].upper()}{str(error)[1:]}.")
            raise click.UsageError("choose another one.") from error  # click says no more than that
        return typed

    say(f"Your keys need a passphrase. {PASSPHRASE_RULE}")
    return str(
        click.prompt(
            "Choose a passphrase", hide_input=True, confirmation_prompt="Repeat it", value_proc=checked, err=True
        )
    )


database_options: Final = with_options(
    click.option(
        "--dsn",
        metavar="ADDRESS",
        help="The database: postgresql://user@host/name, sqlite:///file.db or duckdb:///file.",
    ),
    click.option(
        "--dsn-password-fd",
        type=click.IntRange(0),
        help="Read the database's password from this file descriptor. [default: ~/.pgpass, a service file]",
    ),
    click.option("--ask-dsn-password", is_flag=True, help="Ask for the database's password."),
)
"""Adds the options that name a database and the source of its password."""


def database_password(descriptor: int | None, *, ask: bool) -> str | None:
    """Return the password that the user gave, or None: then the database's own library looks for it.

    Raises:
        WorkspaceError: there is none in the file descriptor.
    """
    if descriptor is not None:
        return from_descriptor(descriptor, "password")
    return str(click.prompt("Password of the database", hide_input=True, err=True)) if ask else None
