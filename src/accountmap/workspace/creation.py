"""Making a workspace: its folders, identity file and database, all of them or none."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from accountmap.errors import WorkspaceError
from accountmap.files import keep_private
from accountmap.trust.identity import Identity
from accountmap.trust.key_file import KeyFile
from accountmap.workspace import audits, conversations, estimates, previews, sketches
from accountmap.workspace.database import Database
from accountmap.workspace.keys import OwnKeys

DATABASE: Final = "accountmap.db"
IDENTITY: Final = "identity.json"

_TABLES: Final = (sketches.SCHEMA, estimates.SCHEMA, conversations.SCHEMA, audits.SCHEMA, previews.SCHEMA)
_FOLDERS: Final = ("lists", "sessions", "reports")


def check_free(folder: Path) -> None:
    """Refuse a folder that is a workspace.

    Raises:
        WorkspaceError: it is one.
    """
    if (folder / DATABASE).exists() or (folder / IDENTITY).exists():
        raise WorkspaceError(f"{folder} is a workspace already", "Choose another folder, or use this one.")


def create(folder: Path, identity: Identity, passphrase: str | None) -> tuple[OwnKeys, Database]:
    """Make the files of a workspace.

    Raises:
        TrustError: the passphrase is not usable.
        WorkspaceError: the folder cannot be written. Nothing is left of what was made.
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
            raise WorkspaceError(f"{folder} cannot be written: {error.strerror}") from error
        raise


def _missing(folder: Path) -> list[Path]:
    """Return the folders on the way to one that are missing, the outermost first."""
    return [each for each in (*folder.parents[::-1], folder) if not each.exists()]


def _remove(made: list[Path]) -> None:
    """Remove what a failed creation has made, and nothing that was there before."""
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
