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
from accountmap.overlap.plays import CELLS, PLAYS, Play
from accountmap.overlap.result import MATCH_SCHEMA, SessionResult
from accountmap.overlap.weights import STANDARD_WEIGHTS, Weights

__all__ = [
    "CELLS",
    "MATCH_SCHEMA",
    "MATRIX_SCHEMA",
    "OVERLAP_SCHEMA",
    "PLAYS",
    "SHARED_COLUMNS",
    "STANDARD_WEIGHTS",
    "THEIR_PREFIX",
    "TIERS",
    "WHITESPACE_SCHEMA",
    "AccountMap",
    "Count",
    "OwnSegment",
    "Play",
    "SessionResult",
    "Summary",
    "TheirSegment",
    "Weights",
    "build_map",
]
