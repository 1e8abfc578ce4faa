"""Questions about possible matches and their answers: any order, exactly once, the hidden ones like the others."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.errors import ChannelError, UsageError
from accountmap.model import Answer, WeakSlots
from accountmap.session.conversation import ConversationOutcome, ConversationRunner
from accountmap.session.conversation_content import ShownAccount, write_questions
from accountmap.session.questions import PossibleMatch, SessionMatches, load_answers
from accountmap.trust.conversation import Kind, padded, write_talk
from accountmap.trust.envelope import Header, write
from accountmap.workspace.conversations import Question
from tests.parties import NOW, Parties, Party, share_all

LEFT = [
    ("a1", "Northwood Bakery GmbH", "northwood-bakery.de", "customer"),
    ("a2", "Silverpine Logistics Inc.", "silverpine.com", "opportunity"),
    ("a3", "Quillstone Analytics Ltd", "quillstone.com", "prospect"),
    ("a4", "Brightmoor Foods", "brightmoor.com", "customer"),
]
RIGHT = [
    ("b1", "NORTHWOOD BAKERY", "www.northwood-bakery.de", "prospect"),
    ("b2", "Silverpine Logistics Group Services", None, "customer"),
    ("b3", "Quillstone Analytics Europe", None, "customer"),
    ("b4", "Brightmoor Systems", None, "opportunity"),
]


class Talker:
    """One side of a conversation."""

    def __init__(self, party: Party) -> None:
        self.party, self.workspace, self.partner = party, party.workspace, party.partner
        self.now: datetime = NOW + timedelta(hours=1)

    def runner(self) -> ConversationRunner:
        return ConversationRunner(self.workspace, self.partner, FolderChannel(self.party.folder), lambda: self.now)

    def exchange(self) -> ConversationOutcome:
        return self.runner().exchange()

    @property
    def matches(self) -> SessionMatches:
        return SessionMatches(self.workspace, self.partner, self.workspace.sessions(self.partner)[0])

    def possible(self, account_id: str) -> PossibleMatch:
        return next(each for each in self.matches.all() if account_id in self.matches.account_ids(each.match_id))

    def ask(self, *account_ids: str) -> None:
        chosen = [self.possible(account_id).match_id for account_id in account_ids]
        self.runner().ask(self.matches.record, chosen)

    def questions(self, *, ours: bool) -> list[Question]:
        return self.workspace.conversations.questions(self.partner.slug, ours=ours)

    def answer(self, same: tuple[str, ...] = ()) -> None:
        waiting = [each for each in self.questions(ours=False) if each.shown]
        chosen = [each for each in waiting if each.account_id in same]
        self.runner().answer(chosen, [each for each in waiting if each not in chosen])

    def files(self) -> set[str]:
        return {path.name for path in self.party.folder.iterdir() if path.name.endswith("-16.amap")}


@pytest.fixture
def sides(tmp_path: Path) -> Iterator[tuple[Talker, Talker]]:
    parties = Parties.after_a_session(
        tmp_path, left=LEFT, right=RIGHT, weak=WeakSlots.ASK, sharing=share_all("name", "owner_name", "country")
    )
    yield Talker(parties.acme), Talker(parties.globex)


def answers_of(side: Talker) -> dict[str, str]:
    return {each.account_id: each.answer for each in load_answers(side.workspace, side.partner)}


def test_a_question_answered_the_same_shows_both_sides_what_was_agreed(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    acme.ask("a2", "a3")
    assert acme.exchange().state == "waiting"
    globex.exchange()
    shown = {each.account_id: each.text for each in globex.questions(ours=False)}
    assert shown == {
        "b2": ("Silverpine Logistics Inc.", "silverpine.com", ""),
        "b3": ("Quillstone Analytics Ltd", "quillstone.com", ""),
    }
    assert answers_of(globex) == {"b2": "to answer", "b3": "to answer"}
    assert answers_of(acme) == {"a2": "asked", "a3": "asked"}
    globex.answer(same=("b2",))
    globex.exchange()
    acme.exchange()
    globex.exchange()
    acme.exchange()
    assert answers_of(acme) == {"a2": "same", "a3": "no"}
    assert answers_of(globex) == {"b2": "same", "b3": "no"}
    ours, theirs = (
        next(each for each in load_answers(side.workspace, side.partner) if each.answer == "same")
        for side in sides
    )
    assert ours.fields["name"] == "Silverpine Logistics Group Services"
    assert theirs.fields["name"] == "Silverpine Logistics Inc."
    assert ours.match_id == theirs.match_id
    assert acme.exchange().sent == () == globex.exchange().sent


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_messages_in_any_order_are_taken_exactly_once(
    sides: tuple[Talker, Talker], order: tuple[int, ...]
) -> None:
    acme, globex = sides
    for account in ("a2", "a3", "a4"):
        acme.ask(account)
    acme.exchange()
    folder = acme.party.folder
    kept = {name: (folder / name).read_bytes() for name in sorted(acme.files())}
    assert len(kept) == 3
    for name in kept:
        (folder / name).unlink()
    for position in order:
        name, content = list(kept.items())[position]
        (folder / name).write_bytes(content)
        globex.exchange()
        globex.exchange()
    assert sorted(each.account_id for each in globex.questions(ours=False)) == ["b2", "b3", "b4"]
    assert acme.exchange().state == "done"


def test_lost_messages_are_sent_again_and_acknowledged_again(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    folder = acme.party.folder
    acme.ask("a2")
    acme.exchange()
    (question,) = acme.files()
    content = (folder / question).read_bytes()
    (folder / question).unlink()
    assert acme.exchange().sent == (question,)
    assert (folder / question).read_bytes() == content
    globex.exchange()
    (acknowledgement,) = globex.files() - {question}
    (folder / acknowledgement).unlink()
    assert globex.exchange().sent == (acknowledgement,)
    assert acme.exchange().state == "done"
    assert globex.exchange().sent == () == acme.exchange().sent
    assert len(globex.questions(ours=False)) == 1


def test_more_messages_than_one_can_count_are_acknowledged_in_pieces(
    sides: tuple[Talker, Talker], monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, globex = sides
    monkeypatch.setattr("accountmap.session.conversation_outbox._MOST_IDS", 2)
    for account in ("a2", "a3", "a4"):
        acme.ask(account)
    asked = set(acme.exchange().sent)
    first, second = globex.exchange().sent
    assert globex.files() - asked == {first, second}
    assert acme.exchange().state == "done"
    assert globex.exchange().sent == ()


def test_a_file_in_the_way_does_not_keep_a_message_back(sides: tuple[Talker, Talker]) -> None:
    acme, _ = sides
    folder = acme.party.folder
    acme.ask("a2")
    (message,) = acme.workspace.conversations.unacknowledged(acme.partner.slug)
    short = acme.workspace.short_name
    (folder / f"{short}-{message.id.hex()[:6]}-16.amap").write_bytes(b"of a message whose id begins alike")
    (question,) = acme.exchange().sent
    assert question == f"{short}-{message.id.hex()[:16]}-16.amap"
    (folder / question).write_bytes(message.body[:-1])  # as a program left it that was killed
    assert acme.exchange().sent == (question,)
    assert (folder / question).read_bytes() == message.body
    assert acme.exchange().sent == ()


def test_an_acknowledgement_that_was_acknowledged_is_not_sent_again(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    acme.ask("a2")
    acme.exchange()
    (sent,) = globex.exchange().sent
    content, talk = (globex.party.folder / sent).read_bytes(), globex.workspace.conversations
    with globex.workspace.transaction():  # a program that is not as the protocol says acknowledges that, too
        talk.acknowledged(globex.partner.slug, talk.taken(globex.partner.slug).values(), globex.now)
    assert globex.exchange().sent == ()
    assert (globex.party.folder / sent).read_bytes() == content


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"role": 1}, "it belongs to another agreement or role"),
        ({"agreement": bytes(32)}, "it belongs to another agreement or role"),
        ({"expires": int(NOW.timestamp()) - 1}, "it has expired"),
        ({"body_bytes": 1_000}, "a message about matches has an impossible length"),
        ({"session": bytes(32)}, None),
        ({"recipient": bytes(32)}, None),
    ],
    ids=["role", "agreement", "expired", "length", "session", "recipient"],
)
def test_a_message_with_another_header_is_passed_over(
    sides: tuple[Talker, Talker], changed: dict[str, object], why: str | None
) -> None:
    """It is sealed and signed by the partner as it should be."""
    acme, globex = sides
    acme.ask("a2")
    acme.exchange()
    (question,) = acme.files()
    file = acme.party.folder / question
    honest = file.read_bytes()
    header, body = replace(Header.decode(honest), **changed), padded(Kind.QUESTIONS, b"anything")
    sealing_key = globex.workspace.card.sealing_key
    file.write_bytes(b"".join(write(header, [body], acme.workspace.identity, sealing_key, bytes(32))))
    refused = globex.exchange()
    assert refused.notes == ((f"{question} was passed over: {why}.",) if why else ())
    assert (refused.taken, globex.questions(ours=False)) == ((), [])
    file.write_bytes(honest)
    globex.exchange()
    assert len(globex.questions(ours=False)) == 1


def test_another_message_under_a_known_id_is_refused(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    folder = acme.party.folder
    acme.ask("a2")
    acme.exchange()
    (question,) = acme.files()
    content = (folder / question).read_bytes()
    globex.exchange()
    (acknowledgement,) = globex.files() - {question}
    (folder / acknowledgement).unlink()
    header, body = Header.decode(content), padded(Kind.QUESTIONS, b"something else")
    ours, theirs = acme.workspace.identity, globex.workspace.card
    (folder / question).write_bytes(b"".join(write(header, [body], ours, theirs.sealing_key, bytes(32))))
    refused = globex.exchange()
    assert refused.notes == (f"{question} was passed over: another message had the same id.",)
    assert (refused.taken, refused.sent) == ((), ())
    (folder / question).write_bytes(content)
    again = globex.exchange()
    assert (again.notes, again.sent) == ((), (acknowledgement,))
    assert len(globex.questions(ours=False)) == 1


def hidden_and_waiting(sides: tuple[Talker, Talker]) -> tuple[set[int], set[int]]:
    """Have one question hidden and one left unanswered, and return the sizes of all files that came back."""
    acme, globex = sides
    sizes = []
    for account, guess in (("a2", True), ("a3", False)):
        before = acme.files()
        acme.ask(account)
        if guess:
            with_guess(acme, account)
        acme.exchange()
        globex.exchange()
        acme.exchange()
        asked = {each.name for each in acme.party.folder.iterdir() if each.name.startswith("acme")}
        new = acme.files() - before - asked
        sizes.append({(acme.party.folder / name).stat().st_size for name in new})
    return sizes[0], sizes[1]


def with_guess(asker: Talker, account: str) -> None:
    """Send the stored question with another account in it: one that does not give the shared key."""
    talk, match = asker.workspace.conversations, asker.possible(account)
    message = talk.unacknowledged(asker.partner.slug)[-1]
    _, forged = write_talk(
        Kind.QUESTIONS,
        write_questions({match.match_id: ShownAccount("Some Other Company", "other.example", "DE")}),
        role=asker.matches.role,
        agreement=asker.matches.agreement.digest,
        session=asker.matches.record.sid,
        identity=asker.workspace.identity,
        partner=asker.partner.card,
        created=int(asker.now.timestamp()),
        expires=int((asker.now + timedelta(days=30)).timestamp()),
    )
    with asker.workspace.transaction():
        talk.acknowledged(asker.partner.slug, [message.id], asker.now)
    (asker.party.folder / f"acme-{account}-16.amap").write_bytes(forged)


def test_a_guess_is_kept_from_people_and_looks_like_a_question_nobody_has_answered(
    sides: tuple[Talker, Talker],
) -> None:
    acme, globex = sides
    guessed, honest = hidden_and_waiting(sides)
    assert guessed == honest  # one acknowledgement of the same length
    shown = {each.account_id: each.shown for each in globex.questions(ours=False)}
    assert shown == {"b2": False, "b3": True}
    assert answers_of(globex) == {"b3": "to answer"}
    globex.answer()
    globex.exchange()
    acme.exchange()
    assert answers_of(acme)["a2"] == "asked"  # its message had no question that a person saw: no answer, ever


def test_one_question_about_an_account_for_ever(sides: tuple[Talker, Talker]) -> None:
    acme, _ = sides
    acme.ask("a2")
    with pytest.raises(UsageError, match="before"):
        acme.ask("a2")


def test_a_match_without_an_account_that_gives_the_key_cannot_be_asked_about(sides: tuple[Talker, Talker]) -> None:
    acme, _ = sides
    fits = acme.matches.fits
    match = acme.possible("a2").match_id
    assert fits(match, ShownAccount("Silverpine Logistics Group Services", "", ""))
    assert not fits(match, ShownAccount("Silverton Logistics", "", ""))
    assert not fits(match, ShownAccount("x", "", ""))


def test_no_may_become_same_and_same_stays(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    acme.ask("a2")
    acme.exchange()
    globex.exchange()
    globex.answer()
    globex.exchange()
    acme.exchange()
    assert answers_of(acme) == {"a2": "no"}
    globex.answer(same=("b2",))
    globex.exchange()
    acme.exchange()
    assert answers_of(acme) == {"a2": "same"}
    globex.answer()
    globex.exchange()
    acme.exchange()
    assert answers_of(acme) == {"a2": "same"}


def test_fifteen_of_twenty_close_asking_until_somebody_opens_it(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    acme.ask("a2")
    acme.exchange()
    globex.exchange()
    talk, slug = globex.workspace.conversations, globex.partner.slug
    (question,) = globex.questions(ours=False)
    with globex.workspace.transaction():
        for number in range(14):
            talk.ask([made_up_question(question, number)])
    globex.answer()
    assert talk.is_closed(slug)
    acme.ask("a3")
    acme.exchange()
    globex.exchange()
    assert [each.shown for each in globex.questions(ours=False) if each.account_id == "b3"] == [False]
    globex.now += timedelta(hours=1)
    with globex.workspace.transaction():
        talk.reopen(slug, globex.now)
    globex.now += timedelta(hours=1)
    acme.ask("a4")
    acme.exchange()
    globex.exchange()
    assert [each.shown for each in globex.questions(ours=False) if each.account_id == "b4"] == [True]
    globex.answer(same=("b4",))
    assert not talk.is_closed(slug)


def made_up_question(like: Question, number: int) -> Question:
    return Question(
        partner=like.partner,
        session=like.session,
        match_id=bytes([number]) * 16,
        ours=False,
        account_id=f"x{number}",
        segment="customer",
        message_id=bytes([number]) * 32,
        shown=False,
        answer=Answer.OPEN,
        asked=like.asked,
        text=like.text,
    )


def test_the_ledger_counts_questions_and_names_nobody(sides: tuple[Talker, Talker]) -> None:
    acme, globex = sides
    acme.ask("a2", "a3")
    acme.exchange()
    globex.exchange()
    globex.answer(same=("b2",))
    globex.exchange()
    acme.exchange()
    events = {facts["event"]: facts for facts in (entry.facts for entry in acme.workspace.ledger().entries)}
    assert (events["asked"]["questions"], events["called_same"]["same"]) == (2, 1)
    text = "".join(entry.body for entry in globex.workspace.ledger().entries)
    assert '"answered"' in text
    assert "Silverpine" not in text


class UnsteadyChannel(FolderChannel):
    """A folder that fails at a given delivery, after the file has arrived or before."""

    def __init__(self, folder: Path, at: int, *, arrived: bool) -> None:
        super().__init__(folder)
        self._left, self._arrived = at, arrived

    def deliver(self, name: str, source: Path) -> None:
        self._left -= 1
        if self._left != 0:
            super().deliver(name, source)
            return
        if self._arrived:
            super().deliver(name, source)
        raise ChannelError("the disk is full")


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_conversation_that_breaks_off_anywhere_ends_the_same(
    sides: tuple[Talker, Talker], at: int, *, arrived: bool
) -> None:
    acme, globex = sides

    def shaky(side: Talker) -> None:
        channel = UnsteadyChannel(side.party.folder, at, arrived=arrived)
        with suppress(ChannelError):
            ConversationRunner(side.workspace, side.partner, channel, lambda: side.now).exchange()

    acme.ask("a2")
    acme.ask("a3")
    for _ in range(2):
        shaky(acme)
        shaky(globex)
    acme.exchange()
    globex.exchange()
    globex.answer(same=("b2",))
    for _ in range(3):
        shaky(globex)
        shaky(acme)
    for _ in range(2):
        acme.exchange()
        globex.exchange()
    assert answers_of(acme) == {"a2": "same", "a3": "no"}
    assert answers_of(globex) == {"b2": "same", "b3": "no"}
    assert len(globex.questions(ours=False)) == 2
    assert acme.exchange().sent == () == globex.exchange().sent
