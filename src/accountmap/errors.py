"""Every error that accountmap raises, in one tree, each with a message and a hint for people.

No message and no hint ever contains an account's name, domain or key: row numbers and column headings say where
to look instead.
"""


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
