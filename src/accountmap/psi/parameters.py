"""What both parties fix before a session, and the lengths of messages that follow from it (psi-v2 §4, §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Final

from accountmap.errors import UsageError
from accountmap.model import Contradiction, Role, Says, Strength, WeakSlots
from accountmap.psi.suite import (
    DIGEST_BYTES,
    INDEX_BYTES,
    NONCE_BYTES,
    POINT_BYTES,
    SIGNATURE_BYTES,
    TAG_BYTES,
    TOKEN_BYTES,
    Body,
)

ALWAYS: Final = 2**63 - 1
"""The room when no match is sure; as a limit, one that no room exceeds."""

MAX_SLOTS: Final = 32
MAX_CLASSES: Final = 64
MAX_RECTANGLES: Final = 256
MAX_SEGMENTS: Final = 16
MAX_ROWS: Final = 10**8
"""Padded rows of a segment."""

LENGTH_BYTES: Final = 8
"""Bytes in which the length of a section is written."""

CLAIM_BYTES: Final = 9
"""Bytes of a claim before its pairs: a row of X, a row of V, the number of pairs."""


class MessageType(IntEnum):
    """The messages, by their number on the wire."""

    OFFER = 1
    ANSWER = 2
    INITIATOR_POINTS = 3
    RESPONDER_POINTS = 4
    TOKENS = 5
    CLAIMS = 6
    ROWS = 7
    RESPONDER_FIELDS = 8
    INITIATOR_FIELDS = 9
    RECEIPT = 10
    PREVIEW_OFFER = 11
    PREVIEW_ANSWER = 12
    STOP = 15


@dataclass(frozen=True)
class Slot:
    """A place for one match key in every group.

    Attributes:
        space: the name space of its keys, 1 to 255 bytes; slots of one space can match each other.
        weight: positive.
        strength: how much a shared key proves.
        says: what its keys say of a company.
        meets_itself: whether a key that both sides have in this slot counts as shared.
    """

    space: bytes
    weight: int
    strength: Strength
    says: Says = Says.OTHER
    meets_itself: bool = True


@dataclass(frozen=True)
class MatchClass:
    """One class of the match rule (psi-v2 §8.2).

    Attributes:
        leads: slots; the leading pair counts as one of them.
        with_any: slots; some other pair counts as one of them. Empty: no other pair is needed.
        tolerates: contradictions that a match of this class may have.
        sure: whether its matches count when the room is computed.
        reveal_up_to, ask_up_to: the greatest room at which its matches are revealed, and asked about.
    """

    leads: tuple[int, ...]
    with_any: tuple[int, ...] = ()
    tolerates: Contradiction = Contradiction.NONE
    sure: bool = False
    reveal_up_to: int = 0
    ask_up_to: int = 0


@dataclass(frozen=True)
class Rectangle:
    """Cells with one level of disclosure.

    Attributes:
        segments: numbers of the initiator's segments and of the responder's.
        field_bytes: the most bytes that a party shows of one matched entity.
    """

    segments: tuple[tuple[int, ...], tuple[int, ...]]
    field_bytes: int


Limits = tuple[int, int]
"""The least and the greatest length in bytes."""


@dataclass(frozen=True)
class Parameters:
    """The public inputs of a session, equal on both sides.

    Attributes:
        context: digest of all that identifies the two parties and their agreement, 32 bytes.
        slots: of the agreement, in its order; a slot keeps its number whether it is sent or not.
        weak: what becomes of weak slots.
        threshold: the least weight of a match.
        classes: the match rule; the first class that fits a match decides.
        rectangles: one comparison each.
        sizes: padded rows of each segment, of the initiator and of the responder.
        sketch_bytes: length of the initiator's sketch and of the responder's.
        totals_bytes: the most bytes that each shows of the rest of its list; 0 for nothing.
        channel_key_bytes: length of the key that messages 1 and 2 carry for the envelope.

    Raises:
        UsageError: something is out of range (psi-v2 §4, §8.2).
    """

    context: bytes
    slots: tuple[Slot, ...]
    weak: WeakSlots
    threshold: int
    classes: tuple[MatchClass, ...]
    rectangles: tuple[Rectangle, ...]
    sizes: tuple[tuple[int, ...], tuple[int, ...]]
    sketch_bytes: tuple[int, int]
    totals_bytes: tuple[int, int]
    channel_key_bytes: int

    def __post_init__(self) -> None:
        counted = (
            (self.slots, MAX_SLOTS),
            (self.classes, MAX_CLASSES),
            (self.rectangles, MAX_RECTANGLES),
            *((sizes, MAX_SEGMENTS) for sizes in self.sizes),
        )
        lengths = (*self.sketch_bytes, *self.totals_bytes, self.channel_key_bytes)
        _require(len(self.context) == DIGEST_BYTES and self.threshold >= 1 and min(lengths) >= 0)
        _require(all(1 <= len(items) <= most for items, most in counted))
        _require(all(0 <= size <= MAX_ROWS for sizes in self.sizes for size in sizes))
        self._check_slots()
        for rectangle in self.rectangles:
            _require(rectangle.field_bytes >= 0)
            for chosen, sizes in zip(rectangle.segments, self.sizes, strict=True):
                _require(len(set(chosen)) == len(chosen) and all(0 <= n < len(sizes) for n in chosen))
        for each in self.classes:
            self._check_class(each)

    def _check_slots(self) -> None:
        _require(all(1 <= len(slot.space) <= 255 and slot.weight >= 1 for slot in self.slots))
        _require(sum(slot.weight for slot in self.slots) < 2**62 and bool(self.sent))
        domains = {slot.space for slot in self.slots if slot.says is Says.DOMAIN}
        _require(not domains & {slot.space for slot in self.slots if slot.says is not Says.DOMAIN})

    def _check_class(self, rule: MatchClass) -> None:
        for named in (rule.leads, rule.with_any):
            _require(len(set(named)) == len(named) and all(0 <= n < len(self.slots) for n in named))
        _require(bool(rule.leads) and all(0 <= n <= ALWAYS for n in (rule.reveal_up_to, rule.ask_up_to)))
        leads_weakly = any(self.slots[n].strength is Strength.WEAK for n in rule.leads)
        reveals_weakly = rule.reveal_up_to > 0 and self.weak is not WeakSlots.REVEAL
        _require(not (leads_weakly and (rule.sure or reveals_weakly)))

    @cached_property
    def sent(self) -> tuple[int, ...]:
        """Numbers of the slots that are sent, ascending: the columns of all tables."""
        kept = self.weak is not WeakSlots.NONE
        return tuple(n for n, slot in enumerate(self.slots) if kept or slot.strength is Strength.STRONG)

    def sizes_in(self, rectangle: int, role: Role) -> tuple[int, ...]:
        """Return the padded rows of each segment of a party in a rectangle, 0 outside it."""
        inside = self.rectangles[rectangle].segments[role]
        return tuple(size if number in inside else 0 for number, size in enumerate(self.sizes[role]))

    def rows(self, rectangle: int, role: Role) -> int:
        """Return the padded rows of a party in a rectangle."""
        return sum(self.sizes_in(rectangle, role))

    def channel_key(self, body: Body) -> bytes:
        """Return the key for the envelope from the body of message 1 or 2, whose length has been checked."""
        return bytes(body[NONCE_BYTES : NONCE_BYTES + self.channel_key_bytes])

    def body_limits(self, kind: MessageType, matches: Sequence[int] | None = None) -> Limits:
        """Return the least and the greatest length of a body.

        Args:
            kind: the message.
            matches: how many matches each comparison has, once that is known.
        """
        sections, fixed = self.section_limits(kind, matches), self.fixed_bytes(kind)
        fixed += LENGTH_BYTES * len(sections)
        return fixed + sum(least for least, _ in sections), fixed + sum(most for _, most in sections)

    def fixed_bytes(self, kind: MessageType) -> int:
        """Return the length of what a body holds outside its container."""
        greeting = NONCE_BYTES + self.channel_key_bytes + DIGEST_BYTES
        return {
            MessageType.OFFER: greeting + self.sketch_bytes[Role.INITIATOR],
            MessageType.ANSWER: greeting + self.sketch_bytes[Role.RESPONDER],
            MessageType.INITIATOR_POINTS: DIGEST_BYTES,
            MessageType.RESPONDER_POINTS: DIGEST_BYTES,
            MessageType.INITIATOR_FIELDS: SIGNATURE_BYTES,
            MessageType.RECEIPT: SIGNATURE_BYTES,
        }.get(kind, 0)

    def section_limits(self, kind: MessageType, matches: Sequence[int] | None = None) -> list[Limits]:
        """Return the least and the greatest length of each section of a message, none if it has no sections."""
        limits = self._limits_before_matches(kind)
        if limits:
            return limits
        most = [min(self.rows(n, role) for role in Role) for n in range(len(self.rectangles))]
        bounds = [(0, count) for count in most] if matches is None else [(count, count) for count in matches]
        match kind:
            case MessageType.ROWS:
                named = INDEX_BYTES + POINT_BYTES
                return [(named * least, named * most) for least, most in bounds]
            case MessageType.RESPONDER_FIELDS:
                return [*self._fields(bounds, POINT_BYTES), (0, self.totals_bytes[Role.RESPONDER])]
            case MessageType.INITIATOR_FIELDS:
                return [*self._fields(bounds, 0), (0, self.totals_bytes[Role.INITIATOR])]
            case _:
                return []

    def _limits_before_matches(self, kind: MessageType) -> list[Limits]:
        """Return the limits of a message that is sent before the number of matches is known, none for others."""
        numbers, columns = range(len(self.rectangles)), len(self.sent)
        match kind:
            case MessageType.INITIATOR_POINTS:
                return [self._points(n, Role.INITIATOR) for n in numbers]
            case MessageType.RESPONDER_POINTS:
                return [self._points(n, Role.RESPONDER) for n in numbers]
            case MessageType.TOKENS:
                lengths = [TOKEN_BYTES * self.rows(n, Role.RESPONDER) * columns for n in numbers]
                return [(length, length) for length in lengths]
            case MessageType.CLAIMS:
                widest = CLAIM_BYTES + 2 * columns
                most = [min(self.rows(n, role) for role in Role) for n in numbers]
                return [(INDEX_BYTES, INDEX_BYTES + widest * count) for count in most]
            case _:
                return []

    def _points(self, rectangle: int, role: Role) -> Limits:
        rows = self.rows(rectangle, role)
        length = -(-rows // 4) + POINT_BYTES * rows * len(self.sent)
        return length, length

    def _fields(self, bounds: Sequence[Limits], share: int) -> list[Limits]:
        empty = share + INDEX_BYTES + TAG_BYTES
        return [
            (empty * least, (empty + rectangle.field_bytes) * most)
            for (least, most), rectangle in zip(bounds, self.rectangles, strict=True)
        ]


@dataclass(frozen=True)
class PreviewParameters:
    """The public inputs of a preview on its own (psi-v2 §7.11).

    Attributes:
        context: as in Parameters.
        sketch_bytes: length of the initiator's sketch and of the responder's.
    """

    context: bytes
    sketch_bytes: tuple[int, int]

    def body_limits(self, kind: MessageType) -> Limits:
        """Return the least and the greatest length of a body; they are equal."""
        role = {MessageType.PREVIEW_OFFER: Role.INITIATOR, MessageType.PREVIEW_ANSWER: Role.RESPONDER}[kind]
        length = NONCE_BYTES + self.sketch_bytes[role]
        return length, length


def _require(holds: bool) -> None:
    if not holds:
        raise UsageError("session parameters are out of range")
