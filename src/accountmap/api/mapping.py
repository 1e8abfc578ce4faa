"""Taking the steps of a session over a folder or a direct connection."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accountmap.channels import Channel, DirectChannel, Endpoint, FolderChannel, open_channel
from accountmap.errors import UsageError
from accountmap.exchange import Outcome, Preview, Steps, default_curve
from accountmap.exchange.direct import open_direct
from accountmap.exchange.waiting import Patience, advance_patiently
from accountmap.workspace import Status, Workspace

_LOG: Final = logging.getLogger(__name__)

DIRECT_WAIT: Final = 3600.0
"""Seconds that a direct connection waits for the partner's program if nothing else is said."""


def map_accounts(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    reveal: Callable[[Preview], bool | None],
    *,
    listen: str | None = None,
    connect: str | None = None,
    new: bool = False,
    list_id: int | None = None,
    wait: float | None = None,
    waiting: Callable[[Outcome], None] = lambda _: None,
    progress: Callable[[int, int], None] | None = None,
    backend: str | None = None,
) -> Outcome:
    """Take all steps of the session with a partner that can be taken now. Call it again until it is done.

    Args:
        partner: name or short name of a partner of the workspace.
        place: where both sides' messages are: a folder (by mail, where you save theirs and find yours), the
            address of a remote one (`sftp://user@host/path`, `s3://bucket/prefix`), or an open channel.
        reveal: asked once the counts are known: True reveals, False declines, None leaves it open.
            `lambda preview: preview.automatic or None` follows the agreement's rule and leaves the rest to people.
        listen, connect: `HOST:PORT` of a direct connection, one of them; `place` is then a folder of your own
            that keeps the partner's messages.
        new: begin another session although the last one is over.
        list_id: number of the prepared list that a new session uses; by default the last one.
        wait: stay, for so many seconds at most for each of the partner's files; by default an hour if connected
            directly, and else not at all.
        waiting: called before each wait, with what was done so far.
        progress: called during long work with the points computed so far and in all.
        backend: what does the curve arithmetic, a name of docs/backends.md; by default the fastest that this
            machine can use.

    Raises:
        NotNowError: the agreement allows no session today, or none with this list: its runs are used up, or the
            list differs too little from one that was shown.
        TrustError: no agreement allows a session.
        PeerError: what came from the partner is not what the protocol allows.
        ChannelError, WorkspaceError: a file cannot be read or written; nothing is lost.
        UsageError: a direct connection without a folder; no backend of that name.
        BackendError: this machine cannot use that backend.
    """
    patience = wait if wait is not None else DIRECT_WAIT if listen or connect else 0
    with _opened(workspace, partner, place, listen, connect, patience) as channel:
        curve = default_curve(progress=progress, backend=backend)
        steps = Steps(workspace, workspace.partner(partner), channel, curve, list_id=list_id)
        outcome = advance_patiently(steps, channel, reveal, Patience(patience, waiting), new=new)
        log_outcome(outcome)
        return outcome


def log_outcome(outcome: Outcome) -> None:
    """Log where a session stands; no count, for it says how much two companies share."""
    number = outcome.session.id if outcome.session else "not begun"
    taken, sent = len(outcome.taken), len(outcome.sent)
    _LOG.info("session %s is %s: took in %d messages, wrote %d", number, outcome.state, taken, sent)


@contextmanager
def _opened(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    listen: str | None,
    connect: str | None,
    wait: float,
) -> Iterator[Channel]:
    if not (listen or connect):
        with open_channel(place) as channel:
            yield channel
        return
    if not isinstance(place, Path | str):
        raise UsageError("a direct connection keeps its messages in a folder")
    with closing(
        direct_channel(workspace, partner, Path(place), listen=listen, connect=connect, wait=wait)
    ) as direct:
        yield direct


def direct_channel(
    workspace: Workspace,
    partner: str,
    folder: Path,
    *,
    listen: str | None = None,
    connect: str | None = None,
    wait: float = DIRECT_WAIT,
) -> DirectChannel:
    """Open a TLS connection to a partner, as the place of `map_accounts`. Close it when that has returned.

    Args:
        folder: keeps the partner's messages; a session that was begun by mail goes on if it holds them.
        listen, connect: `HOST:PORT`, one of them.
        wait: seconds after which a message that cannot be sent is given up.

    Raises:
        InputError: the address is malformed.
        ChannelError: nothing can listen there.
    """
    address = listen or connect
    if not address or (listen and connect):
        raise UsageError("a direct connection either listens or connects")
    record = workspace.partner(partner)
    return open_direct(
        workspace,
        record,
        Endpoint.parse(address),
        folder,
        listen=listen is not None,
        patience=wait,
        now=datetime.now(UTC),
    )


def abandon_session(workspace: Workspace, partner: str) -> None:
    """Give up the open session with a partner. What has left cannot be taken back.

    Raises:
        TrustError: there is no open session.
    """
    Steps(workspace, workspace.partner(partner), FolderChannel(workspace.folder), default_curve()).abandon()


def revoke_partner(workspace: Workspace, partner: str) -> None:
    """Trust a partner's card no longer, and give up the open session with it, if there is one.

    Raises:
        TrustError: there is no such partner.
    """
    record = workspace.partner(partner)
    workspace.revoke_partner(record, datetime.now(UTC))
    if any(session.status is Status.OPEN for session in workspace.sessions(record)):
        abandon_session(workspace, partner)
