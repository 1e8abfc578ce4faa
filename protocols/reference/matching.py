"""The matching and the match rule as psi-v2 §8 defines them: every pair of rows is looked at, none is skipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from protocols.reference.party import STRONG, MatchClass, Slot

Table = list[list[bytes]]
"""Rows, of sent slots, of points or tokens."""

Bits = tuple[bool, bool]
"""Domain bit and country bit of a row."""

Pairs = tuple[tuple[int, int], ...]
"""Slot of X and slot of V of each shared pair, ascending."""

REVEAL, ASK, DROP = "reveal", "ask", "drop"
ALWAYS = (1 << 63) - 1
LEAST_ASKED = 25


@dataclass(frozen=True)
class Match:
    """Two rows that are each other's only best.

    Attributes:
        x, v: row of X (or U) and row of V.
        weight: sum over the shared pairs.
    """

    x: int
    v: int
    weight: int
    pairs: Pairs


def weight_of(pairs: Pairs, slots: Sequence[Slot]) -> int:
    """Return the weight of two rows that share these pairs."""
    return sum(min(slots[s].weight, slots[t].weight) for s, t in pairs)


def shared_pairs(
    u_row: list[bytes], v_row: list[bytes], bits: tuple[Bits, Bits], slots: Sequence[Slot], sent: Sequence[int]
) -> Pairs:
    """Find the pairs that two rows share (psi-v2 §8.1)."""
    cells = product(zip(sent, u_row, strict=True), zip(sent, v_row, strict=True))
    both_have_domain = bits[0][0] and bits[1][0]
    return tuple(
        (s, t)
        for (s, x), (t, y) in cells
        if x == y
        and (both_have_domain or "domain" not in (slots[s].says, slots[t].says))
        and (s != t or slots[s].meets_itself)
    )


def match(
    u: Table,
    v: Table,
    bits: tuple[list[Bits], list[Bits]],
    slots: Sequence[Slot],
    sent: Sequence[int],
    threshold: int,
) -> list[Match]:
    """Match two token tables, in ascending order of the row of X (psi-v2 §8.1).

    Args:
        bits: of the rows of X and of the rows of V.
    """
    pairs = [
        Match(i, j, weight_of(shared, slots), shared)
        for (i, u_row), (j, v_row) in product(enumerate(u), enumerate(v))
        if (shared := shared_pairs(u_row, v_row, (bits[0][i], bits[1][j]), slots, sent))
    ]
    return [
        pair
        for pair in pairs
        if pair.weight >= threshold
        and all(
            pair.weight > other.weight
            for other in pairs
            if other is not pair and (other.x == pair.x or other.v == pair.v)
        )
    ]


def rank(slot: int, slots: Sequence[Slot]) -> tuple[bool, int, int]:
    """Return what slots are sorted by, the best first."""
    return slots[slot].strength != STRONG, -slots[slot].weight, slot


def counts_as(pair: tuple[int, int], slots: Sequence[Slot]) -> int:
    """Return the lower-ranked slot of a pair."""
    return max(pair, key=lambda slot: rank(slot, slots))


def leading_pair(pairs: Pairs, slots: Sequence[Slot]) -> tuple[int, int]:
    """Return the leading pair of a match."""
    return min(pairs, key=lambda pair: (rank(counts_as(pair, slots), slots), pair[0]))


def strength_of(pairs: Pairs, slots: Sequence[Slot]) -> str:
    """Return the strength of a match."""
    return slots[counts_as(leading_pair(pairs, slots), slots)].strength


def contradictions(pairs: Pairs, bits: tuple[Bits, Bits], slots: Sequence[Slot]) -> set[str]:
    """Return which evidence speaks against a match (psi-v2 §8.2)."""
    says = {slots[s].says for s, t in pairs if slots[s].says == slots[t].says}
    found = set()
    if bits[0][0] and bits[1][0] and "domain" not in says:
        found.add("domain")
    if bits[0][1] and bits[1][1] and "name" in says and "country" not in says:
        found.add("country")
    return found


def class_of(
    pairs: Pairs, bits: tuple[Bits, Bits], slots: Sequence[Slot], classes: Sequence[MatchClass]
) -> MatchClass | None:
    """Return the first class that fits a match."""
    leading = leading_pair(pairs, slots)
    others = {counts_as(pair, slots) for pair in pairs if pair != leading}
    against = contradictions(pairs, bits, slots)
    for candidate in classes:
        leads = counts_as(leading, slots) in candidate.leads
        if (
            leads
            and (not candidate.with_ or others & set(candidate.with_))
            and against <= set(candidate.tolerates)
        ):
            return candidate
    return None


def room(x_rows: int, v_rows: int, sure: int) -> int:
    """Return r (psi-v2 §8.2)."""
    if not sure:
        return ALWAYS
    rest = [max(0, max(rows * 5 // 8, rows - 1500) - sure) for rows in (x_rows, v_rows)]
    return min(ALWAYS, rest[0] * rest[1] // sure)


def outcome_of(decided: MatchClass | None, r: int) -> str:
    """Return what becomes of a match that a class decides."""
    if decided is None:
        return DROP
    if 0 < decided.reveal_up_to >= r:
        return REVEAL
    return ASK if 0 < decided.ask_up_to >= r else DROP


def outcomes(
    matches: Sequence[Match],
    bits: tuple[list[Bits], list[Bits]],
    slots: Sequence[Slot],
    classes: Sequence[MatchClass],
) -> list[str]:
    """Return what becomes of each match or claim (psi-v2 §8.2)."""
    decided = [class_of(m.pairs, (bits[0][m.x], bits[1][m.v]), slots, classes) for m in matches]
    sure = sum(c is not None and c.sure for c in decided)
    r = room(len(bits[0]), len(bits[1]), sure)
    return [outcome_of(c, r) for c in decided]


def claims_of(
    matches: Sequence[Match],
    bits: tuple[list[Bits], list[Bits]],
    slots: Sequence[Slot],
    classes: Sequence[MatchClass],
) -> list[tuple[Match, str]]:
    """Return what the responder claims, and what becomes of each (psi-v2 §8.3)."""
    kept = list(matches)
    while True:
        found = outcomes(kept, bits, slots, classes)
        both = list(zip(kept, found, strict=True))
        most = max(LEAST_ASKED, found.count(REVEAL))
        asked = sorted((m for m, outcome in both if outcome == ASK), key=lambda m: (-m.weight, m.v))
        remaining = [m for m, outcome in both if outcome == REVEAL or (outcome == ASK and m in asked[:most])]
        if remaining == kept:
            return both
        kept = remaining


def encode_claims(claims: Sequence[Match]) -> bytes:
    """Write the section of message 6 (psi-v2 §7.6)."""
    written = len(claims).to_bytes(4, "big")
    for claim in claims:
        written += claim.x.to_bytes(4, "big") + claim.v.to_bytes(4, "big") + bytes([len(claim.pairs)])
        written += b"".join(bytes(pair) for pair in claim.pairs)
    return written
