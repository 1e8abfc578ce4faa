"""The next session with a partner: who begins it, who joins by itself, and what makes it worth it."""

from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.model import PreviewKind
from accountmap.session import SessionRunner, propose_agreement, sign_agreement
from accountmap.session.sketches import FROZEN, KEPT_FOR_PARTNER, renew_sketch
from accountmap.workspace import Status
from tests.parties import CURVE, LEFT, NOW, Parties, Party, Row, account_list, answers, share_all


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Two companies after one session."""
    return Parties.after_a_session(tmp_path)


def save(party: Party, rows: list[Row]) -> None:
    accounts = account_list(rows)
    prepared = prepare_accounts(accounts, next(iter(PROFILES.values())))
    party.workspace.save_list(accounts, prepared, "later", NOW)


def more(count: int) -> list[Row]:
    return [(f"n{n}", f"Wexley {n:05} Brewery", None, "prospect") for n in range(count)]


def agree_again(parties: Parties) -> None:
    draft = propose_agreement(
        parties.acme.workspace,
        parties.acme.partner,
        purpose="again",
        sharing=share_all("name"),
        days=365,
        sessions_per_30_days=10,
        now=NOW,
    )
    signed = sign_agreement(parties.globex.workspace, draft.document.encode(), NOW, sizes_confirmed=True)
    sign_agreement(parties.acme.workspace, signed.document.encode(), NOW, sizes_confirmed=True)


def numbers(party: Party) -> list[int]:
    return [session.id for session in party.workspace.sessions(party.partner)]


def test_without_news_nothing_begins(parties: Parties) -> None:
    for party in (parties.acme, parties.globex) * 2:
        outcome = party.map()
        assert (outcome.state, outcome.news, outcome.sent) == ("done", (), ())
    assert numbers(parties.acme) == numbers(parties.globex) == [1]


def test_a_newer_list_is_news_to_its_owner_alone(parties: Parties) -> None:
    save(parties.acme, [*LEFT, *more(6)])
    assert [note.split(" of ")[0] for note in parties.acme.map().news] == ["your list"]
    assert parties.globex.map().news == ()
    assert numbers(parties.acme) == [1], "news begin nothing by themselves"


def test_a_newer_agreement_is_news_to_both(parties: Parties) -> None:
    agree_again(parties)
    for party in (parties.acme, parties.globex):
        (news,) = party.map().news
        assert news.startswith("the agreement of 2026-11-22 is newer")


def test_a_responder_joins_the_next_session_by_itself(parties: Parties) -> None:
    save(parties.acme, [*LEFT, *more(6)])
    assert parties.acme.map(new=True).sent
    joined = parties.globex.map()
    assert (joined.state, len(joined.taken), len(joined.sent)) == ("waiting", 1, 1)
    parties.run()
    assert numbers(parties.acme) == numbers(parties.globex) == [2, 1]
    assert parties.acme.workspace.sessions(parties.acme.partner)[0].list_id == 2


@pytest.mark.parametrize("who", ["acme", "globex"])
def test_a_responder_joins_after_a_decline_as_well(tmp_path: Path, who: str) -> None:
    parties = Parties.make(tmp_path)
    acme, globex = parties.acme, parties.globex
    acme.map()
    globex.map()
    if who == "globex":
        acme.map()
    assert getattr(parties, who).map(answer=False).state == "stopped"
    for party in (acme, globex):
        assert party.map().state == "stopped"
    acme.map(new=True)
    assert globex.map().state == "waiting"
    parties.run()
    for party in (acme, globex):
        assert [s.status for s in party.workspace.sessions(party.partner)] == [Status.DONE, Status.STOPPED]


def test_an_initiator_begins_none_by_itself(parties: Parties) -> None:
    agree_again(parties)
    for _ in range(2):
        assert parties.acme.map().sent == ()
    assert numbers(parties.acme) == [1]


def test_a_responder_that_may_not_join_says_why_and_stays_done(tmp_path: Path) -> None:
    parties = Parties.after_a_session(tmp_path)
    save(parties.globex, more(1))
    save(parties.globex, [("b1", "NORTHWOOD BAKERY", "www.northwood-bakery.de", "prospect")])
    parties.acme.map(new=True)
    outcome = parties.globex.map()
    assert outcome.state == "done"
    assert outcome.taken == ()
    assert any("No next session yet" in note and "too few companies changed" in note for note in outcome.notes)


def test_later_leaves_the_question_open_for_another_command(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    parties.acme.map()
    parties.globex.map()
    before = parties.acme.map(answer=None)
    assert (before.state, before.sent) == ("undecided", ())
    assert parties.globex.map(answer=None).state == "waiting"
    assert parties.acme.map().sent
    later = parties.globex.map(answer=None)
    assert (later.state, later.sent) == ("undecided", ())
    parties.run()


def sketches_sent(parties: Parties, day: int, first_of: Party) -> set[bytes]:
    """Run a session some days after the first, with a clock of then; return the sketches that both sent."""
    now = NOW + timedelta(days=day)
    sides = (parties.acme, parties.globex)
    for turn in range(8):
        states = []
        for side in sides:
            runner = SessionRunner(side.workspace, side.partner, FolderChannel(side.folder), CURVE, lambda: now)
            states.append(runner.advance(answers(), new=turn == 0 and side is first_of).state)
        if turn and set(states) == {"done"}:
            break
    assert len(numbers(sides[0])) == len(numbers(sides[1]))
    secrets = [side.workspace.sketches.disclosures(side.partner.slug) for side in sides]
    return {each.sketch for sent in secrets for each in sent}


def test_a_sketch_that_is_renewed_is_not_refused_as_a_second_one(parties: Parties) -> None:
    """Made some days before the first session, it is due before the partner takes another (psi-v2 §5.4)."""
    first = sketches_sent(parties, 1, parties.acme)
    assert len(first) == 2
    for party in (parties.acme, parties.globex):
        with party.workspace.transaction():
            renew_sketch(party.workspace, PreviewKind.SKETCH, now=NOW + FROZEN)  # for another partner
    assert sketches_sent(parties, FROZEN.days, parties.acme) == first, "this one gets what it has"
    assert len(sketches_sent(parties, KEPT_FOR_PARTNER.days + 1, parties.acme)) == 4
    assert numbers(parties.acme) == [4, 3, 2, 1]
