"""What partners do for revenue: touches under a written rule, and what follows from them.

Pure computations over tables: no workspace, no clock.
"""

from accountmap.influence.build import Influence, build_influence
from accountmap.influence.openings import SHARED_SCHEMA
from accountmap.influence.rules import DEFAULT_RULES, AgreedRule, InfluenceRules, credit_tables, read_rules

__all__ = [
    "DEFAULT_RULES",
    "SHARED_SCHEMA",
    "AgreedRule",
    "Influence",
    "InfluenceRules",
    "build_influence",
    "credit_tables",
    "read_rules",
]
