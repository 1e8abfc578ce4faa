"""Which rows match, what becomes of each match, and how matches are claimed (psi-v2 §7.6, §8).

Both parties compute the same from the same claims, so only integers are used, and nothing depends on the order of
equal elements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.model import Contradiction, Outcome, Says, Strength
from accountmap.psi.codec import COUNTRY_BIT, DOMAIN_BIT, Bits, Bytes2D, Order, require
from accountmap.psi.parameters import ALWAYS, CLAIM_BYTES, MatchClass, Parameters
from accountmap.psi.suite import INDEX_BYTES, Body

LEAST_ASKED: Final = 25
"""How many matches may be asked about in a comparison, however few are revealed."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class Matching:
    """Rows that match, or are claimed to, in ascending order of `x`.

    Attributes:
        x, v: row of X and row of V, one entry for each match.
        pair_match, pair_x_slot, pair_v_slot: one entry for each shared pair, ordered by match, then by slot of X:
            the position of the match, and the slot that the key is in on each side.
    """

    x: Order
    v: Order
    pair_match: Order
    pair_x_slot: Order
    pair_v_slot: Order

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, chosen: Mask) -> "Matching":
        """Return some of the matches."""
        position, pairs = np.cumsum(chosen) - 1, chosen[self.pair_match]
        return Matching(
            x=self.x[chosen],
            v=self.v[chosen],
            pair_match=position[self.pair_match[pairs]],
            pair_x_slot=self.pair_x_slot[pairs],
            pair_v_slot=self.pair_v_slot[pairs],
        )


@dataclass(frozen=True, repr=False)
class Evidence:
    """What speaks for and against each match, one entry for each (psi-v2 §8.2).

    Attributes:
        weight: summed over the shared pairs.
        lead: number of the slot that the leading pair counts as.
        strength: of that slot, a Strength.
        contradictions: Contradiction bits.
        match_class: number of the class that decides, or -1.
    """

    weight: Order
    lead: Order
    strength: Order
    contradictions: Order
    match_class: Order


@dataclass(frozen=True, repr=False)
class Decided:
    """Claims and what becomes of each.

    Attributes:
        outcome: an Outcome, one entry for each claim.
        room: how many pairs of companies there are to confuse for each sure match.
    """

    claims: Matching
    evidence: Evidence
    outcome: Order
    room: int


@dataclass(frozen=True, repr=False)
class Matches:
    """The matches of one comparison as one side knows them, in an order that both sides share.

    Attributes:
        match_id: shape (matches, 16).
        group: the own entity, by its place among those of the comparison.
        their_segment: number of the partner's segment that the match is in.
        weight: summed over the shared pairs.
        strength: a Strength.
        outcome: Outcome.REVEAL or Outcome.ASK.
        contradictions: Contradiction bits.
        lead: number of the slot that the leading pair counts as.
        match_class: number of the class that decided.
        room: how many pairs of companies there are to confuse for each sure match.
        pair_match, pair_own_slot, pair_their_slot: one entry for each shared pair, ordered by match.
        fields: what the partner showed, one after another.
        field_lengths: length of each; 0 of a match to ask about.
    """

    match_id: Bytes2D
    group: Order
    their_segment: Order
    weight: Order
    strength: Order
    outcome: Order
    contradictions: Order
    lead: Order
    match_class: Order
    room: int
    pair_match: Order
    pair_own_slot: Order
    pair_their_slot: Order
    fields: bytes
    field_lengths: Order

    def __len__(self) -> int:
        return len(self.group)


@dataclass(frozen=True)
class SegmentClaims:
    """How many claims there are in one own segment.

    Attributes:
        strong, weak: of each strength, over all rectangles.
    """

    strong: int
    weak: int


