"""The prepared list, ready for a session: entities and their match keys, of the kinds that a profile has.

The weights of a profile make the rule lexicographic: each is more than all weaker ones together, so the strongest
shared key decides and the weaker ones only break ties. docs/matching.md has the measurements that chose the slots.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

import pyarrow as pa

from accountmap.linkage.data import DATA
from accountmap.model import Says, Strength

ENTITY_SCHEMA: Final = pa.schema(
    [
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("full_name", pa.string()),
    ]
)
"""One row for each entity. entity_id is the smallest account_id among its members, and segment the strongest of
theirs. full_name is squashed, common or not: the most frequent among its accounts; of equally frequent ones, the
smallest; null if none has a name. Sketches are made from it, and several entities may have the same."""

MEMBER_SCHEMA: Final = pa.schema(
    [pa.field("account_id", pa.string(), nullable=False), pa.field("entity", pa.int32(), nullable=False)]
)
"""One row for each account: the row of its entity."""

KEY_SCHEMA: Final = pa.schema(
    [
        pa.field("entity", pa.int32(), nullable=False),
        pa.field("slot", pa.int8(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("rule", pa.dictionary(pa.int8(), pa.string()), nullable=False),
    ]
)
"""One row for each match key: row of the entity, index of the slot in the profile, canonical value, rule that made
it.

There is at most one key per entity and slot, and within one name space no value occurs twice in the list.
"""


@dataclass(frozen=True)
class Slot:
    """A place for one match key in every group.

    Attributes:
        name: short and unique within a profile, for people and reports, such as "name" or "domain".
        space: the name space its values live in; slots of one space can match each other.
        weight: positive; the evidence that a shared key of this slot gives.
        strength: whether a shared key names a company or only hints at it.
        says: what its keys say about a company, for contradictions.
        meets_itself: whether equal keys match if they are in this slot on both sides.
    """

    name: str
    space: str
    weight: int
    strength: Strength
    says: Says
    meets_itself: bool = True


@dataclass(frozen=True)
class Profile:
    """Which keys are compared, in which order, and how much evidence makes a match.

    A shared key counts as one of the weaker of its two slots.
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


NAME: Final = "name"
"""The name space of squashed names, shortened names and domain labels, with and without the country."""

_STRONG, _WEAK = Strength.STRONG, Strength.WEAK
_STANDARD, _IDENTIFIERS = "standard", "identifiers"
_BOTH: Final = (_STANDARD, _IDENTIFIERS)

_SLOTS: Final = (
    ("lei", "lei", _STRONG, Says.OTHER, True, (_IDENTIFIERS,)),
    ("domain", "domain", _STRONG, Says.DOMAIN, True, _BOTH),
    ("vat", "vat", _STRONG, Says.OTHER, True, (_IDENTIFIERS,)),
    ("duns", "duns", _STRONG, Says.OTHER, True, (_IDENTIFIERS,)),
    ("reference", "reference", _STRONG, Says.OTHER, True, _BOTH),
    ("name", NAME, _STRONG, Says.NAME, True, _BOTH),
    ("name_country", NAME, _STRONG, Says.COUNTRY, True, _BOTH),
    ("short_country", NAME, _STRONG, Says.COUNTRY, False, _BOTH),
    ("common_name", NAME, _WEAK, Says.NAME, True, _BOTH),
    ("label", NAME, _WEAK, Says.OTHER, True, _BOTH),
    ("label_country", NAME, _WEAK, Says.COUNTRY, True, _BOTH),
    ("first_two_words", "first two words", _WEAK, Says.OTHER, True, _BOTH),
    ("stem", NAME, _WEAK, Says.COUNTRY, True, _BOTH),
)
"""All slots, strongest first: name, name space, strength, what a key says, whether it matches a key in the same
slot on the other side, and the profiles that have it. A name shortened on one side is mostly the same company, but
a name shortened on both sides is often a sister company: so `short_country` does not match itself.

`keys.MAKERS` makes the values, and a class of `trust.match_rule` says what becomes of a match led by the slot."""


def _profile(name: str) -> Profile:
    """Return a profile whose slots have descending powers of two as weights; any one of them makes a match."""
    chosen = [row for row in _SLOTS if name in row[5]]
    slots = tuple(
        Slot(slot, space, 1 << (len(chosen) - 1 - at), strength, says, meets)
        for at, (slot, space, strength, says, meets, _) in enumerate(chosen)
    )
    return Profile(name, slots, threshold=1)


PROFILES: Final = {name: _profile(name) for name in _BOTH}
"""All profiles that an agreement can name: `identifiers` adds registry numbers."""

DEFAULT_PROFILE: Final = _STANDARD


CANONICAL_VERSION: Final = "canonical-v2"
"""The specification that this package follows (`protocols/canonical-v2.md`)."""

LIBRARIES: Final = ("anyascii", "python-stdnum")
"""Libraries whose own rules decide keys, which is why `pyproject.toml` pins them: anyascii decides the keys of
every name, python-stdnum those of the slots `lei`, `vat` and `reference`. publicsuffixlist only reads the list in
`data/`."""


def data_digests() -> dict[str, str]:
    """Return the digests of the data that decide keys, which stay the same while a program runs.

    Returns:
        By `data/<file name>`, the SHA-256 of each table's file in hex; by name, the version of each library; in
        the order of these names.
    """
    return _data_digests().copy()


@cache
def _data_digests() -> dict[str, str]:
    tables = {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DATA.iterdir()
        if path.name.endswith((".tsv", ".txt", ".dat"))
    }
    libraries = {name: version(name) for name in LIBRARIES}
    return dict(sorted((tables | libraries).items()))
