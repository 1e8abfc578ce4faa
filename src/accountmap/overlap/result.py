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
weight, and the names of the own slots whose keys are shared, strongest first."""


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
