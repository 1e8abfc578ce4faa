"""The overlap over time, as tables for every report."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

CHANGES: Final = ("new", "moved", "gone")
"""What can have become of a shared entity since the session before."""

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
"""One row an own account of an entity that is new in the overlap, has moved to another cell, or is gone. The cell
before is null if it is new, the cell now if it is gone; all else is of now, or of before if it is gone."""

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
"""One row a session, oldest first, all in entities. The last three compare it with the one before: null for the
first."""


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


NO_HISTORY: Final = History(SESSION_SCHEMA.empty_table(), CHANGE_SCHEMA.empty_table())
