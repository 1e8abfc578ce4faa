"""A session over a direct connection."""

from pathlib import Path

import pytest

from accountmap.channels import Endpoint
from accountmap.errors import ChannelError
from tests.channels.direct_parties import direct, run_both, spool_of
from tests.channels.whole_files import deliver
from tests.parties import Parties


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def test_a_session_runs_to_its_end(parties: Parties) -> None:
    sides = run_both(parties)
    assert [side.outcome.state for side in sides if side.outcome] == ["done", "done"]
    for party in (parties.acme, parties.globex):
        assert len(party.workspace.result(party.workspace.sessions(party.partner)[0]).matches) == 3
        assert len(list(spool_of(party).glob("*.amap"))) == 10
        assert not list(spool_of(party).glob(".*.direct"))


def test_begun_by_mail_it_is_finished_by_a_connection(parties: Parties) -> None:
    for party in (parties.acme, parties.globex, parties.acme):
        party.map()
    for sent in parties.acme.folder.iterdir():
        side = parties.globex if sent.name.startswith("acme") else parties.acme
        spool_of(side).mkdir(exist_ok=True)
        sent.rename(spool_of(side) / sent.name)
    sides = run_both(parties)
    assert [side.outcome.state for side in sides if side.outcome] == ["done", "done"]
    acme, globex = (side.outcome for side in sides)
    assert acme and globex
    assert [name.rpartition("-")[2] for name in globex.taken] == ["3.amap", "5.amap", "7.amap", "9.amap"]
    assert len(parties.acme.workspace.sessions(parties.acme.partner)) == 1


def test_begun_by_a_connection_it_is_finished_by_mail(parties: Parties) -> None:
    undecided = run_both(parties, decided=(True, None))
    assert undecided[1].outcome
    assert undecided[1].outcome.state == "undecided"
    for party in (parties.acme, parties.globex):
        party.folder = parties.acme.folder
        for path in spool_of(party).glob("*.amap"):
            path.replace(parties.acme.folder / path.name)
    parties.run()


def test_a_partner_that_declines_ends_it_for_both(parties: Parties) -> None:
    sides = run_both(parties, decided=(True, False))
    assert [side.outcome.state for side in sides if side.outcome] == ["stopped", "stopped"]


def test_another_partner_of_ours_is_refused(parties: Parties, tmp_path: Path) -> None:
    other = Parties.make(tmp_path / "other", others=True)
    with (
        direct(parties.acme.workspace, parties.acme.partner, Endpoint("127.0.0.1", 0), listen=True) as acme,
        direct(other.globex.workspace, parties.globex.partner, acme.endpoint, listen=False) as globex,
        pytest.raises(ChannelError, match="another partner"),
    ):
        deliver(globex, "globex-2.amap", b"x")
