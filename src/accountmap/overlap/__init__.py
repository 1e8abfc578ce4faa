"""From matched groups to the account map: segments, plays, whitespace."""

from accountmap.overlap.account_map import AccountMap
from accountmap.overlap.build import build_map
from accountmap.overlap.build_history import build_history, with_history
from accountmap.overlap.conflicts import REASONS
from accountmap.overlap.counts import Count, OwnSegment, PlayMoney, Summary, TheirSegment
from accountmap.overlap.doubts import DOUBTS
from accountmap.overlap.history import CHANGE_SCHEMA, CHANGES, SESSION_SCHEMA, History
from accountmap.overlap.notes import withheld_counts
from accountmap.overlap.plays import CELLS, PLAYS, Play
from accountmap.overlap.result import MATCH_SCHEMA, REST_SCHEMA, EngagementRule, SessionResult
from accountmap.overlap.review import MatchDecision
from accountmap.overlap.review_file import REVIEW_COLUMNS
from accountmap.overlap.tables import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CONFLICT_SCHEMA,
    COVERAGE_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    SCORE_PARTS,
    SHARED_COLUMNS,
    THEIR_PREFIX,
    TIERS,
    WHITESPACE_SCHEMA,
    WHY_NOT,
)
from accountmap.overlap.weights import STANDARD_WEIGHTS, IdealCustomer, Weights
from accountmap.overlap.weights_file import read_weights

__all__ = [
    "BUDGET_SCHEMA",
    "CAMPAIGN_SCHEMA",
    "CELLS",
    "CHANGES",
    "CHANGE_SCHEMA",
    "CONFLICT_SCHEMA",
    "COVERAGE_SCHEMA",
    "DOUBTS",
    "MATCH_SCHEMA",
    "MATRIX_SCHEMA",
    "OVERLAP_SCHEMA",
    "PLAYS",
    "REASONS",
    "REST_SCHEMA",
    "REVIEW_COLUMNS",
    "SCORE_PARTS",
    "SESSION_SCHEMA",
    "SHARED_COLUMNS",
    "STANDARD_WEIGHTS",
    "THEIR_PREFIX",
    "TIERS",
    "WHITESPACE_SCHEMA",
    "WHY_NOT",
    "AccountMap",
    "Count",
    "EngagementRule",
    "History",
    "IdealCustomer",
    "MatchDecision",
    "OwnSegment",
    "Play",
    "PlayMoney",
    "SessionResult",
    "Summary",
    "TheirSegment",
    "Weights",
    "build_history",
    "build_map",
    "read_weights",
    "with_history",
    "withheld_counts",
]
