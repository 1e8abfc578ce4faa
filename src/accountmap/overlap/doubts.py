"""What speaks against a match, so that a person looks at it before a seller calls."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.domains import registrable_domain
from accountmap.canonical.places import comparison_country, country_code
from accountmap.overlap.columns import mapped
from accountmap.overlap.tables import TIERS

WEAK: Final = "weak evidence"
OTHER_COUNTRY: Final = "another country"
OTHER_DOMAIN: Final = "another domain"
SEVERAL: Final = "several of theirs"
DOUBTS: Final = {
    WEAK: "Only part of the name agrees, its sound, or a name and a domain label.",
    OTHER_COUNTRY: "Your account and theirs are in different countries.",
    OTHER_DOMAIN: "The match rests on the name, and the domains differ by more than their ending.",
    SEVERAL: "This entity of yours matched several of theirs.",
}
"""What each doubt says."""

Flags = npt.NDArray[np.bool_]


def doubts(matches: pa.Table, territory: pa.ChunkedArray, domain: pa.ChunkedArray) -> pa.Array:
    """Say of each match what speaks against it, joined by "; ", or null.

    Args:
        matches: as from `matched_entities`.
        territory: the own entity's country, row for row, as an ISO 3166 code.
        domain: the own entity's domain or website, likewise.
    """
    by_name = matches["tier_rank"].to_numpy() >= TIERS.index("strong name")
    flags = {
        WEAK: matches["tier_rank"].to_numpy() == TIERS.index("weak name"),
        OTHER_COUNTRY: _differ(
            mapped(territory, comparison_country), mapped(matches["their_country"], _their_country)
        ),
        OTHER_DOMAIN: by_name & _differ(mapped(domain, _label), mapped(matches["their_website"], _label)),
        SEVERAL: several(matches["entity"].to_numpy()),
    }
    code = sum(flag.astype(np.int64) << bit for bit, flag in enumerate(flags.values()))
    joined = [
        "; ".join(name for bit, name in enumerate(flags) if at >> bit & 1) or None for at in range(1 << len(flags))
    ]
    return pa.array(joined, pa.string()).take(pa.array(code, pa.int64()))


def several(entity: npt.NDArray[np.integer]) -> Flags:
    """Tell which matches are of an entity that has others too."""
    if not len(entity):
        return np.zeros(0, np.bool_)
    many: Flags = np.bincount(entity)[entity] > 1
    return many


def _differ(one: pa.Array, other: pa.Array) -> Flags:
    """Tell where both are known and differ."""
    different: Flags = pc.fill_null(pc.not_equal(one, other), False).to_numpy(zero_copy_only=False)
    return different


def _their_country(text: str) -> str | None:
    code = country_code(text)
    return comparison_country(code) if code else None


def _label(text: str) -> str | None:
    """Give the label of a registrable domain: "acme" of acme.co.uk."""
    domain = registrable_domain(text)
    return domain.split(".")[0] if domain else None
