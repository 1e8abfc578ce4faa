"""Messages about single matches between two workspaces, in any order and each exactly once (conversation-v1).

A message is stored before it leaves, and sent again until it is acknowledged. Taking one, acting upon it and
noting that it is to be acknowledged is one transaction. Questions that are kept from people are kept from them
here, so that a partner cannot tell them from questions that nobody has answered yet.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from accountmap.channels import Channel
from accountmap.errors import PeerError, UsageError
from accountmap.model import Answer, Role
from accountmap.session.co_selling import Statement, entries_taken, entries_to_send, kept
from accountmap.session.conversation_content import (
    Same,
    ShownAccount,
    Verdict,
    read_acknowledgement,
    read_answers,
    read_fields,
    read_questions,
    write_answers,
    write_entries,
    write_fields,
    write_questions,
)
from accountmap.session.conversation_outbox import Outbox
from accountmap.session.ledger_entries import session_facts
from accountmap.session.parameters import decode_payload
from accountmap.session.plan_content import write_plan_entry
from accountmap.session.plans import (
    PlanStatement,
    awaits_opening,
    check_not_held_out,
    keep_plan,
    openings,
    plan_taken,
)
from accountmap.session.questions import SessionMatches, finished_sessions
from accountmap.session.runner import now_utc
from accountmap.trust.conversation import Kind, Talk, check_length, is_conversation, read_talk
from accountmap.trust.envelope import HEADER_BYTES, Header
from accountmap.trust.ledger import Facts
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.conversations import Question, Taken

_LAST: Final = 20
_MOST_NOT_SAME: Final = 15
"""If so many of a partner's last questions were not answered *same*, its questions are no longer shown."""


@dataclass(frozen=True)
class ConversationOutcome:
    """What an exchange of messages did.

    Attributes:
        state: "done" once something came, all our messages are acknowledged, and no plan waits to be opened.
        taken, sent: file names of the partner's messages that were read, and of ours that were written.
        notes: files that were passed over, and why.
    """

    state: Literal["waiting", "done"]
    taken: tuple[str, ...]
    sent: tuple[str, ...]
    notes: tuple[str, ...]


