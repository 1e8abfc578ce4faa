"""The calls that put several parts together, for programs and for the command line."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accountmap.channels import Channel, DirectChannel, Endpoint, FolderChannel, open_channel
from accountmap.errors import PeerError, UsageError, WorkspaceError
from accountmap.exchange import Outcome, Preview, Steps, default_curve
from accountmap.exchange.describe import HOLDS, REVEALS
from accountmap.exchange.direct import open_direct
from accountmap.exchange.waiting import Patience, advance_patiently
from accountmap.overlap import STANDARD_WEIGHTS, AccountMap, Weights, build_map, with_history
from accountmap.psi.parameters import MessageType
from accountmap.trust.envelope import HEADER_BYTES, Header
from accountmap.workspace import SessionRecord, Status, Workspace

SESSIONS_COMPARED: Final = 12
"""How many sessions a history goes back: a year, month by month."""


def map_accounts(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    reveal: Callable[[Preview], bool | None],
    *,
    new: bool = False,
    list_id: int | None = None,
    wait: float = 0,
    waiting: Callable[[Outcome], None] = lambda _: None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Take all steps of the session with a partner that can be taken now. Call it again until it is done.

    Args:
        partner: name or short name of a partner of the workspace.
        place: where both sides' messages are: a folder (by mail, where you save theirs and find yours), the
            address of a remote one (`sftp://user@host/path`, `s3://bucket/prefix`), or an open channel.
        reveal: asked once the counts are known: True reveals, False declines, None leaves it open.
            `lambda preview: preview.automatic` follows the agreement's rule.
        new: begin another session although the last one is over.
        list_id: number of the prepared list that a new session uses; by default the last one.
        wait: stay, for so many seconds at most for each of the partner's files; by default return at once.
        waiting: called before each wait, with what was done so far.
        progress: called during long work with the points computed so far and in all.

    Raises:
        TrustError: no agreement allows a session now.
        PeerError: what came from the partner is not what the protocol allows.
        ChannelError, WorkspaceError: a file cannot be read or written; nothing is lost.
    """
    with open_channel(place) as channel:
        curve = default_curve(progress=progress)
        steps = Steps(workspace, workspace.partner(partner), channel, curve, list_id=list_id)
        return advance_patiently(steps, channel, reveal, Patience(wait, waiting), new=new)


def direct_channel(
    workspace: Workspace,
    partner: str,
    folder: Path,
    *,
    listen: str | None = None,
    connect: str | None = None,
    wait: float = 3600,
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


def account_map(workspace: Workspace, partner: str, weights: Weights = STANDARD_WEIGHTS) -> AccountMap:
    """Build the account map from the last finished session with a partner.

    It tells what has changed since earlier sessions.

    Args:
        weights: what the overlap is ranked by.

    Raises:
        WorkspaceError: no session with this partner is finished.
    """
    finished = [s for s in workspace.sessions(workspace.partner(partner)) if s.status is Status.DONE]
    if not finished:
        raise WorkspaceError(
            "no session with this partner is finished", f"Go on with: accountmap map --with {partner}"
        )
    latest, *earlier = finished[:SESSIONS_COMPARED]
    maps = [_map_of(workspace, latest, weights)]
    for session in earlier:
        # A list or result that cannot be read any more shortens the history, and must not cost the report.
        with suppress(WorkspaceError, UsageError):
            before = _map_of(workspace, session, weights)
            # The clock may have been set back in between.
            maps += [before] if before.finished < maps[-1].finished else []
    return with_history(maps[::-1])


def _map_of(workspace: Workspace, session: SessionRecord, weights: Weights) -> AccountMap:
    accounts, prepared = workspace.load_list(session.list_id)
    return build_map(accounts, prepared, workspace.result(session), weights)


@dataclass(frozen=True)
class MessageDescription:
    """What a message file says of itself without being opened.

    Attributes:
        number: of the message in the session; 15 is a refusal to reveal.
        sender, recipient, agreement, session: digests in hex; the session is all zeros in message 1.
        body_bytes: length of what is sealed.
        complete: whether the whole file is there.
        holds, reveals: one plain sentence each.
    """

    number: int
    from_initiator: bool
    sender: str
    recipient: str
    agreement: str
    session: str
    created: datetime
    expires: datetime
    body_bytes: int
    complete: bool
    holds: str
    reveals: str


def describe_message(file: Path) -> MessageDescription:
    """Read the clear part of a message file.

    Raises:
        PeerError: it is no message, or of another version.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        header = Header.decode(stream.read(HEADER_BYTES))
    if header.type not in set(MessageType):
        raise PeerError("this message is of a kind that this version does not know")
    kind = MessageType(header.type)
    return MessageDescription(
        number=int(kind),
        from_initiator=header.role == 0,
        sender=header.sender.hex(),
        recipient=header.recipient.hex(),
        agreement=header.agreement.hex(),
        session=header.session.hex(),
        created=datetime.fromtimestamp(min(header.created, 2**33), UTC),
        expires=datetime.fromtimestamp(min(header.expires, 2**33), UTC),
        body_bytes=header.body_bytes,
        complete=file.stat().st_size == header.file_bytes,
        holds=HOLDS[kind],
        reveals=REVEALS[kind],
    )
