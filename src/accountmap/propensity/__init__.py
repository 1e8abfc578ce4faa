"""Propensity: how likely an account is to buy a joint offer, learned from the outcomes of own deals.

Pure computations over tables: no workspace, no clock.
"""

from accountmap.propensity.evaluation import Trained, train
from accountmap.propensity.examples import (
    NOT_LISTED,
    UNKNOWN,
    Snapshot,
    accounts_as_of,
    examples_of,
)
from accountmap.propensity.fitting import Effort
from accountmap.propensity.model import AdditiveModel, reasons

__all__ = [
    "NOT_LISTED",
    "UNKNOWN",
    "AdditiveModel",
    "Effort",
    "Snapshot",
    "Trained",
    "accounts_as_of",
    "examples_of",
    "reasons",
    "train",
]
