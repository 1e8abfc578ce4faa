"""The own identity in the workspace: unlocked when it is first needed, so that most commands ask nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from accountmap.errors import WorkspaceError
from accountmap.files import write_atomic
from accountmap.trust.identity import Card, Identity
from accountmap.trust.key_file import KeyFile

Ask = Callable[[Card], str | None]
"""Returns the passphrase of the identity with this card, or None if nobody gives one."""


class OwnKeys:
    """The identity file and, once it was needed, the identity in it."""

    def __init__(self, path: Path, file: KeyFile, ask: Ask) -> None:
        self._path, self._file, self._ask = path, file, ask
        self._identity: Identity | None = None
        self._passphrase: str | None = None

    @classmethod
    def read(cls, path: Path, ask: Ask) -> Self:
        """Read the identity file.

        Raises:
            WorkspaceError: it is missing or damaged.
        """
        try:
            return cls(path, KeyFile.decode(path.read_bytes()), ask)
        except OSError as error:
            raise WorkspaceError("the identity file cannot be read", "Restore it from a backup.") from error

    @classmethod
    def create(cls, path: Path, identity: Identity, passphrase: str | None) -> Self:
        """Write a new identity file."""
        file = KeyFile.protect(identity, passphrase)
        write_atomic(path, file.encode())
        return cls(path, file, lambda _: passphrase)

    @property
    def card(self) -> Card:
        """The public half."""
        return self._file.card

    @property
    def identity(self) -> Identity:
        """The private keys; asks for the passphrase if there is one.

        Raises:
            WorkspaceError: it is wrong or missing.
        """
        if self._identity is None:
            passphrase = self._ask(self.card) if self._file.lock else None
            self._identity = self._file.unlock(passphrase)
            self._passphrase = passphrase
        return self._identity

    @property
    def passphrase(self) -> str | None:
        """The passphrase that unlocked the identity, once it was needed."""
        return self._passphrase

    def replace(self, identity: Identity, passphrase: str | None) -> None:
        """Write an identity under a passphrase in the place of what was there; None leaves it unsealed."""
        file = KeyFile.protect(identity, passphrase)
        write_atomic(self._path, file.encode())
        self._file, self._identity, self._passphrase = file, identity, passphrase
