"""The account map: what one side has after a session, with its history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import first_of_each
from accountmap.account_map.schema import EngagementRule
from accountmap.account_map.scoring import Weights
from accountmap.account_map.summary import Summary

CHANGES: Final = ("new", "moved", "gone")
"""What may have happened to a shared entity since the session before."""

CHANGE_COLUMNS: Final = (
    "name",
    "country",
    "industry",
    "owner_name",
    "owner_email",
    "amount",
    "their_name",
    "their_owner_name",
    "their_owner_email",
)
"""Columns of the overlap that help to act on a change."""

CHANGE_SCHEMA: Final = pa.schema(
    [
        pa.field("change", pa.string(), nullable=False),
        pa.field("why", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("segment_before", pa.string()),
        pa.field("their_segment_before", pa.string()),
        pa.field("segment", pa.string()),
        pa.field("their_segment", pa.string()),
        *(pa.field(name, pa.float64() if name == "amount" else pa.string()) for name in CHANGE_COLUMNS),
    ]
)
"""One row per own account of an entity that is new in the overlap, has moved to another cell, or is gone. The cell
before is null if it is new, the cell now if it is gone. All other columns have the values of now, or those of
before if it is gone."""

SESSION_SCHEMA: Final = pa.schema(
    [
        pa.field("session_id", pa.string(), nullable=False),
        pa.field("finished", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("listed", pa.int64(), nullable=False),
        pa.field("their_listed_at_most", pa.int64(), nullable=False),
        pa.field("overlap", pa.int64(), nullable=False),
        pa.field("new", pa.int64()),
        pa.field("moved", pa.int64()),
        pa.field("gone", pa.int64()),
    ]
)
"""One row per session, oldest first, counted in entities. The last three columns compare it with the one before,
and are null for the first."""


@dataclass(frozen=True, repr=False)
class History:
    """What has changed from session to session with one partner.

    Attributes:
        sessions: SESSION_SCHEMA.
        changes: CHANGE_SCHEMA, from the last session but one to the last: new, then moved, then gone; each as
            ranked in its overlap.
    """

    sessions: pa.Table
    changes: pa.Table


NO_HISTORY: Final = History(*(pa.Table.from_batches([], schema) for schema in (SESSION_SCHEMA, CHANGE_SCHEMA)))
"""Made from batches, so that pyarrow does not load pandas: that takes longer than everything else that a command
loads."""


Cell = tuple[str, str]
"""Own segment, partner's segment."""

Fields = tuple[str, ...]


@dataclass(frozen=True, repr=False)
class AccountMap:
    """One side's outcome of a session, ready for reports.

    Attributes:
        session_id, own_name, partner_name, finished, receipt, reveals, shown_fields, rules, estimates: as in
            `SessionResult`.
        overlap: OVERLAP_SCHEMA, ranked by score, then the entity's amount.
        possible: POSSIBLE_SCHEMA, the best evidence first. No count of the overlap includes them.
        currency: of the amounts that are summed, as an ISO 4217 code, or empty if the list does not say.
        weights: those of the score.
        score_parts: the ones of SCORE_PARTS that make up the score here.
        whitespace: WHITESPACE_SCHEMA, in the order of its `status`; strongest segment first, then by amount.
        theirs_without_me: UNMATCHED_SCHEMA, or None if they show nothing of their list besides matches.
        matrix: MATRIX_SCHEMA.
        conflicts: CONFLICT_SCHEMA, in the order of the overlap.
        campaign, budget: CAMPAIGN_SCHEMA, in the order of the overlap, and BUDGET_SCHEMA, largest first.
        qualification: QUALIFICATION_SCHEMA; empty without a model and an ideal customer.
        coverage: COVERAGE_SCHEMA, territories with most entities first.
        summary: the counts; they reconcile with the tables.
        history: what has changed since earlier sessions; empty without `with_history`.
        notes: what a reader should know about the data, one sentence each, without account data.
    """

    session_id: str
    own_name: str
    partner_name: str
    finished: datetime
    receipt: str
    reveals: tuple[str, ...]
    shown_fields: dict[Cell, tuple[Fields, Fields]]
    rules: tuple[EngagementRule, ...]
    estimates: pa.Table
    overlap: pa.Table
    possible: pa.Table
    currency: str
    weights: Weights
    score_parts: tuple[str, ...]
    whitespace: pa.Table
    theirs_without_me: pa.Table | None
    matrix: pa.Table
    conflicts: pa.Table
    campaign: pa.Table
    budget: pa.Table
    qualification: pa.Table
    coverage: pa.Table
    summary: Summary
    notes: tuple[str, ...]
    history: History = NO_HISTORY

    @property
    def their_customers(self) -> pa.Table:
        """The rows of the overlap whose company is the partner's customer and only a prospect here."""
        mine, theirs = self.overlap["segment"], self.overlap["their_segment"]
        return self.overlap.filter(pc.and_(pc.equal(mine, "prospect"), pc.equal(theirs, "customer")))

    @property
    def best_matches(self) -> pa.Table:
        """The overlap with one row per account, for its first match."""
        first = first_of_each(self.overlap["account_id"])
        return self.overlap if len(first) == self.overlap.num_rows else self.overlap.take(pa.array(first))

    @property
    def to_review(self) -> pa.Table:
        """The rows of the overlap whose match is in doubt and was not reviewed."""
        return self.overlap.filter(pc.and_(self.overlap["doubt"].is_valid(), self.overlap["review"].is_null()))
