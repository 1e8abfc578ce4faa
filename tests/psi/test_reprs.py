"""Nothing of psi that holds secrets, points or matches has a repr that shows them."""

import pytest

from accountmap.psi.codec import Message
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.inputs import ComparisonSecrets, OwnInputs
from accountmap.psi.key_exchange import Exchange
from accountmap.psi.matching import Decided, Evidence, Matches, Matching
from accountmap.psi.ports import Layout, Side
from accountmap.psi.rounds import Progress, Result, Setting, Step
from accountmap.psi.tables import Groups, NumpyPoints, NumpyTokens

HOLDERS = [
    Comparison,
    ComparisonSecrets,
    Decided,
    Evidence,
    Exchange,
    Groups,
    Knowledge,
    Layout,
    Matches,
    Matching,
    Message,
    NumpyPoints,
    NumpyTokens,
    OwnInputs,
    Progress,
    Result,
    Setting,
    Side,
    Step,
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: f"{holder.__module__}.{holder.__name__}")
def test_it_shows_its_class_only(holder: type) -> None:
    assert holder.__repr__ is object.__repr__
