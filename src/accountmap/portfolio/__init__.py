"""All partners of one workspace beside the own list: who covers what, who adds what, how good each is."""

from accountmap.portfolio.build import (
    GOALS_SCHEMA,
    OVER_TIME_SCHEMA,
    PARTNERS_SCHEMA,
    Portfolio,
    Totals,
    build_portfolio,
)
from accountmap.portfolio.coverage import ACCOUNTS_SCHEMA, SHARED_SCHEMA
from accountmap.portfolio.facts import (
    INTRODUCE,
    LINK_SCHEMA,
    MAPPED,
    PREVIEW,
    PREVIEW_SCHEMA,
    QUESTION,
    STATES,
    THEM,
    UNKNOWN,
    US,
    Exchange,
    Mapping,
    PartnerFacts,
)
from accountmap.portfolio.maturity import MATURITY_SCHEMA, TOPICS, Assessment, Stage
from accountmap.portfolio.profile import MEASURES, TYPES, Goal, PartnerProfile, TierRule, read_tiers
from accountmap.portfolio.reach import ORDER_SCHEMA, REACH_SCHEMA, SETS_SCHEMA
from accountmap.portfolio.scoring import LABELS, NOT_ENOUGH, PARTS, SCORES_SCHEMA
from accountmap.portfolio.together import ASKED_SCHEMA, MEETING_SCHEMA, QUESTION_SCHEMA, TOGETHER_SCHEMA, to_send

__all__ = [
    "ACCOUNTS_SCHEMA",
    "ASKED_SCHEMA",
    "GOALS_SCHEMA",
    "INTRODUCE",
    "LABELS",
    "LINK_SCHEMA",
    "MAPPED",
    "MATURITY_SCHEMA",
    "MEASURES",
    "MEETING_SCHEMA",
    "NOT_ENOUGH",
    "ORDER_SCHEMA",
    "OVER_TIME_SCHEMA",
    "PARTNERS_SCHEMA",
    "PARTS",
    "PREVIEW",
    "PREVIEW_SCHEMA",
    "QUESTION",
    "QUESTION_SCHEMA",
    "REACH_SCHEMA",
    "SCORES_SCHEMA",
    "SETS_SCHEMA",
    "SHARED_SCHEMA",
    "STATES",
    "THEM",
    "TOGETHER_SCHEMA",
    "TOPICS",
    "TYPES",
    "UNKNOWN",
    "US",
    "Assessment",
    "Exchange",
    "Goal",
    "Mapping",
    "PartnerFacts",
    "PartnerProfile",
    "Portfolio",
    "Stage",
    "TierRule",
    "Totals",
    "build_portfolio",
    "read_tiers",
    "to_send",
]
