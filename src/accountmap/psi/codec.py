"""The bodies of the messages as bytes: sections in a container, raw columns, presence bits (psi-v2 §7).

A reader checks the lengths of a body and of its sections before it reads anything else, so it allocates nothing
that the agreement does not allow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError
from accountmap.psi.parameters import LENGTH_BYTES, Limits, MessageType, Parameters, PreviewParameters
from accountmap.psi.suite import NONCE_BYTES, Body

Bytes2D = npt.NDArray[np.uint8]
Order = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]
"""Presence bits, one entry a row: 2 if there is a domain, plus 1 if there is a country."""

DOMAIN_BIT, COUNTRY_BIT = 2, 1
_SHIFTS: Final = np.array([6, 4, 2, 0], np.uint8)


class RefusalError(PeerError):
    """The partner's message breaks a rule of the protocol.

    Attributes:
        rule: its name in account-psi-v2.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def require(holds: bool, rule: str, message: str) -> None:
    """Refuse the partner's message unless a condition holds.

    Raises:
        RefusalError: it does not.
    """
    if not holds:
        raise RefusalError(rule, message)


@dataclass(frozen=True, repr=False)
class Message:
    """A message to send.

    Attributes:
        parts: the body in parts, one after another; large tables are not copied.
    """

    type: MessageType
    parts: tuple[Body, ...]

    @property
    def body(self) -> bytes:
        """The parts joined, which takes as much memory again."""
        return b"".join(self.parts)

    @property
    def length(self) -> int:
        """Length of the body in bytes."""
        return sum(map(len, self.parts))


def join(sections: Sequence[Sequence[Body]]) -> tuple[Body, ...]:
    """Write a container: the lengths of all sections, then the sections, each of which comes in parts."""
    lengths = [sum(map(len, section)).to_bytes(LENGTH_BYTES, "big") for section in sections]
    return (*lengths, *(part for section in sections for part in section))


def check_length(kind: MessageType, body: Body, limits: Limits) -> None:
    """Refuse a body of a length that the parameters do not allow.

    Raises:
        RefusalError: `length`.
    """
    least, most = limits
    allowed = f"the agreement allows {least}" + (f" to {most}" if most > least else "")
    require(least <= len(body) <= most, "length", f"message {kind} has {len(body)} bytes where {allowed}")


def split(kind: MessageType, container: Body, limits: Sequence[Limits]) -> list[memoryview]:
    """Cut a container into its sections, without copying them.

    Raises:
        RefusalError: `section-length`.
    """
    whole, start = memoryview(container), LENGTH_BYTES * len(limits)
    rule, why = "section-length", f"message {kind} has sections of other lengths than the agreement allows"
    require(len(whole) >= start, rule, why)
    lengths = [int.from_bytes(whole[at : at + LENGTH_BYTES], "big") for at in range(0, start, LENGTH_BYTES)]
    require(all(least <= n <= most for (least, most), n in zip(limits, lengths, strict=True)), rule, why)
    ends = list(accumulate(lengths, initial=start))
    require(ends[-1] == len(whole), rule, why)
    return [whole[a:b] for a, b in pairwise(ends)]


def read_sections(
    kind: MessageType, body: Body, parameters: Parameters, matches: Sequence[int] | None = None
) -> tuple[bytes, list[memoryview], bytes]:
    """Check the lengths of a body, and cut it into head, sections and tail.

    Raises:
        RefusalError: `length` or `section-length`.
    """
    check_length(kind, body, parameters.body_limits(kind, matches))
    fixed, whole = parameters.fixed_bytes(kind), memoryview(body)
    head = 0 if kind is MessageType.INITIATOR_FIELDS else fixed
    tail = len(whole) - (fixed - head)
    sections = split(kind, whole[head:tail], parameters.section_limits(kind, matches))
    return bytes(whole[:head]), sections, bytes(whole[tail:])


def cut(body: Body, *lengths: int) -> tuple[list[bytes], memoryview]:
    """Cut fields off the front of a body. The rest is not copied, since it may be most of the message."""
    fields, rest = [], memoryview(body)
    for length in lengths:
        fields.append(bytes(rest[:length]))
        rest = rest[length:]
    return fields, rest


def raw(table: npt.NDArray[np.uint8]) -> memoryview:
    """Return a table's bytes, without copying a table that is contiguous."""
    return np.ascontiguousarray(table).reshape(-1).data


def rows(field: Body, width: int) -> Bytes2D:
    """Read a column of byte strings, shape (n, width)."""
    return np.frombuffer(field, np.uint8).reshape(-1, width)


def encode_indices(indices: Order) -> bytes:
    """Write row numbers or lengths, four bytes each, big-endian."""
    return indices.astype(">u4").tobytes()


def indices(field: Body) -> Order:
    """Read row numbers or lengths."""
    return np.frombuffer(field, ">u4").astype(np.int64)


def bits_bytes(count: int) -> int:
    """Return how many bytes the presence bits of so many rows have."""
    return -(-count // 4)


def pack_bits(bits: Bits) -> bytes:
    """Write presence bits, four rows a byte, from the most significant bit on (psi-v2 §7.3)."""
    quads = np.zeros((bits_bytes(len(bits)), 4), np.uint8)
    quads.reshape(-1)[: len(bits)] = bits
    packed: Bytes2D = (quads << _SHIFTS).sum(axis=1, dtype=np.uint8)
    return packed.tobytes()


def unpack_bits(field: Body, count: int) -> Bits:
    """Read the presence bits of so many rows.

    Raises:
        RefusalError: `bits`.
    """
    quads = np.frombuffer(field, np.uint8)[:, None] >> _SHIFTS
    found = (quads & np.uint8(3)).reshape(-1).astype(np.uint8)
    require(not found[count:].any(), "bits", "presence bits are set after the last row")
    return found[:count]


def write_preview(kind: MessageType, nonce: bytes, sketch: bytes) -> Message:
    """Write message 11 or 12 of a preview on its own (psi-v2 §7.11)."""
    return Message(kind, (nonce, sketch))


def read_preview(
    parameters: PreviewParameters,
    kind: MessageType,
    body: Body,
    check_sketch: Callable[[bytes], None],
    own_nonce: bytes = b"",
) -> tuple[bytes, bytes]:
    """Read message 11 or 12.

    Args:
        check_sketch: raises PeerError for a sketch that psi-v2 §5.4 refuses.
        own_nonce: that of our message 11, when message 12 is read.

    Returns:
        Nonce and sketch.

    Raises:
        PeerError: the message is not as the protocol allows.
    """
    check_length(kind, body, parameters.body_limits(kind))
    (nonce,), sketch = cut(body, NONCE_BYTES)
    check_sketch(bytes(sketch))
    require(nonce != own_nonce, "nonce", f"message {kind} has our own nonce")
    return nonce, bytes(sketch)
