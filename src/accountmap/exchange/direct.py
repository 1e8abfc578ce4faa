"""A direct connection between the parties of an agreement."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from accountmap.channels import DirectChannel, Endpoint
from accountmap.errors import PeerError
from accountmap.exchange.direct_tls import tls_context
from accountmap.exchange.rectangles import run_parameters
from accountmap.psi.parameters import MessageType
from accountmap.trust.envelope import Header
from accountmap.workspace import PartnerRecord, Workspace


def open_direct(
    workspace: Workspace,
    partner: PartnerRecord,
    endpoint: Endpoint,
    folder: Path,
    *,
    listen: bool,
    patience: float,
    now: datetime,
) -> DirectChannel:
    """Open a direct connection to a partner.

    Args:
        endpoint: where to listen or to connect to.
        folder: keeps the partner's messages.
        patience: seconds, as in DirectChannel.

    Raises:
        ChannelError: nothing can listen there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tls = tls_context(workspace.identity, partner.card, now, server=listen)
    opened = DirectChannel.listen if listen else DirectChannel.connect
    return opened(endpoint, tls, folder, acceptable(workspace, partner), patience)


def acceptable(workspace: Workspace, partner: PartnerRecord) -> Callable[[bytes], int | None]:
    """Return the test of what a partner may send: messages to us under an agreement, as long as it allows.

    It looks at what the workspace held when it was made, so that it can be asked from any thread.
    """
    known = {a.digest: run_parameters(a) for a in workspace.agreements(partner) if a.complete}
    ours, theirs = workspace.card.digest, partner.card.digest

    def length(head: bytes) -> int | None:
        try:
            header = Header.decode(head)
        except PeerError:
            return None
        parameters = known.get(header.agreement)
        if (header.sender, header.recipient) != (theirs, ours) or parameters is None:
            return None
        if header.type not in set(MessageType):
            return None
        least, most = parameters.body_limits(MessageType(header.type))
        return header.file_bytes if least <= header.body_bytes <= most else None

    return length