class ConversationRunner:
    """The messages with one partner about single matches.

    Args:
        channel: where messages are left and found.
        clock: returns the time in UTC.
    """

    def __init__(
        self,
        workspace: Workspace,
        partner: PartnerRecord,
        channel: Channel,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._workspace, self._partner, self._channel = workspace, partner, channel
        self._clock = clock
        self._matches: dict[int, SessionMatches] = {}
        self._taken: list[str] = []
        self._outbox = Outbox(workspace, partner, channel)
        self._notes: list[str] = []

    def exchange(self) -> ConversationOutcome:
        """Read what has come, acknowledge it, and send what has not been acknowledged.

        The outcome is that of all exchanges so far.

        Raises:
            ChannelError: a message cannot be read or written; run again.
        """
        self._partner.check_not_revoked()
        self._notes = []
        for name, length in self._channel.files().items():
            self._take(name, length)
        for opening in openings(self._workspace, self._partner):
            with suppress(UsageError):  # another command has opened it in the meantime
                self.say_plan(opening)
        self._outbox.acknowledge(self._session_of, self._clock())
        self._outbox.renew(self._session_of, self._clock())
        self._outbox.deliver()
        open_messages = self._workspace.conversations.unacknowledged(self._partner.slug)
        waits = any(each.kind != Kind.ACKNOWLEDGEMENT for each in open_messages) or not self._taken
        waits = waits or awaits_opening(self._workspace, self._partner)
        state: Literal["waiting", "done"] = "waiting" if waits else "done"
        return ConversationOutcome(state, tuple(self._taken), tuple(self._outbox.handed_over), tuple(self._notes))

    def ask(self, record: SessionRecord, match_ids: Collection[bytes]) -> None:
        """Store a message that asks about some possible matches of a session; `exchange` sends it.

        Raises:
            UsageError: one cannot be asked about, was asked about before, or they are too many.
        """
        matches, now = self._session(record), self._clock()
        with self._workspace.transaction():
            known = self._workspace.conversations.asked_about(self._partner.slug, ours=True)
            chosen = [matches.match(match_id) for match_id in match_ids]
            if not chosen or len(chosen) > matches.questions_left():
                raise UsageError(
                    f"{len(chosen)} questions are not as many as can be asked about this session",
                    f"Ask 1 to {matches.questions_left()} more.",
                )
            shown: dict[bytes, ShownAccount] = {}
            for each in chosen:
                if each.shown is None or known & set(matches.account_ids(each.match_id)):
                    raise UsageError(
                        "one of these matches cannot be asked about, or was asked about before",
                        "See which can: accountmap ask",
                    )
                shown[each.match_id] = each.shown
            message_id = self._outbox.store(matches, Kind.QUESTIONS, write_questions(shown), now)
            self._workspace.conversations.ask(
                matches.question(each.match_id, each.shown, message_id, now, ours=True) for each in chosen
            )
            self._record(record, now, {"event": "asked", "questions": len(chosen)})

    def answer(self, same: Collection[Question], no: Collection[Question]) -> None:
        """Store the answers to a table of questions that a person went through; `exchange` sends them.

        All questions of a message are answered at once: those that the person left out count as *no* for now, and
        may still be called the same later.
        """
        now, talk = self._clock(), self._workspace.conversations
        with self._workspace.transaction():
            for message_id in dict.fromkeys(each.message_id for each in (*same, *no)):
                asked = [
                    each
                    for each in talk.questions(self._partner.slug, ours=False)
                    if each.message_id == message_id
                ]
                chosen = {each.match_id for each in same if each.message_id == message_id and each.shown}
                chosen |= {each.match_id for each in asked if each.answer is Answer.SAME}
                self._answer_message(message_id, asked, chosen, now)
            answers = talk.recent_answers(self._partner.slug, _LAST)
            if sum(answer is not Answer.SAME for answer in answers) >= _MOST_NOT_SAME:
                talk.close(self._partner.slug, now)

    def say(self, record: SessionRecord, statements: Sequence[Statement]) -> None:
        """Store a message about revealed matches of a session: introductions, leads, deals or notes.

        `exchange` sends it.

        Args:
            statements: of one topic and step, each about another match.

        Raises:
            InputError, TrustError, UsageError: as `check_statement`.
        """
        matches, now = self._session(record), self._clock()
        for each in statements:
            check_not_held_out(self._workspace, self._partner, matches, each.match_id, each.step, now.date())
        with self._workspace.transaction():
            entries = entries_to_send(self._workspace, self._partner, matches, statements, now)
            kind = Kind(entries[0].topic)
            message_id = self._outbox.store(matches, kind, write_entries(entries), now)
            self._workspace.match_entries.add(kept(self._partner, matches, entries, message_id))
            fields = dict.fromkeys(name for each in entries for name, _ in each.fields)
            told = {"topic": kind.label, "step": str(entries[0].step), "matches": len(entries)}
            self._record(record, now, {"event": "told", **told, "fields": list(fields)})

    def say_plan(self, *statements: PlanStatement) -> None:
        """Store messages about joint plans, all or none; `exchange` sends them.

        Raises:
            InputError, TrustError, UsageError: a plan does not allow it now.
        """
        now = self._clock()
        with self._workspace.transaction():
            for each in statements:
                self._say_of_plan(each, now)

    def _say_of_plan(self, statement: PlanStatement, now: datetime) -> None:
        matches = self._session(statement.record)
        entry = statement.entry(self._workspace, self._partner, matches, now)
        content = write_plan_entry(entry)
        message_id = self._outbox.store(matches, Kind.PLANS, content, now)
        keep_plan(self._workspace, self._partner, matches, entry, content, message_id)
        if statement.seed:
            self._workspace.plans.keep_seed(entry.plan_id, statement.seed)
        self._record(matches.record, now, {"event": "told", **statement.facts})

    def _answer_message(self, questions_id: bytes, asked: list[Question], same: set[bytes], now: datetime) -> None:
        matches = self._session_of(asked[0].session)
        verdicts: dict[bytes, Verdict] = {
            each.match_id: Same(matches.account_to_return(each.match_id), matches.payload(each.match_id))
            if each.match_id in same
            else None
            for each in asked
        }
        talk = self._workspace.conversations
        message_id = self._outbox.store(matches, Kind.ANSWERS, write_answers(questions_id, verdicts), now)
        talk.call_same(message_id, same)
        for each in asked:
            if each.answer is not Answer.SAME:
                talk.answer(each, Answer.SAME if each.match_id in same else Answer.NO, None, now)
        self._record(matches.record, now, {"event": "answered", "questions": len(asked), "same": len(same)})

    def _session(self, record: SessionRecord) -> SessionMatches:
        if record.id not in self._matches:
            self._matches[record.id] = SessionMatches(self._workspace, self._partner, record)
        return self._matches[record.id]

    def _session_of(self, number: int) -> SessionMatches:
        records = finished_sessions(self._workspace, self._partner)
        return self._session(next(record for record in records if record.id == number))

    def _take(self, name: str, length: int) -> None:
        """Read a message, if the file is one, complete, and new."""
        try:
            header = Header.decode(self._channel.head(name, HEADER_BYTES))
            if not is_conversation(header) or header.sender == self._workspace.card.digest:
                return
            if header.transcript in self._workspace.conversations.taken(self._partner.slug):
                self._acknowledge_again(name, header, length)
                return
            matches = self._matches_of(header, length)
            if matches is not None:
                talk = self._open(name, header)
                self._act(matches, talk)
                self._taken.append(name)
        except PeerError as error:
            self._notes.append(f"{name} was passed over: {error}.")

    def _matches_of(self, header: Header, length: int) -> SessionMatches | None:
        """Return the session that a message is about; None if it is not for us, incomplete, or of no session yet.

        Raises:
            PeerError: its header is not as conversation-v1 §2 says.
        """
        if not self._is_for_us(header):
            return None
        if header.expires < int(self._clock().timestamp()):
            raise PeerError("it has expired")
        check_length(header)
        found = [r for r in finished_sessions(self._workspace, self._partner) if r.sid == header.session]
        if not found or length != header.file_bytes:
            return None
        matches = self._session(found[0])
        if matches.agreement.digest != header.agreement or Role(matches.role).other != header.role:
            raise PeerError("it belongs to another agreement or role")
        return matches

    def _is_for_us(self, header: Header) -> bool:
        return (header.sender, header.recipient) == (self._partner.card.digest, self._workspace.card.digest)

    def _open(self, name: str, header: Header) -> Talk:
        with self._channel.fetch(name, header.file_bytes) as file:
            return read_talk(file.read(), header, self._workspace.identity, self._partner.card)

    def _act(self, matches: SessionMatches, talk: Talk) -> None:
        """Take a message and act upon it, in one step.

        Raises:
            PeerError: it is not as it should be; then nothing has happened.
        """
        if talk.kind not in set(Kind):
            return
        now = self._clock()
        with self._workspace.transaction():
            taken = self._workspace.conversations.take(
                self._partner.slug, talk.id, talk.digest, talk.kind, matches.record.id, now
            )
            if taken is Taken.ALTERED:
                raise PeerError("another message had the same id")
            if taken is Taken.NEW:
                act = {
                    Kind.QUESTIONS: self._take_questions,
                    Kind.ACKNOWLEDGEMENT: self._take_acknowledgement,
                    Kind.ANSWERS: self._take_answers,
                    Kind.FIELDS: self._take_fields,
                    Kind.PLANS: self._take_plan,
                }.get(Kind(talk.kind), self._take_entries)
                act(matches, talk, now)

    def _take_questions(self, matches: SessionMatches, talk: Talk, now: datetime) -> None:
        conversations, slug = self._workspace.conversations, self._partner.slug
        asked = read_questions(talk.content, matches.matter())
        closed, known = conversations.is_closed(slug), conversations.asked_about(slug, ours=False)
        questions = []
        for match_id, text in asked.items():
            accounts = matches.account_ids(match_id)
            is_shown = not closed and not known & set(accounts) and matches.fits(match_id, text)
            known |= set(accounts)
            questions.append(matches.question(match_id, text, talk.id, now, ours=False, shown=is_shown))
        conversations.ask(questions)
        self._record(matches.record, now, {"event": "was_asked", "questions": len(questions)})

    def _take_acknowledgement(self, _matches: SessionMatches, talk: Talk, now: datetime) -> None:
        ids = read_acknowledgement(talk.content)
        self._workspace.conversations.acknowledged(self._partner.slug, ids, now)

    def _take_answers(self, matches: SessionMatches, talk: Talk, now: datetime) -> None:
        conversations = self._workspace.conversations
        _, verdicts = read_answers(talk.content, matches.matter())
        fields: dict[bytes, bytes] = {}
        for question in self._own_questions(matches, verdicts):
            verdict = verdicts[question.match_id]
            if question.answer is Answer.SAME:
                continue
            if verdict is None:
                conversations.answer(question, Answer.NO, None, now)
                continue
            shown = decode_payload(verdict.payload, len(matches.partner_fields(question.match_id)))
            reply = (*verdict.account, *(value or "" for value in shown))
            conversations.answer(question, Answer.SAME, reply, now)
            fields[question.match_id] = matches.payload(question.match_id)
        if fields:
            self._outbox.store(matches, Kind.FIELDS, write_fields(talk.id, fields), now)
            self._record(matches.record, now, {"event": "called_same", "same": len(fields)})

    def _own_questions(self, matches: SessionMatches, verdicts: Mapping[bytes, Verdict]) -> Iterator[Question]:
        for question in self._workspace.conversations.questions(self._partner.slug, ours=True):
            if question.session == matches.record.id and question.match_id in verdicts:
                yield question

    def _take_fields(self, matches: SessionMatches, talk: Talk, _now: datetime) -> None:
        fields = read_fields(talk.content, matches.matter())
        conversations = self._workspace.conversations
        for question in conversations.questions(self._partner.slug, ours=False):
            if question.session == matches.record.id and question.match_id in fields:
                count = len(matches.partner_fields(question.match_id))
                shown = decode_payload(fields[question.match_id], count)
                conversations.set_reply(question, tuple(value or "" for value in shown))

    def _take_entries(self, matches: SessionMatches, talk: Talk, now: datetime) -> None:
        entries = entries_taken(self._workspace, self._partner, matches, talk, now)
        self._workspace.match_entries.add(kept(self._partner, matches, entries, talk.id))
        if entries:
            told = {"topic": Kind(talk.kind).label, "matches": len(entries)}
            self._record(matches.record, now, {"event": "was_told", **told})

    def _take_plan(self, matches: SessionMatches, talk: Talk, now: datetime) -> None:
        entry = plan_taken(self._workspace, self._partner, matches, talk, now)
        if entry is not None:
            keep_plan(self._workspace, self._partner, matches, entry, talk.content, talk.id, talk.proof)
            told = {"topic": Kind.PLANS.label, "step": entry.step.label, "matches": entry.matches}
            self._record(matches.record, now, {"event": "was_told", **told})

    def _acknowledge_again(self, name: str, header: Header, length: int) -> None:
        """Send an acknowledgement once more, since its message is there again, unless it is in the channel itself.

        Raises:
            PeerError: it is another message with the same id (conversation-v1 §3).
        """
        check_length(header)
        if not self._is_for_us(header) or length != header.file_bytes:
            return
        conversations, slug = self._workspace.conversations, self._partner.slug
        talk = self._open(name, header)
        if talk.digest != conversations.digest_of(slug, talk.id):
            raise PeerError("another message had the same id")
        self._outbox.hand_over(conversations.sent(slug, conversations.taken(slug)[talk.id]))

    def _record(self, record: SessionRecord, now: datetime, facts: Facts) -> None:
        """Record what happened in the ledger, without any account."""
        self._workspace.record({**session_facts(self._partner, record, now), **facts})
