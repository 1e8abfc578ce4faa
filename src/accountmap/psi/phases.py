"""What every phase of a session has in common (psi-v1 §7).

A phase is an immutable value: what one party knows between two messages. A step takes the partner's message or
the own consent and gives the next phase and the message to send, if any.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accountmap.psi.matching import Matching
from accountmap.psi.parameters import Groups, MessageType, Parameters, Ports, Role
from accountmap.psi.rounds import Counts, match_ids
from accountmap.psi.tables import Order, segment_of_rows


@dataclass(frozen=True)
class Setting:
    """What stays the same through a session."""

    role: Role
    parameters: Parameters
    groups: Groups
    ports: Ports


@dataclass(frozen=True)
class Phase:
    """The base of all phases."""


@dataclass(frozen=True)
class Message:
    """A message body to send."""

    type: MessageType
    body: bytes


@dataclass(frozen=True)
class Step:
    """Where a party stands after an event, and what it sends."""

    phase: Phase
    reply: Message | None = None


@dataclass(frozen=True)
class Stopped(Phase):
    """One of the two ended the session before the reveal."""

    by_partner: bool


@dataclass(frozen=True)
class Done(Phase):
    """The session is over; its secrets are gone.

    One entry a match in the first four, one entry a shared key in the last two, ordered by match.

    Attributes:
        sid: the session's id.
        counts: what the preview showed.
        match_id: raw ids, shape (matches, 16), in an order that both sides share.
        group: own group.
        their_segment: number of the partner's segment.
        weight: summed weight of the shared keys.
        key_match, key_slot: match, and own slot, of each shared key.
    """

    sid: bytes
    counts: Counts
    match_id: npt.NDArray[np.uint8]
    group: Order
    their_segment: Order
    weight: Order
    key_match: Order
    key_slot: Order


def done(setting: Setting, sid: bytes, counts: Counts, matching: Matching, groups: Order) -> Done:
    """Put together what one side takes away."""
    if setting.role is Role.INITIATOR:
        theirs, partner, slots = matching.v, Role.RESPONDER, matching.edge_u_slot
    else:
        theirs, partner, slots = matching.u, Role.INITIATOR, matching.edge_v_slot
    ids = b"".join(bytes.fromhex(i) for i in match_ids(sid, matching, setting.parameters))
    return Done(
        sid=sid,
        counts=counts,
        match_id=np.frombuffer(ids, np.uint8).reshape(-1, 16),
        group=groups,
        their_segment=segment_of_rows(setting.parameters.segment_rows(partner))[theirs],
        weight=matching.weight,
        key_match=matching.edge_match,
        key_slot=slots,
    )