class MatchRule:
    """The matching and the match rule of one comparison.

    Args:
        parameters: of the session.
        x_bits, v_bits: presence bits of the rows of X and of V.
    """

    def __init__(self, parameters: Parameters, x_bits: Bits, v_bits: Bits) -> None:
        self._parameters, self._x_bits, self.v_bits = parameters, x_bits, v_bits
        slots = parameters.slots
        ranked = sorted(
            range(len(slots)), key=lambda n: (slots[n].strength is not Strength.STRONG, -slots[n].weight, n)
        )
        self._slot_of_rank = np.array(ranked, np.int64)
        self._rank = np.argsort(self._slot_of_rank)
        self._weight = np.array([slot.weight for slot in slots], np.int64)
        self._strength = np.array([slot.strength for slot in slots], np.int64)
        self._says = {says: np.array([slot.says is says for slot in slots]) for says in Says}
        self._meets_itself = np.array([slot.meets_itself for slot in slots])

    def mutual_best(self, cells: tuple[Order, Order]) -> Matching:
        """Match rows that are each other's only best partner (psi-v2 §8.1).

        Args:
            cells: those of equal tokens, in U, ascending, and in V. Cells are numbered row by row; each row has
                one for each sent slot.
        """
        sent = np.array(self._parameters.sent, np.int64)
        x_row, x_column = np.divmod(cells[0], len(sent))
        v_row, v_column = np.divmod(cells[1], len(sent))
        shared = self._shares(x_row, v_row, sent[x_column], sent[v_column])
        x_row, v_row = x_row[shared], v_row[shared]
        x_slot, v_slot = sent[x_column[shared]], sent[v_column[shared]]
        rows, pair_of = np.unique(x_row * len(self.v_bits) + v_row, return_inverse=True)
        x, v = np.divmod(rows, max(1, len(self.v_bits)))
        found = Matching(x, v, pair_of, x_slot, v_slot)
        weight = self._weights(found)
        return found[(weight >= self._parameters.threshold) & _only_best(x, weight) & _only_best(v, weight)]

    def _shares(self, x_row: Order, v_row: Order, x_slot: Order, v_slot: Order) -> Mask:
        says_domain = self._says[Says.DOMAIN][x_slot] | self._says[Says.DOMAIN][v_slot]
        both = (self._x_bits[x_row] & self.v_bits[v_row] & DOMAIN_BIT) > 0
        shares: Mask = (both | ~says_domain) & ((x_slot != v_slot) | self._meets_itself[x_slot])
        return shares

    def _weights(self, found: Matching) -> Order:
        weight = np.zeros(len(found), np.int64)
        pair_weight = np.minimum(self._weight[found.pair_x_slot], self._weight[found.pair_v_slot])
        np.add.at(weight, found.pair_match, pair_weight)
        return weight

    def weigh(self, found: Matching) -> Evidence:
        """Find what speaks for and against each match, and the class that decides."""
        rank = np.maximum(self._rank[found.pair_x_slot], self._rank[found.pair_v_slot])
        lead = np.full(len(found), len(self._rank), np.int64)
        np.minimum.at(lead, found.pair_match, rank)
        leading = np.flatnonzero(rank == lead[found.pair_match])
        _, first = np.unique(found.pair_match[leading], return_index=True)
        is_other = np.ones(len(rank), np.bool_)
        is_other[leading[first]] = False
        others = np.zeros(len(found), np.int64)
        np.bitwise_or.at(others, found.pair_match[is_other], 1 << self._slot_of_rank[rank[is_other]])
        lead_slot, contradictions = self._slot_of_rank[lead], self._contradictions(found)
        decided = self._classes(lead_slot, others, contradictions)
        return Evidence(self._weights(found), lead_slot, self._strength[lead_slot], contradictions, decided)

    def _contradictions(self, found: Matching) -> Order:
        both = self._x_bits[found.x] & self.v_bits[found.v]
        named, domain, country = (self._agrees(found, s) for s in (Says.NAME, Says.DOMAIN, Says.COUNTRY))
        domains_differ = ((both & DOMAIN_BIT) > 0) & ~domain
        countries_differ = ((both & COUNTRY_BIT) > 0) & named & ~country
        return Contradiction.DOMAIN * domains_differ + Contradiction.COUNTRY * countries_differ.astype(np.int64)

    def _agrees(self, found: Matching, says: Says) -> Mask:
        """Return which matches share a pair whose slots both say this."""
        said = self._says[says]
        agreed = np.zeros(len(found), np.bool_)
        agreed[found.pair_match[said[found.pair_x_slot] & said[found.pair_v_slot]]] = True
        return agreed

    def _classes(self, lead: Order, others: Order, contradictions: Order) -> Order:
        decided = np.full(len(lead), -1, np.int64)
        for number, rule in enumerate(self._parameters.classes):
            with_any = sum(1 << slot for slot in rule.with_any)
            fits = np.isin(lead, rule.leads) & ((contradictions & ~int(rule.tolerates)) == 0)
            if with_any:
                fits &= (others & with_any) > 0
            decided[fits & (decided < 0)] = number
        return decided

    def decide(self, claims: Matching) -> Decided:
        """Find what becomes of each claim, with the sure ones counted over these claims (psi-v2 §8.2)."""
        return self._decide(claims, self.weigh(claims))

    def _decide(self, claims: Matching, evidence: Evidence) -> Decided:
        classes = self._parameters.classes
        # Where no class fits, the number -1 selects the last entry.
        sure = np.array([*(rule.sure for rule in classes), False])[evidence.match_class]
        room = room_of(len(self._x_bits), len(self.v_bits), int(sure.sum()))
        return Decided(claims, evidence, outcomes(classes, evidence.match_class, room), room)

    def choose_claims(self, found: Matching) -> Decided:
        """Choose the matches that are claimed, as the responder (psi-v2 §8.3)."""
        evidence = self.weigh(found)
        while True:
            decided = self._decide(found, evidence)
            kept = decided.outcome != Outcome.DROP
            asked = np.flatnonzero(decided.outcome == Outcome.ASK)
            heaviest_first = asked[np.lexsort((found.v[asked], -evidence.weight[asked]))]
            kept[heaviest_first[most_asked(decided.outcome) :]] = False
            if kept.all():
                return decided
            found = found[kept]
            evidence = replace(evidence, **{name: column[kept] for name, column in vars(evidence).items()})

    def check_claims(self, claims: Matching) -> Decided:
        """Refuse claims that break a rule that needs no secret, as the initiator (psi-v2 §7.6).

        Raises:
            RefusalError: `row-range` to `ask-count`.
        """
        self._check_rows(claims)
        self._check_pairs(claims)
        heavy = self._weights(claims) >= self._parameters.threshold
        require(bool(heavy.all()), "claim-weight", "a claim has less weight than a match needs")
        decided = self.decide(claims)
        require(Outcome.DROP not in decided.outcome, "claim-dropped", "a claim is one that the match rule drops")
        asked = int((decided.outcome == Outcome.ASK).sum())
        require(asked <= most_asked(decided.outcome), "ask-count", "more matches are to ask about than allowed")
        return decided

    def _check_rows(self, claims: Matching) -> None:
        exist = (claims.x < len(self._x_bits)).all() and (claims.v < len(self.v_bits)).all()
        require(bool(exist), "row-range", "a claim names a row that does not exist")
        distinct = bool((claims.x[1:] > claims.x[:-1]).all()) and len(np.unique(claims.v)) == len(claims)
        require(distinct, "row-repeated", "claims are out of order, or name a row twice")

    def _check_pairs(self, claims: Matching) -> None:
        slots, count = (claims.pair_x_slot, claims.pair_v_slot), len(self._rank)
        sent = all(bool(np.isin(slot, self._parameters.sent).all()) for slot in slots)
        itself = sent and bool(((slots[0] != slots[1]) | self._meets_itself[slots[0]]).all())
        require(itself, "pair-slot", "a claim names a slot that is not sent, or that does not meet itself")
        x_place, v_place = (claims.pair_match * count + slot for slot in slots)
        ascending = bool((x_place[1:] > x_place[:-1]).all())
        require(
            ascending and len(np.unique(v_place)) == len(v_place),
            "pair-repeated",
            "a claim names a slot twice, or its slots are out of order",
        )
        spaces = [slot.space for slot in self._parameters.slots]
        space = np.array([spaces.index(each) for each in spaces])
        require(
            bool((space[slots[0]] == space[slots[1]]).all()), "pair-space", "a pair has slots of two name spaces"
        )
        shares = self._shares(claims.x[claims.pair_match], claims.v[claims.pair_match], *slots)
        require(bool(shares.all()), "pair-bits", "a claim names a domain of a row that has none")


