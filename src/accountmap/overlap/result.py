"""What a finished session tells one side."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

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
