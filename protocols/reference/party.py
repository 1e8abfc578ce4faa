"""The parameters of a session, and the two parties' inputs (psi-v2 §4, §6)."""

import hashlib
from dataclasses import dataclass, field

from protocols.reference.sketch import SketchSecret, SketchTerms
from protocols.reference.suite import key_message

INITIATOR, RESPONDER = 0, 1
ROLES = ("initiator", "responder")
STRONG, WEAK = "strong", "weak"


@dataclass(frozen=True)
class Slot:
    """A place for one match key.

    Attributes:
        strength: STRONG or WEAK.
        says: `name`, `domain`, `country` or `other`.
        meets_itself: whether an equal key in this same slot on both sides is shared.
    """

    space: str
    weight: int
    strength: str
    says: str
    meets_itself: bool = True


@dataclass(frozen=True)
class MatchClass:
    """One class of the match rule (psi-v2 §8.2); slots by their numbers."""

    leads: list[int]
    with_: list[int]
    tolerates: list[str]
    sure: bool
    reveal_up_to: int
    ask_up_to: int


@dataclass(frozen=True)
class Rectangle:
    """Cells whose matches are revealed.

    Attributes:
        segments: of the initiator and of the responder.
        field_bytes: f, the greatest length of what is shown of one entity.
    """

    segments: tuple[list[int], list[int]]
    field_bytes: int


@dataclass(frozen=True)
class Parameters:
    """What both fix before a session (psi-v2 §4)."""

    context: bytes
    slots: list[Slot]
    weak: str
    threshold: int
    classes: list[MatchClass]
    rectangles: list[Rectangle]
    sizes: tuple[list[int], list[int]]
    sketches: tuple[SketchTerms, SketchTerms]
    totals_bytes: tuple[int, int]
    channel_key_bytes: int

    @property
    def sent(self) -> list[int]:
        """Return the numbers of the slots that are sent."""
        return [n for n, slot in enumerate(self.slots) if slot.strength == STRONG or self.weak != "none"]

    def sizes_in(self, rectangle: int, role: int) -> list[int]:
        """Return the padded rows of each segment of a party, 0 outside the rectangle."""
        inside = self.rectangles[rectangle].segments[role]
        return [size if number in inside else 0 for number, size in enumerate(self.sizes[role])]


@dataclass(frozen=True)
class Entity:
    """One company on a list.

    Attributes:
        account_ids: ascending.
        full_name: its value in a sketch, or None.
        keys: one value a slot; None for a slot that is empty.
        fields: what the partner sees of it if a match of it is revealed.
    """

    account_ids: list[str]
    full_name: str | None
    keys: list[str | None]
    fields: bytes


@dataclass
class Party:
    """One side.

    Attributes:
        card: digest of the card.
        segments: entities of each segment.
        frozen_list, sketch_list: the files from which keys and sketch were made.
        totals: what it sends of its list besides matches.
        seed: what stands in for randomness.
        drawn: what was drawn so far, by name.
    """

    role: int
    card: bytes
    segments: list[list[Entity]]
    frozen_list: bytes
    sketch_list: bytes
    totals: bytes
    channel_key: bytes
    signing_seed: bytes
    seed: str
    drawn: dict[str, bytes] = field(default_factory=dict)

    def draw(self, name: str, length: int) -> bytes:
        """Stand in for randomness: draw bytes for one purpose, and note them."""
        self.drawn[name] = hashlib.shake_256(f"{self.seed}/{name}".encode()).digest(length)
        return self.drawn[name]

    @property
    def session_seed(self) -> bytes:
        """Return the seed of the session (psi-v2 §6.1)."""
        return self.draw("session_seed", 32)

    @property
    def nonce(self) -> bytes:
        """Return the nonce of the session."""
        return self.draw("nonce", 32)

    @property
    def sketch_secret(self) -> SketchSecret:
        """Return what the sketch was made with."""
        return SketchSecret(self.draw("sketch_id", 16), self.draw("sketch_seed", 32), self.card)

    @property
    def full_names(self) -> list[list[str]]:
        """Return the values of the sketch, by segment."""
        return [[e.full_name for e in segment if e.full_name is not None] for segment in self.segments]


def message_of(entity: Entity, slot: int, p: Parameters) -> bytes | None:
    """Return a key as the input of H, or None if the slot is empty."""
    value = entity.keys[slot]
    return None if value is None else key_message(p.slots[slot].space, value)
