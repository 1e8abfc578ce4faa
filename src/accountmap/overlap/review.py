"""What the user decided about matches: to keep one, or to reject it. It stays here, and holds next time.

Match ids are new in every session, so a decision is about an own account and the evidence that its match had. A
match that comes back with other evidence is a question again: a rejected one if it has more, a kept one if it has
less.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.overlap.columns import Rows

KEPT: Final = "kept"
REJECTED: Final = "rejected"


@dataclass(frozen=True, order=True)
class MatchDecision:
    """One decision.

    Attributes:
        account_id: any account of the own entity.
        evidence: the shared slots, joined by "+", as in the overlap.
        their_segment: tells the matches of an entity apart that has several; else it does not count.
        keep: or reject.
    """

    account_id: str
    evidence: str
    their_segment: str
    keep: bool

    @property
    def subject(self) -> tuple[str, str, str]:
        """What the decision is about."""
        return self.account_id, self.evidence, self.their_segment

    def holds(self, evidence: frozenset[str]) -> bool:
        """Tell whether it still holds for a match with this evidence."""
        seen = frozenset(self.evidence.split("+"))
        return seen <= evidence if self.keep else evidence <= seen


def review_matches(
    matches: pa.Table, decisions: Collection[MatchDecision], account_id: pa.ChunkedArray, entity_of_account: Rows
) -> pa.Array:
    """Say for each match KEPT, REJECTED, or null where no decision holds.

    Args:
        matches: as from `matched_entities`.
        account_id, entity_of_account: the own accounts, and the row of each one's entity.
    """
    if not decisions:
        return pa.nulls(matches.num_rows, pa.string())
    review = np.full(matches.num_rows, None, object)
    entity = matches["entity"].to_numpy()
    evidence = [frozenset(text.split("+")) for text in matches["evidence"].to_pylist()]
    their_segment = matches["their_segment"].to_pylist()
    rows_of_entity = _rows_by(entity)
    ordered = sorted(decisions)
    ids = pa.array([decision.account_id for decision in ordered], pa.string())
    at = pc.index_in(ids, value_set=account_id.combine_chunks()).to_pylist()
    for decision, account in zip(ordered, at, strict=True):
        rows = [] if account is None else rows_of_entity.get(int(entity_of_account[account]), [])
        for row in rows:
            apart = len(rows) > 1 and decision.their_segment not in ("", their_segment[row])
            if not apart and decision.holds(evidence[row]):
                review[row] = KEPT if decision.keep else REJECTED
    return pa.array(review, pa.string())


def _rows_by(entity: npt.NDArray[np.int32]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(entity.tolist()):
        rows.setdefault(number, []).append(row)
    return rows
