"""What both parties fix before a session, and the ports through which a session reaches the world (psi-v1 §4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from accountmap.errors import UsageError
from accountmap.psi.suite import DIGEST_BYTES, INDEX_BYTES, NONCE_BYTES, POINT_BYTES, TOKEN_BYTES
from accountmap.psi.tables import Points

Random = Callable[[int], bytes]
"""Returns as many uniform secret bytes as asked for."""


class Curve(Protocol):
    """The arithmetic of a backend."""

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, as psi.hash_to_curve does, shape (n, 32)."""
        ...

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519 (RFC 7748 §5), shape (n, 32); the product of a low-order point is a zero row."""
        ...


class Role(IntEnum):
    """Who sends the first message."""

    INITIATOR = 0
    RESPONDER = 1


class MessageType(IntEnum):
    """The messages of one session, by their number on the wire."""

    OFFER = 1
    ANSWER = 2
    PREVIEW = 3
    PREVIEW_OPENING = 4
    REVEAL = 5
    REVEAL_OPENING = 6
    MATCHES = 7
    STOP = 15


@dataclass(frozen=True)
class Parameters:
    """The public inputs of a session, equal on both sides.

    Attributes:
        context: digest of all that identifies the two parties, their agreement and the rectangle, 32 bytes.
        weights: one positive weight a slot; slot 0 is the preview kind.
        threshold: the least weight of a match.
        sizes: padded rows in each segment, for the initiator and for the responder.
        channel_key_bytes: length of the key that each of the first two messages carries for the envelope.
    """

    context: bytes
    weights: tuple[int, ...]
    threshold: int
    sizes: tuple[tuple[int, ...], tuple[int, ...]]
    channel_key_bytes: int

    def __post_init__(self) -> None:
        first, others = self.weights[0], sum(self.weights[1:])
        if len(self.context) != DIGEST_BYTES or min(self.weights) < 1 or min(*map(min, self.sizes)) < 0:
            raise UsageError("session parameters are out of range")
        if not others < first or first < self.threshold or self.threshold < 1 or first + others >= 2**62:
            raise UsageError(
                "the preview kind must reach the threshold alone and outweigh all other kinds together",
                "Give the first slot a greater weight: otherwise the preview is no lower bound.",
            )

    @property
    def slots(self) -> int:
        """Number of slots in a group."""
        return len(self.weights)

    def rows(self, role: Role) -> int:
        """Padded number of groups of one party."""
        return sum(self.sizes[role])

    def body_limits(self, kind: MessageType) -> tuple[int, int]:
        """Return the least and the greatest length that the body of a message may have (psi-v1 §5)."""
        i, r = self.rows(Role.INITIATOR), self.rows(Role.RESPONDER)
        greeting = NONCE_BYTES + self.channel_key_bytes
        least, matched = {
            MessageType.OFFER: (greeting + i * self.slots * POINT_BYTES, 0),
            MessageType.ANSWER: (greeting + 2 * DIGEST_BYTES + r * self.slots * POINT_BYTES, 0),
            MessageType.PREVIEW: (r * TOKEN_BYTES, 0),
            MessageType.PREVIEW_OPENING: (2 * DIGEST_BYTES + i * TOKEN_BYTES, 0),
            MessageType.REVEAL: (DIGEST_BYTES + r * self.slots * TOKEN_BYTES, 0),
            MessageType.REVEAL_OPENING: (DIGEST_BYTES + i * self.slots * TOKEN_BYTES, min(i, r)),
            MessageType.MATCHES: (0, min(i, r)),
            MessageType.STOP: (0, 0),
        }[kind]
        return least, least + INDEX_BYTES * matched

    def segment_rows(self, role: Role) -> tuple[int, ...]:
        """Padded number of groups in each segment of one party."""
        return self.sizes[role]


@dataclass(frozen=True)
class Groups:
    """One party's own groups, in its own order, segment by segment.

    Attributes:
        sizes: groups in each segment, before padding.
        present: which slots hold a key, shape (groups, slots).
        points: H of the keys that are present, in row-major order of `present`, shape (present.sum(), 32).
            Needed for a party's first message only.
    """

    sizes: tuple[int, ...]
    present: npt.NDArray[np.bool_]
    points: Points | None = None


@dataclass(frozen=True)
class Ports:
    """What a session needs from outside."""

    curve: Curve
    random: Random
