"""What both parties fix before a session, and the ports through which a session reaches the world (psi-v1 §4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from accountmap.errors import UsageError
from accountmap.psi.suite import (
    DIGEST_BYTES,
    INDEX_BYTES,
    NONCE_BYTES,
    POINT_BYTES,
    SIGNATURE_BYTES,
    TAG_BYTES,
    TOKEN_BYTES,
)
from accountmap.psi.tables import Bytes2D, Points

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

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        ...


class Aead(Protocol):
    """Authenticated encryption under keys that are used once."""

    def seal(self, key: bytes, plaintext: bytes) -> bytes:
        """Encrypt under a key of 32 bytes; the result is 16 bytes longer."""
        ...

    def open(self, key: bytes, sealed: bytes) -> bytes | None:
        """Decrypt, or return None if the key is another one or the bytes were altered."""
        ...


class Receipts(Protocol):
    """Signatures of the two parties under the digest of what a session did."""

    def sign(self, receipt: bytes) -> bytes:
        """Sign with our long-term key, 64 bytes."""
        ...

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        """Tell whether the partner signed."""
        ...


class OwnEntities(Protocol):
    """What a party knows of its own groups beyond their points."""

    def key(self, group: int, slot: int) -> bytes:
        """Return a match key as the input of H (suite.key_message)."""
        ...

    def fields(self, group: int) -> bytes:
        """Return what the agreement lets the partner see of a matched group, at most `field_bytes` long."""
        ...

    def accepts(self, fields: bytes) -> bool:
        """Tell whether what the partner shows of a group has the form that the agreement gives it."""
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
    RESPONDER_FIELDS = 8
    INITIATOR_FIELDS = 9
    RECEIPT = 10
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
        field_bytes: the most that a party shows of one matched group.
        reveals: whether matches are revealed; otherwise the session ends with the preview.
    """

    context: bytes
    weights: tuple[int, ...]
    threshold: int
    sizes: tuple[tuple[int, ...], tuple[int, ...]]
    channel_key_bytes: int
    field_bytes: int
    reveals: bool = True

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
        sealed = INDEX_BYTES + self.field_bytes + TAG_BYTES
        least, each = {
            MessageType.OFFER: (greeting + i * self.slots * POINT_BYTES, 0),
            MessageType.ANSWER: (greeting + 2 * DIGEST_BYTES + r * self.slots * POINT_BYTES, 0),
            MessageType.PREVIEW: (DIGEST_BYTES + r * TOKEN_BYTES, 0),
            MessageType.PREVIEW_OPENING: (2 * DIGEST_BYTES + i * TOKEN_BYTES, 0),
            MessageType.REVEAL: (2 * DIGEST_BYTES + r * self.slots * TOKEN_BYTES, 0),
            MessageType.REVEAL_OPENING: (DIGEST_BYTES + i * self.slots * TOKEN_BYTES, INDEX_BYTES),
            MessageType.MATCHES: (0, INDEX_BYTES + POINT_BYTES),
            MessageType.RESPONDER_FIELDS: (0, POINT_BYTES + sealed),
            MessageType.INITIATOR_FIELDS: (SIGNATURE_BYTES, sealed),
            MessageType.RECEIPT: (SIGNATURE_BYTES, 0),
            MessageType.STOP: (0, 0),
        }[kind]
        return least, least + each * min(i, r)

    def segment_rows(self, role: Role) -> tuple[int, ...]:
        """Padded number of groups in each segment of one party."""
        return self.sizes[role]


@dataclass(frozen=True, repr=False)
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
    aead: Aead
    receipts: Receipts
