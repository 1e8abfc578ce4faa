"""What speaks against a match, so that a person looks at it before a seller calls."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.domains import registrable_domain
from accountmap.canonical.places import comparison_country, country_code
from accountmap.canonical.sisters import are_sisters
from accountmap.overlap.columns import mapped
from accountmap.overlap.tables import TIERS

WEAK: Final = "weak evidence"
OTHER_COUNTRY: Final = "another country"
OTHER_DOMAIN: Final = "another domain"
SISTERS: Final = "perhaps a sister company"
SEVERAL: Final = "several of theirs"
DOUBTS: Final = {
    WEAK: "Only part of the name agrees, its sound, or a name and a domain label.",
    OTHER_COUNTRY: "Your account and theirs are in different countries.",
    OTHER_DOMAIN: "The match rests on the name, and the domains differ by more than their ending.",
    SISTERS: "The evidence is weak, and the names begin alike but go on differently.",
    SEVERAL: "This entity of yours matched several of theirs.",
}
"""What each doubt says."""

Flags = npt.NDArray[np.bool_]


def doubts(
    matches: pa.Table, name: pa.ChunkedArray, territory: pa.ChunkedArray, domain: pa.ChunkedArray
) -> pa.Array:
    """Say of each match what speaks against it, joined by "; ", or null.

    Args:
        matches: as from `matched_entities`.
        name: the own entity's name, row for row.
        territory: the own entity's country, likewise, as an ISO 3166 code.
        domain: the own entity's domain or website, likewise.
    """
    by_name = matches["tier_rank"].to_numpy() >= TIERS.index("strong name")
    weak = matches["tier_rank"].to_numpy() == TIERS.index("weak name")
    flags = {
        WEAK: weak,
        OTHER_COUNTRY: _differ(
            mapped(territory, comparison_country), mapped(matches["their_country"], _their_country)
        ),
        OTHER_DOMAIN: by_name & _differ(mapped(domain, _label), mapped(matches["their_website"], _label)),
        SISTERS: _sisters(weak, name, matches["their_name"]),
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


def _sisters(weak: Flags, one: pa.ChunkedArray, other: pa.ChunkedArray) -> Flags:
    """Judge the names of the matches on weak evidence."""
    flags = np.zeros(len(weak), np.bool_)
    rows = np.flatnonzero(weak)
    pairs = zip(one.take(pa.array(rows)).to_pylist(), other.take(pa.array(rows)).to_pylist(), strict=True)
    flags[rows] = [are_sisters(mine or "", theirs or "") for mine, theirs in pairs]
    return flags


def _their_country(text: str) -> str | None:
    code = country_code(text)
    return comparison_country(code) if code else None


def _label(text: str) -> str | None:
    """Give the label of a registrable domain: "acme" of acme.co.uk."""
    domain = registrable_domain(text)
    return domain.split(".")[0] if domain else None
