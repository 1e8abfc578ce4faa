"""Nothing of psi that holds secrets, points or matches has a repr that shows them."""

import pytest
from accountmap.psi.fields import Shares
from accountmap.psi.phases import Message, Setting, Step
from accountmap.psi.state import _PHASES

from accountmap.psi.matching import Matching
from accountmap.psi.parameters import Groups
from accountmap.psi.rounds import Blinded

HOLDERS = [Shares, Matching, Groups, Message, Setting, Step, Blinded, *_PHASES.values()]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: f"{holder.__module__}.{holder.__name__}")
def test_it_shows_its_class_only(holder: type) -> None:
    assert holder.__repr__ is object.__repr__
