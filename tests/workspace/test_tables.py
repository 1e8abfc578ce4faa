"""What the tables keep comes back as it was; what must not change does not."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from accountmap.errors import UsageError, WorkspaceError
from accountmap.model import Answer, Epsilon, PreviewKind, Strength
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.audits import AuditMessage, AuditRecord
from accountmap.workspace.conversations import Question, SentMessage, Taken
from accountmap.workspace.estimates import Estimate
from accountmap.workspace.sketches import OwnSketch, PartnerSketch
from tests.workspace.conftest import NAME, NOW, add_session

SEED = bytes(range(32))
SKETCH = OwnSketch(
    id=bytes(16),
    kind=PreviewKind.SKETCH,
    rows=(1024,),
    epsilon=Epsilon.ONE,
    countries=(),
    list_id=1,
    created=NOW,
    card=b"c" * 32,
    canonical="v2",
    seed=SEED,
    list_digest=b"l" * 32,
    keys_digest=b"k" * 32,
    totals=b"totals",
)


def sketch(number: int, *countries: str, epsilon: Epsilon = Epsilon.ONE) -> OwnSketch:
    return replace(SKETCH, id=bytes([number]) * 16, countries=countries, epsilon=epsilon)


def add_sketches(workspace: Workspace, *made: OwnSketch) -> None:
    with workspace.transaction():
        for each in made:
            workspace.sketches.add(each, each.id + b"bits")


def test_a_sketch_comes_back_with_its_secrets(workspace: Workspace) -> None:
    add_sketches(workspace, SKETCH, sketch(1, "DE", "AT"))
    assert workspace.sketches.get(SKETCH.id) == SKETCH
    assert bytes(workspace.sketches.body(SKETCH.id)) == SKETCH.id + b"bits"
    assert workspace.sketches.current(PreviewKind.SKETCH) == SKETCH
    assert workspace.sketches.current(PreviewKind.SKETCH, ("DE", "AT")) == sketch(1, "DE", "AT")
    assert workspace.sketches.current(PreviewKind.SEGMENTS) is None
    assert SEED.hex() not in repr(SKETCH)


def test_a_sketch_that_went_to_ten_partners_costs_once(workspace: Workspace, partner: PartnerRecord) -> None:
    parts = (sketch(1, "DE"), sketch(2, "FR", epsilon=Epsilon.TWO), sketch(3, "DE", epsilon=Epsilon.HALF))
    add_sketches(workspace, SKETCH, *parts)
    with workspace.transaction():
        for each in (SKETCH, SKETCH, *parts):
            workspace.sketches.sent(each.id, partner.slug, None, NOW)
    # The whole list once; of its parts, the country that is in the most.
    assert workspace.sketches.epsilon_spent(NOW) == Fraction(1) + Fraction(2)
    assert workspace.sketches.epsilon_spent(NOW + timedelta(days=366)) == 0
    assert [each.sketch for each in workspace.sketches.disclosures(partner.slug)].count(SKETCH.id) == 1
    assert workspace.sketches.disclosures("nobody") == []


def test_what_is_known_of_a_partners_sketch_stays(workspace: Workspace, partner: PartnerRecord) -> None:
    theirs = PartnerSketch(
        partner.slug, bytes(16), PreviewKind.SKETCH, (512,), Epsilon.ONE, ("DE",), b"d" * 32, NOW
    )
    with workspace.transaction():
        workspace.sketches.take(theirs)
        workspace.sketches.take(replace(theirs, digest=b"e" * 32, taken=NOW + timedelta(days=1)))
        workspace.sketches.set_totals_digest(partner.slug, theirs.id, b"1")
        workspace.sketches.set_totals_digest(partner.slug, theirs.id, b"2")
    assert workspace.sketches.taken(partner.slug) == [replace(theirs, totals_digest=b"1")]


def test_an_estimate_is_made_once(workspace: Workspace, partner: PartnerRecord) -> None:
    add_sketches(workspace, SKETCH)
    one = Estimate(partner.slug, SKETCH.id, b"t" * 16, "customer", 1, 3000, 1000, 890, 1110, NOW, 12.5, "EUR")
    newer = replace(one, partner_sketch=b"u" * 16, made=NOW + timedelta(days=200))
    with workspace.transaction():
        workspace.estimates.add([one, replace(one, segment="prospect")])
        workspace.estimates.add([replace(one, estimate=2000)])
        workspace.estimates.add([newer])
    assert workspace.estimates.of(partner.slug, SKETCH.id, b"t" * 16)[0] == one
    assert workspace.estimates.latest(partner.slug) == [newer]
    assert workspace.estimates.latest("nobody") == []


def test_a_cap_grows_from_what_a_person_approved(workspace: Workspace, partner: PartnerRecord) -> None:
    claims = {("customer", Strength.STRONG): 103, ("customer", Strength.WEAK): 3}
    with workspace.transaction():
        workspace.caps.approve(partner.slug, claims, 1, NOW)
        workspace.caps.approve(partner.slug, {("customer", Strength.STRONG): 100}, 2, NOW)
    caps = workspace.caps.of(partner.slug)
    assert {key: cap.limit for key, cap in caps.items()} == {
        ("customer", Strength.STRONG): 125,
        ("customer", Strength.WEAK): 25,
    }
    assert caps["customer", Strength.STRONG].session == 2
    assert workspace.caps.of("nobody") == {}


def question(partner: PartnerRecord, number: int, *, ours: bool = True, shown: bool = True) -> Question:
    return Question(
        partner.slug,
        1,
        bytes([number]) * 16,
        ours,
        f"a{number}",
        "customer",
        b"m" * 32,
        shown,
        Answer.OPEN,
        NOW,
        None,
        (NAME, "", "DE"),
    )


def test_one_question_for_an_account_for_ever(workspace: Workspace, partner: PartnerRecord) -> None:
    add_session(workspace, partner, 1)
    asked = [question(partner, 1), question(partner, 2), question(partner, 1, ours=False)]
    with workspace.transaction():
        workspace.conversations.ask(asked)
    assert workspace.conversations.questions(partner.slug, ours=True) == asked[:2]
    assert workspace.conversations.asked_about(partner.slug, ours=False) == {"a1"}
    again = replace(asked[0], match_id=bytes(16))
    with pytest.raises(UsageError, match="was a question about this account"), workspace.transaction():
        workspace.conversations.ask([again])
    assert NAME not in repr(asked[0])


def test_what_was_answered_the_same_stays_the_same(workspace: Workspace, partner: PartnerRecord) -> None:
    add_session(workspace, partner, 1)
    one, other = question(partner, 1), question(partner, 2)
    reply = ("Northwood", "", "DE", "Ann")
    with workspace.transaction():
        workspace.conversations.ask([one, other])
        workspace.conversations.answer(one, Answer.SAME, reply, NOW)
        workspace.conversations.answer(one, Answer.NO, None, NOW)
        workspace.conversations.answer(other, Answer.NO, None, NOW)
    same, no = workspace.conversations.questions()
    assert (same.answer, same.reply, no.answer, no.reply) == (Answer.SAME, reply, Answer.NO, None)


def test_questions_kept_from_people_count_as_no(workspace: Workspace, partner: PartnerRecord) -> None:
    add_session(workspace, partner, 1)
    asked = [question(partner, n, ours=False, shown=n != 2) for n in range(1, 5)]
    with workspace.transaction():
        workspace.conversations.ask(asked)
        workspace.conversations.answer(asked[0], Answer.SAME, ("x", "", ""), NOW)
        workspace.conversations.answer(asked[2], Answer.NO, None, NOW)
    assert workspace.conversations.recent_answers(partner.slug) == [Answer.NO, Answer.NO, Answer.SAME]
    assert workspace.conversations.recent_answers(partner.slug, 1) == [Answer.NO]
    with workspace.transaction():
        workspace.conversations.close(partner.slug, NOW)
    assert workspace.conversations.is_closed(partner.slug)
    with workspace.transaction():
        workspace.conversations.reopen(partner.slug, NOW)
    assert not workspace.conversations.is_closed(partner.slug)


def test_messages_are_taken_once_and_sent_until_acknowledged(workspace: Workspace, partner: PartnerRecord) -> None:
    add_session(workspace, partner, 1)
    talk, slug = workspace.conversations, partner.slug
    message = SentMessage(b"i" * 32, slug, 1, 1, NOW, None, b"sealed")
    with workspace.transaction():
        talk.send(message)
        assert talk.take(slug, b"b" * 32, b"digest", 1, 1, NOW) is Taken.NEW
        assert talk.take(slug, b"a" * 32, b"digest", 1, 1, NOW) is Taken.NEW
        assert talk.to_acknowledge(slug) == [b"a" * 32, b"b" * 32]
        talk.did_acknowledge(slug, [b"a" * 32, b"b" * 32], b"c" * 32)
        assert talk.to_acknowledge(slug) == []
        assert talk.take(slug, b"a" * 32, b"digest", 1, 1, NOW) is Taken.REPEATED
        assert talk.take(slug, b"b" * 32, b"another", 1, 1, NOW) is Taken.ALTERED
        assert talk.to_acknowledge(slug) == [b"a" * 32]
    assert talk.unacknowledged(slug) == [message]
    with workspace.transaction():
        talk.acknowledged(slug, [b"unknown", message.id], NOW)
    assert talk.unacknowledged(slug) == []
    assert talk.sent(slug, message.id) == replace(message, acknowledged=NOW, body=b"")


def test_an_audit_record_is_kept_until_its_time_is_over(workspace: Workspace, partner: PartnerRecord) -> None:
    add_session(workspace, partner, 1)
    record = AuditRecord(1, None, SEED, b"n" * 32, b"c" * 32, b"s" * 16, b"k" * 9, b"records")
    message = AuditMessage(1, 3, True, b"h" * 192, b"d" * 32, b"s" * 64)
    with workspace.transaction():
        workspace.audits.begin(record)
        workspace.audits.message(message)
        workspace.audits.message(replace(message, body_digest=b"e" * 32))
        workspace.audits.purge(NOW + timedelta(days=4000))
    assert workspace.audits.record(1) == record
    assert workspace.audits.messages(1) == [message]
    with workspace.transaction():
        workspace.audits.end(1, NOW + timedelta(days=180))
        workspace.audits.purge(NOW + timedelta(days=179))
        assert workspace.audits.sessions() == [1]
        workspace.audits.purge(NOW + timedelta(days=181))
    assert workspace.audits.record(1) is None
    assert not workspace.audits.messages(1)
    assert not list((workspace.folder / "audits").iterdir())


def test_a_cell_moved_to_another_row_does_not_open(workspace: Workspace, tmp_path: Path) -> None:
    add_sketches(workspace, SKETCH, sketch(1))
    with sqlite3.connect(workspace.folder / "accountmap.db") as database:
        database.execute(
            "UPDATE own_sketch SET secret = (SELECT secret FROM own_sketch WHERE id = ?)", (SKETCH.id,)
        )
    assert workspace.sketches.get(SKETCH.id) == SKETCH
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.sketches.get(bytes([1]) * 16)


def test_a_list_and_the_facts_beside_it_are_kept_together_or_not_at_all(workspace: Workspace) -> None:
    before = workspace.current_list()
    kept = workspace.load_list(before.id)
    workspace.save_list(*kept, "again", NOW, facts={"reading": {"sheets": ["EU"]}})
    assert (workspace.current_list().source, workspace.remembered("reading")) == ("again", {"sheets": ["EU"]})
    with pytest.raises(TypeError):
        workspace.save_list(*kept, "half", NOW, facts={"reading": {"sheets": ["US"], "not JSON": SEED}})
    assert (workspace.current_list().source, workspace.remembered("reading")) == ("again", {"sheets": ["EU"]})
