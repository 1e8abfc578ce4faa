"""The kinds of match keys, the profiles made of them, and what decides keys, for the agreement.

The weights make the rule lexicographic: each is more than all weaker ones together, so the strongest shared key
decides and the weaker ones only break ties. docs/matching.md has the measurements that chose the slots.
"""

import hashlib
from importlib.metadata import version
from typing import Final

from accountmap.linkage.prepared import Profile, Slot
from accountmap.linkage.tables import DATA

NAME: Final = "name"
"""The name space of squashed names, stems and domain labels, with and without the country."""

_SLOTS: Final = (
    ("name", NAME, "strong name"),
    ("lei", "lei", "identifier"),
    ("vat", "vat", "identifier"),
    ("duns", "duns", "identifier"),
    ("domain", "domain", "domain"),
    ("reference", "reference", "identifier"),
    ("name_country", NAME, "strong name"),
    ("label", NAME, "weak name"),
    ("label_country", NAME, "weak name"),
    ("first_two_words", "first two words", "weak name"),
    ("stem", NAME, "weak name"),
    ("sound", "sound in country", "weak name"),
)
"""All slots as (name, space, tier), strongest first after the preview kind."""

_LISTED: Final = frozenset(["lei", "vat", "duns", "reference"])
"""Slots for what registers and the reference list say; few lists of accounts have them."""


def _profile(name: str, chosen: frozenset[str]) -> Profile:
    """Give the chosen slots descending powers of two as weights; any one of them makes a match."""
    slots = [slot for slot in _SLOTS if slot[0] in chosen]
    weighed = (Slot(slot, space, 1 << at, tier) for at, (slot, space, tier) in enumerate(reversed(slots)))
    return Profile(name, tuple(weighed)[::-1], threshold=1)


_ALL: Final = frozenset(name for name, _, _ in _SLOTS)

PROFILES: Final = {
    profile.name: profile
    for profile in [
        _profile("eight", _ALL - _LISTED),
        _profile("three", frozenset(["name", "domain", "label"])),
        _profile("six", _ALL - _LISTED - {"stem", "sound"}),
        _profile("nine", (_ALL - _LISTED) | {"reference"}),
        _profile("twelve", _ALL),
    ]
}
"""All profiles that an agreement can name.

`three` and `six` are for short lists against long ones; `nine` adds the reference list, `twelve` also registry
numbers.
"""

DEFAULT_PROFILE: Final = "eight"


CANONICAL_VERSION: Final = "canonical-v1"
"""The specification that this package follows (`protocols/canonical-v1.md`)."""

LIBRARIES: Final = ("anyascii", "python-stdnum")
"""Libraries whose own rules decide keys, so that `pyproject.toml` pins them: anyascii the keys of every name,
python-stdnum those of the slots `lei`, `vat` and `reference`. publicsuffixlist only reads the list in `data/`."""


def data_digests() -> dict[str, str]:
    """Name the data behind the keys.

    Returns:
        SHA-256 in hex of each table's file under `data/<file name>`, and the version of each library under its
        name, ordered by name.
    """
    tables = {
        f"data/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DATA.iterdir()
        if path.name.endswith((".tsv", ".txt", ".dat"))
    }
    libraries = {name: version(name) for name in LIBRARIES}
    return dict(sorted((tables | libraries).items()))
