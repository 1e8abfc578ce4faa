"""Every error that accountmap raises, in one tree, each with a message and a hint for people.

No message and no hint ever contains an account's name, domain or key: row numbers and column headings say where
to look instead.
"""

import sys
from pathlib import Path


class AccountmapError(Exception):
    """The base of all errors raised on purpose.

    Attributes:
        hint: what the user can do about it, one sentence, or an empty string.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(AccountmapError):
    """The user's own file or value cannot be used: an account list, a setting, a mapping."""


class WorkspaceError(AccountmapError):
    """The workspace is missing, of another version, locked, or cannot be written."""


class TrustError(AccountmapError):
    """A card, agreement or signature is not valid, or does not fit this workspace."""


class NotNowError(TrustError):
    """The agreement is valid, but allows a session only later or with another list: try again another day."""


class ChannelError(AccountmapError):
    """Messages cannot be moved: no such folder, no permission, disk full."""


class BackendError(AccountmapError):
    """A backend is missing, failed its self-test, or was ended by the system."""


class UsageError(AccountmapError):
    """The library was called in the wrong order or with arguments that do not fit."""


class PeerError(AccountmapError):
    """What came from the partner is not what the protocol allows.

    This is the only error that bytes from a partner can cause.
    """


def install_command(extra: str) -> str:
    """Return the command that installs an extra of accountmap into the environment that runs it.

    pipx and uv leave a file in the environments that they make for a program. There, a plain `pip` would install
    into another environment, some versions of `pipx inject` leave a package alone that is there already, and
    `uv tool install` with one extra would remove the others.
    """
    environment, package = Path(sys.prefix), f'"accountmap[{extra}]"'
    if (environment / "pipx_metadata.json").is_file():
        return f"pipx runpip {environment.name} install {package}"
    if (environment / "uv-receipt.toml").is_file():
        return f'uv pip install --python "{environment}" {package}'
    return f"pip install {package}"
