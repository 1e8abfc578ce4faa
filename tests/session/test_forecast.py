"""The dry run: right numbers, and no trace."""

from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.errors import TrustError
from accountmap.session import forecast
from accountmap.session.sketches import KEPT_FOR_PARTNER
from tests.parties import NOW, Parties, Party


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_its_numbers_are_those_of_the_prepared_list(parties: Parties) -> None:
    about = forecast(parties.acme.workspace, parties.acme.partner, None, NOW)
    assert about.partner == "Globex Data"
    assert [int(m) for m in about.messages] == [1, 3, 5, 7, 9]
    assert about.own_sizes == {"customer": 1, "opportunity": 1, "prospect": 2}
    assert about.padded_sizes == about.partner_sizes == {"customer": 16, "opportunity": 16, "prospect": 16}
    assert about.comparable == about.most_matches == 4
    assert about.partner_keys == 48 * len(
        parties.acme.workspace.agreements(parties.acme.partner)[0].terms.sent_slots
    )
    assert (about.epsilon, about.sketch_known) == ("1", False)
    assert about.filled == {"name": 4, "owner_name": 0}
    assert (about.totals, about.names_unmatched, about.asks) == (False, False, True)
    assert about.sessions_left == 10
    assert about.changed == {}


def test_what_it_bounds_is_not_exceeded(parties: Parties) -> None:
    about = forecast(parties.globex.workspace, parties.globex.partner, None, NOW)
    parties.run()
    ledger = [entry.facts for entry in parties.globex.workspace.ledger().entries]
    assert {e["message"] for e in ledger if e["event"] == "sent"} | {10} == {int(m) for m in about.messages}
    assert max(e["matches"] for e in ledger if "matches" in e) <= about.most_matches
    after = forecast(parties.globex.workspace, parties.globex.partner, None, NOW)
    assert after.sessions_left == about.sessions_left - 1
    assert after.sketch_known, "the same sketch shows nothing new"
    later = [NOW + KEPT_FOR_PARTNER - timedelta(days=1), NOW + KEPT_FOR_PARTNER]
    known = [forecast(parties.globex.workspace, parties.globex.partner, None, at).sketch_known for at in later]
    assert known == [True, False], "then another one would leave"


@pytest.mark.parametrize("side", ["acme", "globex"])
def test_it_writes_and_sends_nothing(parties: Parties, tmp_path: Path, side: str) -> None:
    party: Party = getattr(parties, side)
    before = contents(tmp_path)
    forecast(party.workspace, party.partner, None, NOW)
    assert contents(tmp_path) == before


def test_where_no_session_may_begin_it_says_why(parties: Parties) -> None:
    with pytest.raises(TrustError, match="ended on"):
        forecast(parties.acme.workspace, parties.acme.partner, None, NOW.replace(year=2300))
