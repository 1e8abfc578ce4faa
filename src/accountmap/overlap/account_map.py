"""The account map: what one side has after a session, as tables and counts for every report."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA
from accountmap.overlap.history import NO_HISTORY, History
from accountmap.overlap.weights import Weights

TIERS: Final = ("identifier", "domain", "strong name", "weak name")
"""How good the evidence of a match is, best first (`canonical.prepared.Slot.tier`)."""

OWN_COLUMNS: Final = (
    "name",
    "domain",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "last_activity",
    "registered_deal",
)
"""The owner's columns that go into reports.

Registry ids, phone, general e-mail and the owner's extra columns stay out: reports are passed on, and
account_id leads back to them.
"""

_OWN_FIELDS: Final = [ACCOUNT_SCHEMA.field(name) for name in OWN_COLUMNS]

THEIR_PREFIX: Final = "their_"

SHARED_COLUMNS: Final = (
    "name",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "registered_deal",
)
"""The partner's columns that an agreement may name; here as `their_name` and so on.

All are text, as the partner wrote them: what comes from outside is shown, never computed with.
"""

OVERLAP_SCHEMA: Final = pa.schema(
    [
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("play", pa.string(), nullable=False),
        pa.field("tier", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("score_play", pa.float64(), nullable=False),
        pa.field("score_amount", pa.float64(), nullable=False),
        pa.field("score_evidence", pa.float64(), nullable=False),
        pa.field("account_segment", pa.string(), nullable=False),
        pa.field("change", pa.string()),
        *_OWN_FIELDS,
        *(pa.field(THEIR_PREFIX + name, pa.string()) for name in SHARED_COLUMNS),
    ]
)
"""One row an own account of a matched entity. `segment` is the entity's, the strongest of its accounts;
`account_segment` the account's own. `tier` is the best of the match, `evidence` its slots joined by "+".
`score` is the entity's, 0 to 100, and the sum of the three after it (`score.score`).
`change` is "new", "moved" or "same" since the session before, null if there was none.
What the partner showed of its entity is null where the agreement does not name the field."""

WHITESPACE_SCHEMA: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("compared_with", pa.string(), nullable=False),
        pa.field("account_segment", pa.string(), nullable=False),
        *_OWN_FIELDS,
    ]
)
"""Mine without them: one row an own account of an entity that did not match. `compared_with` names the
partner's segments that it was compared with, joined by "+"; empty if with none."""

MATRIX_SCHEMA: Final = pa.schema(
    [
        pa.field("segment", pa.string(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("play", pa.string(), nullable=False),
        pa.field("compared", pa.bool_(), nullable=False),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
        pa.field("amount", pa.float64()),
        pa.field("preview_at_least", pa.int64()),
    ]
)
"""One row a cell, all nine, strongest segments first: matched entities, own accounts in them, the sum of their
amounts (null if none has one) and the preview's count (null if the cell was not compared)."""


@dataclass(frozen=True)
class Count:
    """How many accounts, and how many entities they are."""

    accounts: int = 0
    entities: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.accounts + other.accounts, self.entities + other.entities)


def total(counts: Iterable[Count]) -> Count:
    """Add counts up."""
    return sum(counts, Count())


@dataclass(frozen=True)
class OwnSegment:
    """One own segment: `overlap` and `whitespace` add up to `listed`."""

    segment: str
    listed: Count
    overlap: Count
    whitespace: Count


@dataclass(frozen=True)
class TheirSegment:
    """One segment of the partner, in entities.

    Attributes:
        at_most: its size as announced; the partner pads it, so that the true number may be smaller.
        overlap: how many of them are on the own list; at most `at_most` less this many are theirs without me.
    """

    segment: str
    at_most: int
    overlap: int


@dataclass(frozen=True)
class Summary:
    """The numbers of a session that a person asks for first.

    Attributes:
        own, theirs: one element a segment, strongest first.
        introductions_to_get: entities they serve and you do not, in compared cells.
        introductions_to_give: entities you serve and they do not, likewise.
    """

    own: tuple[OwnSegment, ...]
    theirs: tuple[TheirSegment, ...]
    introductions_to_get: Count
    introductions_to_give: Count

    @property
    def listed(self) -> Count:
        """The whole own list."""
        return total(row.listed for row in self.own)

    @property
    def overlap(self) -> Count:
        """What of the own list is on the partner's list too."""
        return total(row.overlap for row in self.own)

    @property
    def whitespace(self) -> Count:
        """Mine without them."""
        return total(row.whitespace for row in self.own)

    @property
    def partner_at_most(self) -> int:
        """The partner's entities, padding included."""
        return sum(row.at_most for row in self.theirs)

    @property
    def share_of_own(self) -> float:
        """The part of the own entities that is shared, 0 to 1."""
        return self.overlap.entities / self.listed.entities if self.listed.entities else 0.0

    @property
    def share_of_theirs_at_least(self) -> float:
        """The part of the partner's entities that is shared, 0 to 1; more if their list is padded."""
        return self.overlap.entities / self.partner_at_most if self.partner_at_most else 0.0


@dataclass(frozen=True, repr=False)
class AccountMap:
    """One side's outcome of a session, ready for reports.

    Attributes:
        session_id, own_name, partner_name, finished, receipt, reveals: as in `SessionResult`.
        overlap: OVERLAP_SCHEMA, ranked by score, then the entity's amount.
        weights: what the score was made with.
        whitespace: WHITESPACE_SCHEMA, strongest segment first, then by amount.
        matrix: MATRIX_SCHEMA.
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
    overlap: pa.Table
    weights: Weights
    whitespace: pa.Table
    matrix: pa.Table
    summary: Summary
    notes: tuple[str, ...]
    history: History = NO_HISTORY
