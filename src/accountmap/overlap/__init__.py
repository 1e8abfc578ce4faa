"""From matched groups to the account map: segments, plays, whitespace."""

from accountmap.overlap.account_map import (
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    SHARED_COLUMNS,
    THEIR_PREFIX,
    TIERS,
    WHITESPACE_SCHEMA,
    AccountMap,
    Count,
    OwnSegment,
    Summary,
    TheirSegment,
)
from accountmap.overlap.build import build_map
from accountmap.overlap.build_history import build_history, with_history
from accountmap.overlap.history import CHANGE_SCHEMA, CHANGES, SESSION_SCHEMA, History
from accountmap.overlap.plays import CELLS, PLAYS, Play
from accountmap.overlap.result import MATCH_SCHEMA, SessionResult
from accountmap.overlap.weights import STANDARD_WEIGHTS, Weights

__all__ = [
    "CELLS",
    "CHANGES",
    "CHANGE_SCHEMA",
    "MATCH_SCHEMA",
    "MATRIX_SCHEMA",
    "OVERLAP_SCHEMA",
    "PLAYS",
    "SESSION_SCHEMA",
    "SHARED_COLUMNS",
    "STANDARD_WEIGHTS",
    "THEIR_PREFIX",
    "TIERS",
    "WHITESPACE_SCHEMA",
    "AccountMap",
    "Count",
    "History",
    "OwnSegment",
    "Play",
    "SessionResult",
    "Summary",
    "TheirSegment",
    "Weights",
    "build_history",
    "build_map",
    "with_history",
]
