"""Which match keys are compared, and what a shared one is worth.

The weights make the rule lexicographic: each is more than all weaker ones together, so the strongest shared key
decides and the weaker ones only break ties. docs/matching.md has the measurements that chose the slots.
"""

from typing import Final

from accountmap.canonical.prepared import Profile, Slot

NAME: Final = "name"
"""The name space of squashed names and domain labels."""

LOCAL_NAME: Final = "name in country"
"""The same with the country."""


def _profile(name: str, slots: list[tuple[str, str, str]]) -> Profile:
    """Give slots, strongest first as (name, space, tier), descending powers of two as weights."""
    top = len(slots) - 1
    weighed = tuple(Slot(slot, space, 1 << (top - at), tier) for at, (slot, space, tier) in enumerate(slots))
    return Profile(name, weighed, threshold=1)


PROFILES: Final = {
    profile.name: profile
    for profile in [
        _profile("basic", [("name", NAME, "strong name"), ("domain", "domain", "domain")]),
    ]
}
"""All profiles that an agreement can name."""
