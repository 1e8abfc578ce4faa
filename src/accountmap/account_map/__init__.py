"""From matched groups to the account map: segments, plays, whitespace."""

from accountmap.account_map.build import build_history, build_map, with_history, withheld_counts
from accountmap.account_map.conflicts import REASONS
from accountmap.account_map.matches import DOUBTS
from accountmap.account_map.model import CHANGE_SCHEMA, CHANGES, SESSION_SCHEMA, AccountMap, History
from accountmap.account_map.plays import CELLS, PLAYS, Play
from accountmap.account_map.reviews import REVIEW_COLUMNS, MatchDecision
from accountmap.account_map.schema import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CONFLICT_SCHEMA,
    COVERAGE_SCHEMA,
    MATCH_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    REST_SCHEMA,
    SCORE_PARTS,
    SHARED_COLUMNS,
    THEIR_PREFIX,
    TIERS,
    WHITESPACE_SCHEMA,
    WHY_NOT,
    EngagementRule,
    SessionResult,
)
from accountmap.account_map.summary import Count, OwnSegment, PlayMoney, Summary, TheirSegment
from accountmap.account_map.weights import STANDARD_WEIGHTS, IdealCustomer, Weights, read_weights

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
