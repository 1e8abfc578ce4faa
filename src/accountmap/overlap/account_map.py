"""The account map: what one side has after a session, as tables and counts for every report."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.overlap.columns import first_of_each
from accountmap.overlap.counts import Summary
from accountmap.overlap.history import NO_HISTORY, History
from accountmap.overlap.result import EngagementRule
from accountmap.overlap.weights import Weights

Cell = tuple[str, str]
"""Own segment, partner's segment."""

Fields = tuple[str, ...]


@dataclass(frozen=True, repr=False)
class AccountMap:
    """One side's outcome of a session, ready for reports.

    Attributes:
        session_id, own_name, partner_name, finished, receipt, reveals, shown_fields, smallest_cell, rules, rest:
            as in `SessionResult`.
        overlap: OVERLAP_SCHEMA, ranked by score, then the entity's amount.
        weights: what the score was made with.
        score_parts: of SCORE_PARTS those that the score is made of here.
        whitespace: WHITESPACE_SCHEMA, what was compared first; strongest segment first, then by amount.
        matrix: MATRIX_SCHEMA.
        conflicts: CONFLICT_SCHEMA, in the order of the overlap.
        campaign, budget: CAMPAIGN_SCHEMA, in the order of the overlap, and BUDGET_SCHEMA, largest first.
        coverage: COVERAGE_SCHEMA, territories with most entities first.
        summary: the counts; they reconcile with the tables.
        history: what has changed since earlier sessions; empty without `with_history`.
        notes: what a reader should know of the data, one sentence each, without account data.
    """

    session_id: str
    own_name: str
    partner_name: str
    finished: datetime
    receipt: str
    reveals: tuple[str, ...]
    shown_fields: dict[Cell, tuple[Fields, Fields]]
    smallest_cell: int
    rules: tuple[EngagementRule, ...]
    rest: pa.Table | None
    overlap: pa.Table
    weights: Weights
    score_parts: tuple[str, ...]
    whitespace: pa.Table
    matrix: pa.Table
    conflicts: pa.Table
    campaign: pa.Table
    budget: pa.Table
    coverage: pa.Table
    summary: Summary
    notes: tuple[str, ...]
    history: History = NO_HISTORY

    @property
    def their_customers(self) -> pa.Table:
        """The rows of the overlap that the partner serves and that are only prospects here."""
        mine, theirs = self.overlap["segment"], self.overlap["their_segment"]
        return self.overlap.filter(pc.and_(pc.equal(mine, "prospect"), pc.equal(theirs, "customer")))

    @property
    def best_matches(self) -> pa.Table:
        """The overlap with one row an account: of several matches the one that stands first."""
        return self.overlap.take(pa.array(first_of_each(self.overlap["account_id"])))

    @property
    def to_review(self) -> pa.Table:
        """The rows of the overlap whose match is in doubt and was not reviewed."""
        return self.overlap.filter(pc.and_(self.overlap["doubt"].is_valid(), self.overlap["review"].is_null()))
