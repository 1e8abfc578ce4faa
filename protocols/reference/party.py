"""The two parties' inputs, and the randomness that each draws in order."""

import hashlib
from dataclasses import dataclass, field

from protocols.reference.labels import key_message

INITIATOR, RESPONDER = 0, 1
ROLES = ("initiator", "responder")


Segments = list[list[list[str | None]]]
"""Segments, of entities, of one value a slot; None for a slot that is empty."""


@dataclass(frozen=True)
class Parameters:
    """What both fix before a session (psi-v1 §4)."""

    context: bytes
    spaces: list[str]
    weights: list[int]
    threshold: int
    sizes: tuple[list[int], list[int]]
    channel_key_bytes: int
    field_bytes: int


@dataclass
class Party:
    """One side.

    Attributes:
        segments: the party's keys.
        fields: what the partner sees of each entity if it matches, one an entity.
        channel_key: carried for the envelope.
        signing_seed: Ed25519 seed for the receipt.
        seed: what all randomness is derived from.
        drawn: what was drawn so far, by name.
    """

    role: int
    segments: Segments
    fields: list[bytes]
    channel_key: bytes
    signing_seed: bytes
    seed: str
    drawn: dict[str, bytes] = field(default_factory=dict)

    def draw(self, name: str, length: int) -> bytes:
        """Stand in for randomness: draw bytes for one purpose, and note them."""
        self.drawn[name] = hashlib.shake_256(f"{self.seed}/{name}".encode()).digest(length)
        return self.drawn[name]

    @property
    def entities(self) -> list[list[str | None]]:
        """All entities, segment by segment."""
        return [entity for segment in self.segments for entity in segment]

    def key(self, entity: int, slot: int, parameters: Parameters) -> bytes:
        """Return a key as the input of H."""
        value = self.entities[entity][slot]
        if value is None:
            raise ValueError("the slot is empty")
        return key_message(parameters.spaces[slot], value)
