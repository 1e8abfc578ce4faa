"""The prepared list: entities and their match keys, ready for a session."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from accountmap.model import Says, Tier

ENTITY_SCHEMA: Final = pa.schema(
    [
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("full_name", pa.string()),
    ]
)
"""One row an entity. entity_id is the smallest account_id among its members; segment the strongest. full_name is
squashed, common or not: the most frequent of its accounts, of equally frequent ones the smallest; null if none has
one. Sketches are made of it, and it may stand with several entities."""

MEMBER_SCHEMA: Final = pa.schema(
    [pa.field("account_id", pa.string(), nullable=False), pa.field("entity", pa.int32(), nullable=False)]
)
"""One row an account: the row of its entity."""

KEY_SCHEMA: Final = pa.schema(
    [
        pa.field("entity", pa.int32(), nullable=False),
        pa.field("slot", pa.int8(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("rule", pa.dictionary(pa.int8(), pa.string()), nullable=False),
    ]
)
"""One row a match key: row of the entity, index of the slot in the profile, canonical value, rule that made it.

At most one key per entity and slot; within one name space no value stands twice in the list.
"""


@dataclass(frozen=True)
class Slot:
    """A place for one match key in every group.

    Attributes:
        name: short and unique within a profile, for people and reports, such as "name" or "domain".
        space: the name space its values live in; slots of one space can match each other.
        weight: positive; the evidence that a shared key of this slot gives.
        tier: whether a shared key names a company or only hints at it.
        says: what its keys say, for contradictions.
        meets_itself: whether a key that stands in this same slot on both sides is shared.
    """

    name: str
    space: str
    weight: int
    tier: Tier
    says: Says
    meets_itself: bool = True


@dataclass(frozen=True)
class Profile:
    """Which keys are compared, in which order, and how much evidence makes a match.

    A shared key counts as that of its two slots which has the smaller weight.
    """

    name: str
    slots: tuple[Slot, ...]
    threshold: int


@dataclass(frozen=True, repr=False)
class Prepared:
    """One side's entities with their keys under one profile.

    `reference` is the digest in hex of the reference list that the keys were made with, or empty.
    """

    profile: Profile
    entities: pa.Table
    members: pa.Table
    keys: pa.Table
    reference: str = ""
