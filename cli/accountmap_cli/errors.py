"""One table from errors to what the user sees, and the exit code that a script sees."""

import sys
import traceback
from typing import Final, NoReturn

from accountmap.errors import (
    AccountmapError,
    BackendError,
    ChannelError,
    InputError,
    PeerError,
    TrustError,
    UsageError,
    WorkspaceError,
)
from accountmap_cli.output import say

EXIT_CODES: Final = {
    InputError: 3,
    WorkspaceError: 4,
    TrustError: 5,
    ChannelError: 6,
    PeerError: 7,
    BackendError: 8,
    UsageError: 70,
    AccountmapError: 1,
}
"""1 is also anything unexpected, 2 a wrong command line, 130 an interruption."""


def report(error: AccountmapError) -> NoReturn:
    """Show an error with its hint and end the program."""
    message = str(error)
    starts_with_initials = message[:2].isupper()
    say(f"accountmap: {message if starts_with_initials else message[:1].lower() + message[1:]}")
    if error.hint:
        say(f"  {error.hint}")
    sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))


def report_unexpected(error: Exception, *, debug: bool) -> NoReturn:
    """Show where an unexpected error arose, but not its text, which may hold account data."""
    if debug:
        traceback.print_exception(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        file = place.filename.replace("\\", "/").rpartition("/")[2]
        say(f"accountmap: an internal error: {type(error).__name__} in {file}, line {place.lineno}")
        say("  This is a bug. Run again with --debug for the details; they may show account data.")
    sys.exit(1)
