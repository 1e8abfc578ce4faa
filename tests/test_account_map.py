"""The account map of a workspace: of the last session, with what has changed since the one before."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from accountmap import read_account_map
from accountmap.account_map import Weights
from accountmap.accounts.schema import SEGMENTS
from accountmap.channels import FolderChannel
from accountmap.errors import WorkspaceError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.session import SessionRunner
from tests.parties import CURVE, LEFT, NOW, Parties, Party, Row, account_list, answers

A_MONTH_LATER = NOW + timedelta(days=30)

WORDS = ("Amber", "Birch", "Cedar", "Dune", "Ember", "Fjord")


def unshared(kind: str) -> list[Row]:
    """Six accounts a segment: an agreement lets no session tell which few accounts have changed."""
    return [
        (f"{kind} {segment} {word}", f"{word} {kind} {segment}", None, segment)
        for segment in SEGMENTS
        for word in WORDS
    ]


LEFT_A_MONTH_LATER = [
    ("a1", "Northwood Bakery GmbH", "northwood-bakery.de", "customer"),
    ("a2", "Silverpine Logistics Inc.", None, "customer"),
    ("a5", "Ostrich Tyres Oy", None, "prospect"),
    *unshared("Weavers"),
]


def step_a_month_later(party: Party, *, new: bool) -> bool:
    """Go on with the second session, and tell whether it is done."""
    steps = SessionRunner(
        party.workspace, party.partner, FolderChannel(party.folder), CURVE, lambda: A_MONTH_LATER
    )
    return steps.advance(answers(), new=new).state == "done"


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Two companies after a second session, for which Acme has prepared a new list."""
    both = Parties.after_a_session(tmp_path, left=[*LEFT, *unshared("Potters")])
    accounts = account_list(LEFT_A_MONTH_LATER)
    prepared = prepare_accounts(accounts, next(iter(PROFILES.values())))
    both.acme.workspace.save_list(accounts, prepared, "test", A_MONTH_LATER)
    step_a_month_later(both.acme, new=True)
    for _ in range(8):
        done = [step_a_month_later(both.globex, new=True), step_a_month_later(both.acme, new=False)]
        if all(done):
            return both
    raise AssertionError("the session did not end")


def test_the_map_tells_what_has_changed_since_the_session_before(parties: Parties) -> None:
    result = read_account_map(parties.acme.workspace, parties.acme.partner.slug)
    assert result.finished == A_MONTH_LATER
    changes = result.history.changes.to_pylist()
    assert [(row["change"], row["account_id"], row["why"]) for row in changes] == [
        ("new", "a5", "new on your list"),
        ("moved", "a2", "your segment"),
        ("gone", "a3", "left your list"),
    ]
    assert result.history.sessions["overlap"].to_pylist() == [3, 3]


def test_a_lost_list_shortens_the_history_and_nothing_else(parties: Parties) -> None:
    workspace = parties.acme.workspace
    first = workspace.sessions(parties.acme.partner)[-1]
    shutil.rmtree(workspace.folder / "lists" / str(first.list_id))
    result = read_account_map(workspace, parties.acme.partner.slug)
    assert result.summary.overlap.entities == 3
    assert result.history.sessions.num_rows == 1


def test_the_weights_reach_the_ranking(parties: Parties) -> None:
    weights = Weights(play=0, amount=0, evidence=1)
    result = read_account_map(parties.acme.workspace, parties.acme.partner.slug, weights)
    assert set(result.overlap["score_play"].to_pylist()) == {0.0}
    assert result.weights == weights


def test_without_a_finished_session_there_is_no_map(tmp_path: Path) -> None:
    both = Parties.make(tmp_path, LEFT)
    with pytest.raises(WorkspaceError, match="no session with this partner is finished"):
        read_account_map(both.acme.workspace, both.acme.partner.slug)