def room_of(x_rows: int, v_rows: int, sure: int) -> int:
    """Return how many pairs of companies there are to confuse for each sure match (psi-v2 §8.2)."""
    x_rest, v_rest = (max(0, without_growth(rows) - sure) for rows in (x_rows, v_rows))
    return min(ALWAYS, x_rest * v_rest // sure) if sure else ALWAYS


MOST_GROWTH: Final = 1_500
"""At most so many rows of a segment are room for growth, not for the companies of today."""


def without_growth(rows: int) -> int:
    """Return the padded rows without those that are room for growth (psi-v2 §8.2, trust-v2 §4.5)."""
    return max(5 * rows // 8, rows - MOST_GROWTH)


def outcomes(classes: Sequence[MatchClass], match_class: Order, room: int) -> Order:
    """Return what becomes of matches at a given room (psi-v2 §8.2).

    Args:
        match_class: number of the class that decides each, or -1, which selects the entry added at the end.
    """
    reveal = np.array([*(rule.reveal_up_to for rule in classes), 0], np.int64)[match_class]
    ask = np.array([*(rule.ask_up_to for rule in classes), 0], np.int64)[match_class]
    revealed, asked = (reveal > 0) & (reveal >= room), (ask > 0) & (ask >= room)
    outcome = np.where(revealed, Outcome.REVEAL, np.where(asked, Outcome.ASK, Outcome.DROP))
    return outcome.astype(np.int64)


def most_asked(outcome: Order) -> int:
    """Return how many claims may be to ask about (psi-v2 §8.3)."""
    return max(LEAST_ASKED, int((outcome == Outcome.REVEAL).sum()))


def _only_best(rows: Order, weight: Order) -> Mask:
    """Mark each pair that is the only one with the greatest weight of its row."""
    best = np.zeros(int(rows.max(initial=-1)) + 1, np.int64)
    np.maximum.at(best, rows, weight)
    is_best = weight == best[rows]
    ties = np.bincount(rows[is_best], minlength=len(best))
    unique: Mask = is_best & (ties[rows] == 1)
    return unique


def encode_claims(claims: Matching) -> bytes:
    """Write the section of message 6 (psi-v2 §7.6)."""
    pairs = np.bincount(claims.pair_match, minlength=len(claims))
    starts = np.cumsum([0, *(CLAIM_BYTES + 2 * pairs)])
    written = np.empty(int(starts[-1]), np.uint8)
    head = np.column_stack([claims.x.astype(">u4"), claims.v.astype(">u4")]).astype(">u4").view(np.uint8)
    written[starts[:-1, None] + np.arange(2 * INDEX_BYTES)] = head.reshape(-1, 2 * INDEX_BYTES)
    written[starts[:-1] + CLAIM_BYTES - 1] = pairs
    first_pair = np.cumsum([0, *pairs])[:-1]
    within = np.arange(len(claims.pair_match)) - first_pair[claims.pair_match]
    place = starts[claims.pair_match] + CLAIM_BYTES + 2 * within
    written[place], written[place + 1] = claims.pair_x_slot, claims.pair_v_slot
    return len(claims).to_bytes(INDEX_BYTES, "big") + written.tobytes()


def decode_claims(section: Body, most_pairs: int) -> Matching:
    """Read a section of message 6.

    Args:
        section: at least 4 bytes.
        most_pairs: the most that a claim may have.

    Raises:
        RefusalError: `claim-length` or `pair-count`.
    """
    count, at, starts = int.from_bytes(section[:INDEX_BYTES], "big"), INDEX_BYTES, list[int]()
    while len(starts) < count and at + CLAIM_BYTES <= len(section):
        starts.append(at)
        at += CLAIM_BYTES + 2 * section[at + CLAIM_BYTES - 1]
    why = "the claims do not end where their section ends"
    require(len(starts) == count and at == len(section), "claim-length", why)
    start, data = np.array(starts, np.int64), np.frombuffer(section, np.uint8)
    pairs = data[start + CLAIM_BYTES - 1].astype(np.int64)
    in_range = bool(((pairs >= 1) & (pairs <= most_pairs)).all())
    require(in_range, "pair-count", "a claim has no pair, or more than there are slots")
    head = data[start[:, None] + np.arange(2 * INDEX_BYTES)].reshape(-1).view(">u4").reshape(-1, 2)
    pair_match = np.repeat(np.arange(count), pairs)
    first_pair = np.cumsum(pairs) - pairs
    place = start[pair_match] + CLAIM_BYTES + 2 * (np.arange(len(pair_match)) - first_pair[pair_match])
    x, v = head.astype(np.int64).T
    return Matching(x, v, pair_match, data[place].astype(np.int64), data[place + 1].astype(np.int64))
