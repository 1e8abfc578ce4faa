"""The columns of the account map's tables and of a session's result, as docs/reports.md describes them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA

Rows = npt.NDArray[np.int64]
"""Row numbers."""


def codes(column: pa.ChunkedArray) -> tuple[Rows, int]:
    """Number the values of a column without nulls, in the order in which they first occur; and count them."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(coded.dictionary)


def first_of_each(column: pa.ChunkedArray) -> Rows:
    """Find for each value of a column without nulls the first row that has it, in the order of the rows."""
    first: Rows = np.unique(codes(column)[0], return_index=True)[1].astype(np.int64)
    return first


def mapped(column: pa.ChunkedArray, reading: Callable[[str], str | None]) -> pa.Array:
    """Read each cell of a column of text, and each different one only once; null stays null."""
    coded = column.combine_chunks().dictionary_encode()
    read = pa.array([reading(cell) for cell in coded.dictionary.to_pylist()], pa.string())
    return read.take(coded.indices)


def first_of_entity(column: pa.Array, entity: Rows, entities: int) -> pa.Array:
    """Give each entity the first value that any of its accounts has.

    Args:
        column: a value or null for each account.
        entity: the row of each account's entity.
        entities: how many there are.
    """
    filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    first = np.full(entities, -1, np.int64)
    first[entity[filled[::-1]]] = filled[::-1]  # Of several writes to one place the last one stays.
    return column.take(pa.array(first, mask=first < 0))


MATCH_SCHEMA: Final = pa.schema(
    [
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("entity", pa.int32(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("weight", pa.int64(), nullable=False),
        pa.field("evidence", pa.list_(pa.string()), nullable=False),
    ]
)
"""One row a match: id (hex, equal on both sides), row of the own entity, the partner's segment, the summed
weight, and the names of the own slots whose keys are shared, strongest first. An entity stands at most once
for each rectangle of the agreement: in several rows only if the partner lists the company in several segments."""


REST_SCHEMA: Final = pa.schema(
    [
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("by", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("entities", pa.int64(), nullable=False),
    ]
)
"""Theirs without me, as the partner's program counted and sent it.

`by` is "all", "country", "industry", "size" or "account"; `value` the country code, the partner's word for the
industry, the band of employees, such as "51-200", or the account's name: text from outside. A null one holds what
the partner does not know, and every value with fewer entities than the agreement's smallest cell, taken together.
"""

WITHHELD_SCHEMA: Final = pa.schema(
    [pa.field("entity", pa.int32(), nullable=False), pa.field("reason", pa.string(), nullable=False)]
)
"""Own entities that took no part, and why: "off limits" or "outside the joint filter"."""

ME: Final = "me"
THEM: Final = "them"
BOTH: Final = "both"


@dataclass(frozen=True)
class EngagementRule:
    """Who leads, as the agreement says, seen from this side. The first rule that fits an account holds.

    Attributes:
        segments, their_segments: the cells for which it holds.
        countries: ISO 3166 codes of the own entity's country for which it holds; empty for all.
        lead: ME, THEM or BOTH.
    """

    segments: frozenset[str]
    their_segments: frozenset[str]
    countries: frozenset[str]
    lead: str


@dataclass(frozen=True, repr=False)
class SessionResult:
    """One side's view of a finished session.

    Attributes:
        session_id: hex, equal on both sides.
        own_name, partner_name: as on the partner cards.
        finished: when this side finished, in UTC.
        preview: the counts that both sides saw before they agreed, by (own segment, partner's segment), zeros
            included; at least as many entities match in each cell. A cell that is absent was not compared.
        partner_sizes: the partner's padded number of entities by segment.
        matches: MATCH_SCHEMA.
        their_fields: what the partner showed of its matched entities: row for row with `matches`, one column of
            text for each field of the agreement, named as in ACCOUNT_SCHEMA. Text from outside.
        receipt: hex digest that both sides signed: what was counted, matched and shown.
        reveals: one plain sentence for each thing that the partner learned.
        named_cells: the cells of `preview` in which matches were revealed; in the others only counts were shown.
        shown_fields: what each showed of the matches in a named cell: own fields, the partner's fields.
        smallest_cell: counts below it, and above zero, are shown as fewer than this: a rule for the display.
        rules: of engagement; empty if none are agreed.
        withheld: WITHHELD_SCHEMA.
        rest: REST_SCHEMA, or None if the partner does not show it.
    """

    session_id: str
    own_name: str
    partner_name: str
    finished: datetime
    preview: dict[tuple[str, str], int]
    partner_sizes: dict[str, int]
    matches: pa.Table
    their_fields: pa.Table
    receipt: str
    reveals: tuple[str, ...]
    named_cells: frozenset[tuple[str, str]]
    shown_fields: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]]
    smallest_cell: int
    rules: tuple[EngagementRule, ...]
    withheld: pa.Table
    rest: pa.Table | None


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

SCORE_PARTS: Final = ("play", "amount", "stage", "recency", "fit", "evidence")
"""What a score is the sum of, as `score_play` and so on."""

_OWN_FIELDS: Final = [ACCOUNT_SCHEMA.field(name) for name in OWN_COLUMNS]


def _text(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string(), nullable=False) for name in names]


