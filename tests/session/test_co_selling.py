"""Introductions, leads, deals and notes between three companies: both sides always come to the same."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from accountmap.account_map.co_selling import CoSelling, Introduction
from accountmap.account_map.match_log import Decided
from accountmap.errors import AccountmapError, InputError, TrustError, UsageError
from accountmap.model import Leader, Result, Step, Topic
from accountmap.session.co_selling import Statement, proposal
from accountmap.session.conversation_content import write_entries
from accountmap.session.influence import co_selling_touches
from accountmap.session.portfolio import read_exchanges
from accountmap.session.questions import SessionMatches
from accountmap.trust.conversation import Kind, write_talk
from tests.parties import NOW
from tests.talking import NAMES, OWNERS, Talker, carry, exchange_directly, plain_text, settle, talkers

INTRO, LEAD, DEAL, NOTE = Topic
BAKERY, LOGISTICS, HARBOUR, QUILLSTONE, TYRES = 1, 2, 3, 4, 5


_MIRROR = {Leader.ME: Leader.THEM, Leader.THEM: Leader.ME, Leader.BOTH: Leader.BOTH, None: None}


def parts_of(found: CoSelling) -> list[list[Any]]:
    """What is to be equal: all but the own account ids, and when things came here."""
    parts: list[list[Any]] = [[replace(each, account_id="") for each in part] for part in vars(found).values()]
    parts[2] = sorted(
        (replace(deal, came=None) for deal in parts[2]), key=lambda deal: (deal.registered, str(deal))
    )
    return parts


def mirrored(found: CoSelling) -> CoSelling:
    """What the other side must see."""

    def turn(each: Any) -> Any:
        changed: dict[str, Any] = {"ours": not each.ours}
        for name in ("seeker", "leads", "waits_for"):
            if hasattr(each, name):
                changed[name] = _MIRROR[getattr(each, name)]
        if hasattr(each, "steps"):
            changed["steps"] = tuple(replace(step, ours=not step.ours) for step in each.steps)
        return replace(each, **changed)

    parts: list[Any] = [tuple(map(turn, part)) for part in vars(found).values()]
    return CoSelling(*parts)


def assert_equal(one: Talker, other: Talker) -> None:
    assert parts_of(one.co_selling) == parts_of(mirrored(other.co_selling))


def only(side: Talker) -> Introduction:
    (found,) = side.co_selling.introductions
    return found


def test_an_introduction_from_the_question_to_its_outcome(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, INTRO, Step.ASKED, text="Whom should we   call?\n")
    settle(acme, globex)
    assert (only(globex).waits_for, only(acme).waits_for) == (Leader.ME, Leader.THEM)
    assert only(globex).account_id == "g2"
    assert (only(globex).seeker, only(globex).ours) == (Leader.THEM, False)
    assert only(globex).steps[0].text == "Whom should we call?"
    assert dict(only(globex).steps[0].fields) == {"owner_name": OWNERS["acme"]}  # the amount is not agreed
    globex.say(LOGISTICS, INTRO, Step.ACCEPTED)
    settle(acme, globex)
    globex.say(LOGISTICS, INTRO, Step.MADE)
    settle(acme, globex)
    assert only(acme).waits_for is Leader.ME
    acme.say(LOGISTICS, INTRO, Step.OUTCOME, Result.MEETING)
    acme.now += timedelta(days=30)
    acme.say(LOGISTICS, INTRO, Step.OUTCOME, Result.WON)
    settle(acme, globex)
    assert (only(globex).state, only(globex).result) == (Step.OUTCOME, Result.WON)
    assert only(globex).opened < (only(globex).at(Step.OUTCOME) or only(globex).opened)
    assert_equal(acme, globex)
    assert acme.exchange().sent == () == globex.exchange().sent


def test_steps_that_the_table_does_not_have_are_refused(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    with pytest.raises(UsageError, match="nothing was said"):
        acme.say(LOGISTICS, INTRO, Step.ACCEPTED)
    acme.say(LOGISTICS, INTRO, Step.ASKED)
    for step, value in ((Step.ACCEPTED, 0), (Step.MADE, 0), (Step.OUTCOME, 1), (Step.OFFERED, 0)):
        with pytest.raises(UsageError, match="asked last"):
            acme.say(LOGISTICS, INTRO, step, value)
    settle(acme, globex)
    globex.say(LOGISTICS, INTRO, Step.DECLINED)
    with pytest.raises(UsageError, match="declined last"):
        globex.say(LOGISTICS, INTRO, Step.MADE)
    settle(acme, globex)
    acme.say(LOGISTICS, INTRO, Step.ASKED)  # another day, another question
    assert [each.state for each in acme.co_selling.introductions] == [Step.DECLINED, Step.ASKED]


def test_a_rule_of_engagement_refuses_an_introduction_and_is_named(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    with pytest.raises(TrustError, match=r"rule of engagement 1 .* Globex Data leads"):
        acme.say(HARBOUR, INTRO, Step.ASKED)
    with pytest.raises(TrustError, match=r"rule of engagement 2 .* in DE: Globex Data leads"):
        acme.say(QUILLSTONE, INTRO, Step.ASKED)
    globex.say(HARBOUR, INTRO, Step.OFFERED)  # who leads may
    assert acme.co_selling == CoSelling()
    acme.say(HARBOUR, LEAD, Step.PROPOSED, proposal(acme.matches.role, Leader.ME))
    settle(acme, globex)
    globex.say(HARBOUR, LEAD, Step.AGREED)
    settle(acme, globex)
    acme.say(HARBOUR, INTRO, Step.DECLINED)
    acme.say(HARBOUR, INTRO, Step.ASKED)  # both agreed that Acme leads here
    settle(acme, globex)
    assert_equal(acme, globex)
    assert globex.co_selling.introductions[-1].state is Step.ASKED


def test_a_program_without_the_rule_gains_nothing_by_asking(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = talking
    with monkeypatch.context() as cheat:
        cheat.setattr("accountmap.session.co_selling.check_statement", lambda *_: None)
        acme.say(HARBOUR, INTRO, Step.ASKED)
    settle(acme, globex)
    assert globex.co_selling.introductions == ()
    assert [each.step for each in globex.co_selling.passed_over] == [Step.ASKED]
    assert_equal(acme, globex)


def test_requests_that_cross_come_to_one(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(TYRES, INTRO, Step.ASKED)
    globex.say(TYRES, INTRO, Step.OFFERED)
    settle(acme, globex)
    assert_equal(acme, globex)
    assert only(globex).waits_for is Leader.ME
    globex.say(TYRES, INTRO, Step.ACCEPTED)
    settle(acme, globex)
    assert (only(acme).state, len(acme.co_selling.passed_over)) == (Step.ACCEPTED, 1)


def test_a_deal_that_was_registered_first_counts(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    globex.say(LOGISTICS, DEAL, Step.REGISTERED)
    settle(acme, globex)
    acme.now -= timedelta(days=20)  # a clock that lies changes nothing: the other deal was seen
    acme.say(LOGISTICS, DEAL, Step.REGISTERED)
    settle(acme, globex)
    theirs, ours = acme.co_selling.deals[::-1]
    assert (theirs.counts, ours.counts, ours.decided) == (True, False, Decided.SEEN)
    assert_equal(acme, globex)
    globex.say(LOGISTICS, DEAL, Step.WITHDRAWN)
    settle(acme, globex)
    assert {each.ours: each.counts for each in acme.co_selling.deals} == {True: True, False: None}
    assert_equal(acme, globex)


@pytest.mark.parametrize(
    ("account", "apart", "counts", "decided"),
    [
        (LOGISTICS, timedelta(hours=23), None, Decided.WITHIN_A_DAY),
        (LOGISTICS, timedelta(hours=25), True, Decided.DATE),
        (HARBOUR, timedelta(days=9), False, Decided.RULE),
        (
            QUILLSTONE,
            timedelta(days=9),
            True,
            Decided.DATE,
        ),  # the rule is for one country: each side reads its own
    ],
)
def test_deals_that_cross(
    talking: tuple[Talker, Talker], account: int, apart: timedelta, counts: bool | None, decided: Decided
) -> None:
    acme, globex = talking
    globex.now += apart
    acme.say(account, DEAL, Step.REGISTERED)
    globex.say(account, DEAL, Step.REGISTERED)
    settle(acme, globex)
    ours = next(each for each in acme.co_selling.deals if each.ours)
    theirs = next(each for each in acme.co_selling.deals if not each.ours)
    assert (ours.counts, ours.decided) == (counts, decided)
    assert theirs.counts == (None if counts is None else not counts)
    assert (theirs.registered, theirs.came) == (globex.now, acme.now)
    assert_equal(acme, globex)
    globex.say(account, LEAD, Step.PROPOSED, proposal(globex.matches.role, Leader.THEM))
    settle(acme, globex)
    acme.say(account, LEAD, Step.AGREED)
    settle(acme, globex)
    assert next(d for d in acme.co_selling.deals if d.ours).decided is Decided.LEAD
    assert_equal(acme, globex)


@pytest.mark.parametrize("turned", [False, True], ids=["initiator", "responder"])
def test_a_lead_that_was_agreed_cannot_be_replaced_afterwards(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    cheat, honest = reversed(talking) if turned else talking
    cheat.say(LOGISTICS, LEAD, Step.PROPOSED, proposal(cheat.matches.role, Leader.THEM))
    settle(cheat, honest)
    with pytest.raises(UsageError, match="proposed last"):
        cheat.say(LOGISTICS, LEAD, Step.PROPOSED, proposal(cheat.matches.role, Leader.ME))
    honest.say(LOGISTICS, NOTE, Step.NOTED, text="One moment")
    honest.say(LOGISTICS, LEAD, Step.AGREED)
    with monkeypatch.context() as changed:
        changed.setattr("accountmap.session.co_selling.check_statement", lambda *_: None)
        cheat.say(LOGISTICS, LEAD, Step.PROPOSED, proposal(cheat.matches.role, Leader.ME))  # as if it had not seen
    settle(cheat, honest)
    (found,) = honest.co_selling.leads
    assert (found.leads, found.state) == (Leader.ME, Step.AGREED)
    (passed_over,) = honest.co_selling.passed_over
    assert (passed_over.ours, passed_over.step) == (False, Step.PROPOSED)
    assert_equal(cheat, honest)


def test_no_clock_of_a_partners_dates_an_introduction_back(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    globex.say(HARBOUR, INTRO, Step.OFFERED)
    settle(acme, globex)
    for side in talking:
        side.now += timedelta(days=3)
    acme.say(LOGISTICS, INTRO, Step.ASKED)
    settle(acme, globex)
    true, globex.now = globex.now, globex.now - timedelta(days=2_000)
    globex.say(LOGISTICS, INTRO, Step.ACCEPTED)
    globex.say(TYRES, INTRO, Step.OFFERED)
    globex.now = true
    settle(acme, globex)
    found = {each.account_id: each for each in acme.co_selling.introductions}
    accepted = found["a2"].at(Step.ACCEPTED)
    assert accepted is not None
    assert accepted < NOW - timedelta(days=1_900)
    asked = {each.match_id: each for each in read_exchanges(acme.workspace, acme.partner)}
    assert asked[found["a2"].match_id].answered == acme.now
    assert asked[found["a5"].match_id].asked == acme.now
    ledger = [entry.facts for entry in acme.workspace.ledger().entries]
    touches = co_selling_touches(globex.workspace.card.name, acme.co_selling, ledger).to_pylist()
    days = {each["account_id"]: each["date"] for each in touches}
    assert days == {"a2": acme.now.date(), "a3": NOW.date(), "a5": acme.now.date()}
    for each in touches[1:]:
        number = int(each["record"].split()[2])
        (entry,) = [facts for facts in ledger if facts["number"] == number]
        assert (entry["event"], entry["at"][:10]) == ("was_told", str(each["date"]))


@pytest.mark.parametrize(
    ("value", "shown"), [("é" * 900, "é" * 100), ("a" + "é" * 900, "a" + "é" * 99), ("", None), ("short", "short")]
)
def test_a_long_field_of_the_own_list_leaves_as_much_as_the_partner_takes(
    talking: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch, value: str, shown: str | None
) -> None:
    acme, globex = talking
    with monkeypatch.context() as changed:
        changed.setattr(SessionMatches, "own_values", lambda *_: {"owner_name": value})
        acme.say(LOGISTICS, INTRO, Step.ASKED)
    settle(acme, globex)
    assert dict(only(globex).steps[0].fields) == ({"owner_name": shown} if shown else {})
    assert acme.workspace.conversations.unacknowledged(acme.partner.slug) == []


def test_only_revealed_matches_and_agreed_fields(talking: tuple[Talker, Talker]) -> None:
    acme, _ = talking
    with pytest.raises(InputError, match="not revealed"):
        acme.runner().say(acme.matches.record, [Statement(bytes(16), NOTE, Step.NOTED, text="x")])
    with pytest.raises(InputError, match="does not show amount"):
        acme.say(LOGISTICS, DEAL, Step.REGISTERED, fields={"amount": "5000"})
    with pytest.raises(InputError, match="empty, or longer"):
        acme.say(LOGISTICS, NOTE, Step.NOTED, text=" \n")
    with pytest.raises(InputError, match="empty, or longer"):
        acme.say(LOGISTICS, NOTE, Step.NOTED, text="é" * 501)
    assert acme.exchange().sent == ()
    assert acme.workspace.match_entries.with_partner(acme.partner.slug) == []


def forge(writer: Talker, account: int, **changed: Any) -> str:
    """Leave a message for the other side that says something else than the program would let it."""
    (kept,) = (
        each.entry
        for each in writer.workspace.match_entries.with_partner(writer.partner.slug)
        if each.entry.match_id == writer.match(account) and each.entry.role is writer.matches.role
    )
    entry = replace(kept, **changed)
    _, message = write_talk(
        Kind(entry.topic),
        write_entries([entry]),
        role=writer.matches.role,
        agreement=writer.matches.agreement.digest,
        session=writer.matches.record.sid,
        identity=writer.workspace.identity,
        partner=writer.partner.card,
        created=int(writer.now.timestamp()),
        expires=int((writer.now + timedelta(days=30)).timestamp()),
    )
    (writer.folder / "forged-16.amap").write_bytes(message)
    return "forged-16.amap"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"match_id": b"x" * 16, "number": 2}, "not revealed"),
        ({"text": "something else"}, "two different entries of one number"),
        ({"number": 2, "seen": 1}, "entries that were not written"),
        ({"number": 1001}, "number of an entry is out of range"),
        ({"number": 2, "fields": (("amount", "1"),)}, "not agreed"),
        ({"number": 2, "time": NOW}, "out of order"),
    ],
)
def test_what_a_changed_program_sends_is_refused(
    talking: tuple[Talker, Talker], changed: dict[str, Any], why: str
) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, NOTE, Step.NOTED, text="The truth")
    settle(acme, globex)
    before = globex.co_selling
    name = forge(acme, LOGISTICS, **changed)
    carry(acme, globex)
    (note,) = globex.exchange().notes
    assert name in note
    assert why in note
    assert globex.co_selling == before


def test_what_comes_early_waits_for_what_was_lost(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    for n in range(3):
        acme.say(LOGISTICS, NOTE, Step.NOTED, text=f"note {n}")
    acme.exchange()
    first, *later = [message.id for message in acme.workspace.conversations.unacknowledged(acme.partner.slug)]
    lost = next(file for file in acme.folder.iterdir() if first.hex()[:6] in file.name)
    content = lost.read_bytes()
    lost.unlink()
    carry(acme, globex)
    globex.exchange()
    assert len(later) == 2
    assert globex.co_selling.notes == ()
    (globex.folder / lost.name).write_bytes(content)
    globex.exchange()
    assert [each.text for each in globex.co_selling.notes] == ["note 0", "note 1", "note 2"]


def test_a_message_that_nobody_took_for_a_month_is_written_anew(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, INTRO, Step.ASKED)
    said = acme.now
    acme.exchange()
    for side in talking:
        side.now += timedelta(days=40)
    old = {file.name for file in acme.folder.iterdir()}
    settle(acme, globex)
    assert (only(globex).steps[0].at, only(globex).opened) == (said, globex.now)
    assert {file.name for file in acme.folder.iterdir()} > old
    assert_equal(acme, globex)
    assert acme.exchange().sent == ()


def speak(chance: random.Random, side: Talker) -> None:
    """Say something that may be said, or try to."""
    topic = chance.choice(list(Topic))
    step = chance.choice(
        {INTRO: list(Step)[:6], LEAD: list(Step)[6:8], DEAL: list(Step)[8:10]}.get(topic, [Step.NOTED])
    )
    value = chance.randint(1, 3) if step in (Step.OUTCOME, Step.PROPOSED) else 0
    with suppress(AccountmapError):
        side.say(chance.choice([LOGISTICS, HARBOUR, TYRES]), topic, step, value, text=f"text {chance.random()}")


def lossy_mail(chance: random.Random, one: Talker, other: Talker, seen: Path) -> None:
    """Carry some files, some of them old ones, in any order; lose others.

    Args:
        seen: gets a copy of all that the first one sends.
    """
    for file in one.folder.glob("acme*"):
        (seen / file.name).write_bytes(file.read_bytes())
    for source, target in ((one, other), (other, one)):
        for file in chance.sample(sorted(source.folder.iterdir()), k=len(list(source.folder.iterdir()))):
            if chance.random() < 0.5:
                (target.folder / file.name).write_bytes(file.read_bytes())
            elif chance.random() < 0.5:
                file.unlink()


def test_three_companies_over_lossy_mail_end_with_equal_inboxes(mapped_companies: Path, tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 for a schedule, not for a secret
    pairs = {other: talkers(mapped_companies, tmp_path, other) for other in ("globex", "initech")}
    for other in pairs:
        (tmp_path / f"seen-{other}").mkdir()
    for _ in range(6):
        for other, pair in pairs.items():
            for side in pair:
                speak(chance, side)
                side.now += timedelta(minutes=chance.randint(1, 900))
                side.shaky_exchange(chance)
            lossy_mail(chance, *pair, tmp_path / f"seen-{other}")
    for pair in pairs.values():
        for side in pair:
            side.now = max(each.now for each in pair)
        settle(*pair)
        assert_equal(*pair)
        assert pair[0].exchange().sent == () == pair[1].exchange().sent
        assert pair[0].co_selling != CoSelling()
    for other, stranger in (("globex", "initech"), ("initech", "globex")):
        leaves = plain_text(list((tmp_path / f"seen-{other}").iterdir()), pairs[other][1])
        assert "text 0." in leaves
        card = pairs[stranger][1].workspace.card.digest.decode("latin-1")
        assert [word for word in (NAMES[stranger], OWNERS[stranger], card) if word in leaves] == []


def test_the_ledger_has_what_left_with_its_time_and_names_nobody(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, INTRO, Step.ASKED, text="About the Silverpine tender")
    settle(acme, globex)
    (told,) = [e.facts for e in acme.workspace.ledger().entries if e.facts["event"] == "told"]
    assert (told["topic"], told["step"], told["matches"]) == ("introductions", "asked", 1)
    assert told["fields"] == ["owner_name"]
    assert told["at"].startswith("2026-11-22T13:00")
    (was_told,) = [e.facts for e in globex.workspace.ledger().entries if e.facts["event"] == "was_told"]
    assert (was_told["topic"], was_told["matches"]) == ("introductions", 1)
    text = "".join(entry.body for side in talking for entry in side.workspace.ledger().entries)
    assert "ilverpine" not in text
    assert OWNERS["acme"] not in text


def test_an_introduction_over_a_direct_connection(talking: tuple[Talker, Talker]) -> None:
    acme, globex = talking
    acme.say(LOGISTICS, INTRO, Step.ASKED)
    exchange_directly(acme, globex)
    assert only(globex).waits_for is Leader.ME
    assert_equal(acme, globex)
    assert acme.workspace.conversations.unacknowledged(acme.partner.slug) == []
