"""What every phase of a session has in common (psi-v1 §7).

A phase is an immutable value: what one party knows between two messages. A step takes the partner's message or
the own consent and gives the next phase and the message to send, if any.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from accountmap.psi.matching import Matching
from accountmap.psi.parameters import Groups, MessageType, OwnEntities, Parameters, Ports, Role
from accountmap.psi.rounds import Counts, match_ids
from accountmap.psi.tables import Order, segment_of_rows
from accountmap.psi.wire import Body


@dataclass(frozen=True, repr=False)
class Setting:
    """What stays the same through a session."""

    role: Role
    parameters: Parameters
    groups: Groups
    own: OwnEntities
    ports: Ports


@dataclass(frozen=True, repr=False)
class Phase:
    """The base of all phases."""


@dataclass(frozen=True, repr=False)
class Message:
    """A message to send.

    Attributes:
        parts: of the body, one after another; large ones are tables where they lie.
    """

    type: MessageType
    parts: tuple[Body, ...]

    @property
    def body(self) -> bytes:
        """The parts put together, which takes as much memory again."""
        return b"".join(self.parts)

    @property
    def length(self) -> int:
        """Length of the body in bytes."""
        return sum(map(len, self.parts))


@dataclass(frozen=True, repr=False)
class Step:
    """Where a party stands after an event, and what it sends."""

    phase: Phase
    reply: Message | None = None


@dataclass(frozen=True, repr=False)
class Stopped(Phase):
    """One of the two ended the session before the reveal."""

    by_partner: bool


@dataclass(frozen=True, repr=False)
class Counted(Phase):
    """The session is over, and was to count only; its secrets are gone.

    Attributes:
        sid: the session's id.
        counts: what the preview showed.
    """

    sid: bytes
    counts: Counts


@dataclass(frozen=True, repr=False)
class Matched(Phase):
    """The matches as one side knows them.

    One entry a match, in an order that both sides share; in the last two one entry a shared key, ordered by match.

    Attributes:
        sid: the session's id.
        graph: digest of both token tables.
        counts: what the preview showed.
        match_id: raw ids, shape (matches, 16).
        group: own group.
        their_segment: number of the partner's segment.
        weight: summed weight of the shared keys.
        key_match, key_slot: match, and own slot, of each shared key.
    """

    sid: bytes
    graph: bytes
    counts: Counts
    match_id: npt.NDArray[np.uint8]
    group: Order
    their_segment: Order
    weight: Order
    key_match: Order
    key_slot: Order

    def __len__(self) -> int:
        return len(self.group)

    def carried(self) -> dict[str, Any]:
        """Return what every later phase keeps, by name."""
        return {field.name: getattr(self, field.name) for field in fields(Matched)}


@dataclass(frozen=True, repr=False)
class Done(Matched):
    """The session is over; its secrets are gone.

    Attributes:
        fields: what the partner showed of its matched groups, one after another.
        field_lengths: length of each.
        shown: digests of the field blocks of messages 8 and 9, as they enter the receipt, 64 bytes.
        receipt: digest of what the session did, and under it the signatures of the initiator and the responder.
    """

    fields: bytes
    field_lengths: Order
    shown: bytes
    receipt: bytes
    signatures: bytes


def matched(
    setting: Setting, sid: bytes, graph: bytes, counts: Counts, matching: Matching, groups: Order
) -> Matched:
    """Put together what one side knows of the matches."""
    if setting.role is Role.INITIATOR:
        theirs, partner, slots = matching.v, Role.RESPONDER, matching.edge_u_slot
    else:
        theirs, partner, slots = matching.u, Role.INITIATOR, matching.edge_v_slot
    return Matched(
        sid=sid,
        graph=graph,
        counts=counts,
        match_id=match_ids(sid, matching, setting.parameters),
        group=groups,
        their_segment=segment_of_rows(setting.parameters.segment_rows(partner))[theirs],
        weight=matching.weight,
        key_match=matching.edge_match,
        key_slot=slots,
    )
