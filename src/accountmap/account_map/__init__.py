"""From a session's matches to the account map: segments, plays, whitespace, history."""

from accountmap.account_map.build import build_map
from accountmap.account_map.conflicts import REASONS
from accountmap.account_map.history import build_history, with_history
from accountmap.account_map.ideal import EXAMPLE, IdealCustomer, read_ideal_customer
from accountmap.account_map.matches import DOUBTS
from accountmap.account_map.model import CHANGE_SCHEMA, CHANGES, SESSION_SCHEMA, AccountMap, History
from accountmap.account_map.plays import CELLS, PLAYS, Play
from accountmap.account_map.qualification import QUALIFICATION_SCHEMA, Qualifiers
from accountmap.account_map.reviews import REVIEW_SCHEMA, MatchAnswer, MatchDecision, matches_to_review
from accountmap.account_map.schema import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CONFLICT_SCHEMA,
    CONTRADICTIONS,
    COVERAGE_SCHEMA,
    ESTIMATE_SCHEMA,
    LEVELS,
    MATCH_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    POSSIBLE_SCHEMA,
    SCORE_PARTS,
    SHARED_COLUMNS,
    STRENGTHS,
    THEIR_PREFIX,
    TOTALS_SCHEMA,
    UNMATCHED_SCHEMA,
    WHITESPACE,
    WHITESPACE_SCHEMA,
    WHY_NOT,
    EngagementRule,
    SessionResult,
)
from accountmap.account_map.scoring import STANDARD_WEIGHTS, Weights, read_weights
from accountmap.account_map.summary import Count, Estimate, OwnSegment, Pipeline, PlayMoney, Summary, TheirSegment

__all__ = [
    "BUDGET_SCHEMA",
    "CAMPAIGN_SCHEMA",
    "CELLS",
    "CHANGES",
    "CHANGE_SCHEMA",
    "CONFLICT_SCHEMA",
    "CONTRADICTIONS",
    "COVERAGE_SCHEMA",
    "DOUBTS",
    "ESTIMATE_SCHEMA",
    "EXAMPLE",
    "LEVELS",
    "MATCH_SCHEMA",
    "MATRIX_SCHEMA",
    "OVERLAP_SCHEMA",
    "PLAYS",
    "POSSIBLE_SCHEMA",
    "QUALIFICATION_SCHEMA",
    "REASONS",
    "REVIEW_SCHEMA",
    "SCORE_PARTS",
    "SESSION_SCHEMA",
    "SHARED_COLUMNS",
    "STANDARD_WEIGHTS",
    "STRENGTHS",
    "THEIR_PREFIX",
    "TOTALS_SCHEMA",
    "UNMATCHED_SCHEMA",
    "WHITESPACE",
    "WHITESPACE_SCHEMA",
    "WHY_NOT",
    "AccountMap",
    "Count",
    "EngagementRule",
    "Estimate",
    "History",
    "IdealCustomer",
    "MatchAnswer",
    "MatchDecision",
    "OwnSegment",
    "Pipeline",
    "Play",
    "PlayMoney",
    "Qualifiers",
    "SessionResult",
    "Summary",
    "TheirSegment",
    "Weights",
    "build_history",
    "build_map",
    "matches_to_review",
    "read_ideal_customer",
    "read_weights",
    "with_history",
]