def _text_or_null(*names: str) -> list[pa.Field]:
    return [pa.field(name, pa.string()) for name in names]


OVERLAP_SCHEMA: Final = pa.schema(
    [
        *_text("match_id", "account_id", "entity_id", "segment", "their_segment", "play"),
        *_text_or_null("lead"),
        *_text("tier", "evidence"),
        *_text_or_null("doubt", "review"),
        pa.field("score", pa.float64(), nullable=False),
        *(pa.field(f"score_{part}", pa.float64()) for part in SCORE_PARTS),
        *_text("account_segment"),
        *_text_or_null("territory", "change"),
        *_OWN_FIELDS,
        *_text_or_null(*(THEIR_PREFIX + name for name in SHARED_COLUMNS)),
    ]
)
"""One row for each own account of a matched entity and each match of it. `segment` is the entity's, the strongest
of its accounts; `account_segment` the account's own; `territory` the entity's country, as an ISO 3166 code. `lead`
is "me", "them" or "both" by the first rule of engagement that fits, null if none does. `tier` is the best of the
match, `evidence` its slots joined by "+", `doubt` what speaks against it, `review` "kept" if the user said so.
`score` is the match's, 0 to 100, and the sum of the parts after it; a part that has nothing to go by is null.
`change` is "new", "moved" or "same" since the session before, null if there was none.
What the partner showed of its entity is null where the agreement does not name the field."""

WHITESPACE_SCHEMA: Final = pa.schema(
    [
        *_text("account_id", "entity_id", "segment", "compared_with", "counted_with"),
        *_text_or_null("why_not", "review"),
        *_text("account_segment"),
        *_text_or_null("territory"),
        *_OWN_FIELDS,
    ]
)
"""One row an own account of an entity without a match. `compared_with` names the partner's segments in which a
match would have been revealed, `counted_with` those in which matches were only counted, joined by "+". If the
entity was compared with none, `why_not` says why: one of WHY_NOT. `review` is "rejected" if the user rejected its
match."""

OFF_LIMITS: Final = "off limits"
OUTSIDE: Final = "outside the joint filter"
COUNTED_ONLY: Final = "only counted"
HIDDEN: Final = "segment hidden"
WHY_NOT: Final = (COUNTED_ONLY, HIDDEN, OUTSIDE, OFF_LIMITS)

MATRIX_SCHEMA: Final = pa.schema(
    [
        *_text("segment", "their_segment", "play"),
        pa.field("compared", pa.bool_(), nullable=False),
        pa.field("named", pa.bool_(), nullable=False),
        pa.field("entities", pa.int64()),
        pa.field("accounts", pa.int64()),
        pa.field("amount", pa.float64()),
        pa.field("preview_at_least", pa.int64()),
        pa.field("preview_fewer_than", pa.int64()),
    ]
)
"""One row a cell, all nine, strongest segments first. If its matches were revealed (`named`): how many there are,
in own entities, the own accounts in them and the sum of their amounts. If it was compared, the preview's count; in
a cell that was only counted, instead of a count above zero and below the agreement's smallest cell, that bound."""

CONFLICT_SCHEMA: Final = pa.schema(
    [
        *_text("reason", "settle", "match_id", "account_id", "entity_id", "segment", "their_segment"),
        *_text_or_null("lead", "territory", "name", "owner_name", "owner_email", "stage", "registered_deal"),
        pa.field("amount", pa.float64()),
        *_text_or_null(
            *(
                THEIR_PREFIX + name
                for name in ("name", "country", "owner_name", "owner_email", "stage", "registered_deal")
            )
        ),
    ]
)
"""One row a match and a reason for which both may get into each other's way, with what to settle. The match stands
with its entity's first account; all columns are as in the overlap."""

CAMPAIGN_SCHEMA: Final = pa.schema(
    [
        *_text("entity_id", "account_id", "segment", "their_segment", "play"),
        *_text_or_null("name", "domain", "website", "territory", "region", "city", "industry", "size"),
        *_text_or_null("owner_name", "owner_email"),
        *_text_or_null("their_name", "their_owner_name", "their_owner_email"),
        pa.field("employees", pa.int64()),
    ]
)
"""One row an entity for joint marketing: `size` is its band of employees."""

BUDGET_SCHEMA: Final = pa.schema(
    [
        *_text("by"),
        *_text_or_null("value"),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("accounts", pa.int64(), nullable=False),
        pa.field("employees", pa.int64(), nullable=False),
    ]
)
"""The joint-marketing list in numbers. `by` is "territory", "industry" or "size", a null `value` what the own list
does not say; `employees` are the sum over entities whose number is known."""

COVERAGE_SCHEMA: Final = pa.schema(
    [
        *_text_or_null("territory"),
        *_text("segment"),
        *(
            pa.field(name, pa.int64(), nullable=False)
            for name in ("listed", "overlap", "their_customers", "whitespace", "not_compared")
        ),
        pa.field("overlap_amount", pa.float64()),
        pa.field("whitespace_amount", pa.float64()),
    ]
)
"""Own entities by territory and segment: `listed` is the sum of overlap, whitespace and not compared, and
`their_customers` the part of the overlap that they serve."""
