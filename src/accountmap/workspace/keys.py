"""The own identity in the workspace, unlocked when it is first needed, so that most commands do not ask for the
passphrase; and how a workspace is made: its folders, identity file and database, all of them or none.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from accountmap.errors import WorkspaceError
from accountmap.files import keep_private, write_atomic
from accountmap.trust.identity import Card, Identity, Rotation
from accountmap.trust.key_file import KeyFile
from accountmap.workspace import audits, conversations, entries, estimates, sketches
from accountmap.workspace.database import Database

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
    def create(cls, path: Path, file: KeyFile, passphrase: str | None) -> Self:
        """Write a new identity file.

        Raises:
            OSError: it cannot be written.
        """
        write_atomic(path, file.encode())
        return cls(path, file, lambda _: passphrase)

    @property
    def card(self) -> Card:
        """The public half."""
        return self._file.card

    @property
    def former_cards(self) -> tuple[Card, ...]:
        """The own cards that were replaced."""
        return self._file.former

    @property
    def last_rotation(self) -> Rotation | None:
        """The file with which partners replaced our last card, if there was one."""
        return Rotation.parse(self._file.rotation.encode()) if self._file.rotation else None

    @property
    def is_protected(self) -> bool:
        """Whether a passphrase protects the private keys."""
        return self._file.lock is not None

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

    def change_passphrase(self, passphrase: str | None) -> None:
        """Seal the identity under another passphrase; None leaves it unsealed.

        Raises:
            OSError: the file cannot be written.
            WorkspaceError: the identity cannot be unlocked.
            TrustError: the new passphrase is too easy to guess.
        """
        self._write(self.identity, passphrase, self._file.former, self._file.rotation)

    def replace(self, identity: Identity, rotation: Rotation) -> None:
        """Write another identity under the same passphrase, in one step; the present card becomes a former one.

        Raises:
            OSError: it cannot be written; the present identity stays in use.
        """
        self._write(identity, self._passphrase, (*self._file.former, self.card), rotation.document)

    def _write(self, identity: Identity, passphrase: str | None, former: tuple[Card, ...], rotation: str) -> None:
        file = KeyFile.protect(identity, passphrase, former, rotation)
        write_atomic(self._path, file.encode())
        self._file, self._identity, self._passphrase = file, identity, passphrase


DATABASE: Final = "accountmap.db"
IDENTITY: Final = "identity.json"

_TABLES: Final = (
    sketches.SCHEMA,
    estimates.SCHEMA,
    conversations.SCHEMA,
    entries.SCHEMA,
    audits.SCHEMA,
)
_FOLDERS: Final = ("lists", "sessions", "reports")


def check_free(folder: Path) -> None:
    """Refuse a folder that is a workspace.

    Raises:
        WorkspaceError: it is one.
    """
    if (folder / DATABASE).exists() or (folder / IDENTITY).exists():
        raise WorkspaceError(
            f"{folder.resolve()} is a workspace already",
            "To go on in it: accountmap status. For another company: accountmap init FOLDER",
        )


def create(folder: Path, identity: Identity, passphrase: str | None) -> tuple[OwnKeys, Database]:
    """Make the files of a workspace.

    Raises:
        TrustError: the passphrase is not usable.
        WorkspaceError: the folder cannot be written. Whatever was made is removed again.
    """
    file = KeyFile.protect(identity, passphrase)
    made: list[Path] = []
    try:
        for part in (*_missing(folder), *(folder / part for part in _FOLDERS)):
            if not part.exists():
                part.mkdir(mode=0o700)
                made.append(part)
        keep_private(folder)
        made += [folder / IDENTITY, folder / DATABASE]
        keys = OwnKeys.create(folder / IDENTITY, file, passphrase)
        return keys, Database.create(folder / DATABASE, _TABLES)
    except BaseException as error:
        _remove(made)
        if isinstance(error, OSError):
            raise WorkspaceError(
                f"no workspace can be made in {folder}: {error.strerror}",
                "Choose a folder in which you may write, on a disk that is not full.",
            ) from error
        raise


def _missing(folder: Path) -> list[Path]:
    """Return the missing folders of a path, the outermost first."""
    return [each for each in (*folder.parents[::-1], folder) if not each.exists()]


def _remove(made: list[Path]) -> None:
    """Remove what a failed creation has made, and nothing that was there before."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
