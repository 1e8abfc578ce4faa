"""The matches of a session that is over: what may be said and asked about each (conversation-v1 §5, §6).

A question shows one of our accounts. The evidence of its match is checked by making the keys of what is shown: an
account that does not give the shared key is no reason to ask, and a partner that shows such an account only
guessed the key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from accountmap.account_map import STANDARD_WEIGHTS, AccountMap, MatchDecision, Weights, build_map
from accountmap.account_map.own_accounts import countries_of
from accountmap.account_map.qualification import NOTHING, Qualifiers
from accountmap.account_map.reviews import ASKED, NO, SAME, TO_ANSWER, MatchAnswer
from accountmap.account_map.schema import SessionResult
from accountmap.accounts.schema import AccountList
from accountmap.errors import WorkspaceError
from accountmap.linkage.facts import read_facts
from accountmap.linkage.keys import MAKERS, keys_of
from accountmap.model import Answer, Role
from accountmap.psi.suite import key_message
from accountmap.session.conversation_content import SessionMatter, ShownAccount, most_questions
from accountmap.session.own_list import EntityTables
from accountmap.session.parameters import encode_payload
from accountmap.trust.agreement import Agreement
from accountmap.trust.match_rule import SlotTerms
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace
from accountmap.workspace.conversations import Question

_REGISTERED: Final = frozenset({"lei", "vat", "duns"})
"""Slots whose keys are not made from a name, a website and a country."""


@dataclass(frozen=True)
class PossibleMatch:
    """A match that a session left to be asked about.

    Attributes:
        entity: row of the own entity.
        segment, their_segment: of the own entity and of the partner's.
        evidence: the slots that are shared, strongest first.
        account_id, shown: what a question would show; None if no account of the entity gives the shared key.
    """

    match_id: bytes
    entity: int
    segment: str
    their_segment: str
    strength: str
    evidence: tuple[str, ...]
    account_id: str | None
    shown: ShownAccount | None


class SessionMatches:
    """The matches of one session that is over, revealed and possible ones, with our list as it was then."""

    def __init__(self, workspace: Workspace, partner: PartnerRecord, record: SessionRecord) -> None:
        self.record, self._workspace, self._partner = record, workspace, partner
        self.agreement: Agreement = workspace.agreement(record.agreement)
        self.role = Role(record.role)

    @cached_property
    def result(self) -> SessionResult:
        """What the session found."""
        return self._workspace.result(self.record)

    @cached_property
    def _rows(self) -> dict[bytes, dict[str, Any]]:
        return {bytes.fromhex(row["match_id"]): row for row in self.result.possible.to_pylist()}

    @cached_property
    def _revealed(self) -> dict[bytes, dict[str, Any]]:
        return {bytes.fromhex(row["match_id"]): row for row in self.result.matches.to_pylist()}

    @cached_property
    def _pairs(self) -> dict[bytes, list[tuple[int, int]]]:
        found: dict[bytes, list[tuple[int, int]]] = {}
        for row in self.result.possible_pairs.to_pylist():
            found.setdefault(bytes.fromhex(row["match_id"]), []).append((row["own_slot"], row["their_slot"]))
        return found

    @cached_property
    def _list(self) -> tuple[AccountList, EntityTables, Sequence[str]]:
        accounts, prepared = self._workspace.load_list(self.record.list_id)
        return accounts, EntityTables(accounts, prepared), prepared.entities["segment"].to_pylist()

    def match(self, match_id: bytes) -> PossibleMatch:
        """Describe a possible match.

        Raises:
            KeyError: there is none of this id.
        """
        row = self._rows[match_id]
        _, _, segments = self._list
        account = self._account_to_show(match_id, row["entity"])
        return PossibleMatch(
            match_id=match_id,
            entity=row["entity"],
            segment=segments[row["entity"]],
            their_segment=row["their_segment"],
            strength=row["strength"],
            evidence=tuple(row["evidence"]),
            account_id=account[0] if account else None,
            shown=account[1] if account else None,
        )

    def question(
        self,
        match_id: bytes,
        text: ShownAccount | None,
        message_id: bytes,
        now: datetime,
        *,
        ours: bool,
        shown: bool = True,
    ) -> Question:
        """Return a question about a possible match, as the side that asks and the other keep it.

        Args:
            text: the account that it shows.
            message_id: of the message that asks it.
            shown: whether people see it.
        """
        match = self.match(match_id)
        return Question(
            partner=self._partner.slug,
            session=self.record.id,
            match_id=match_id,
            ours=ours,
            account_id=(match.account_id or "") if ours else self.account_ids(match_id)[0],
            segment=match.segment,
            message_id=message_id,
            shown=shown,
            answer=Answer.OPEN,
            asked=now,
            text=text,
        )

    def all(self) -> list[PossibleMatch]:
        """Describe all, those with the best evidence first."""
        rows = sorted(self._rows.items(), key=lambda item: (-item[1]["weight"], item[0]))
        return [self.match(match_id) for match_id, _ in rows]

    def fits(self, match_id: bytes, shown: ShownAccount) -> bool:
        """Return whether an account that the partner shows gives the key that it is said to share."""
        pair = self._best_pair(match_id)
        if pair is None:
            return False
        own, theirs = pair
        _, tables, _ = self._list
        return tables.key(self._rows[match_id]["entity"], own) in self._keys(shown, theirs)

    def revealed(self) -> set[bytes]:
        """Return the ids of the revealed matches, and of those that have since been answered *same*."""
        asked = self._workspace.conversations.questions(self._partner.slug, answer=Answer.SAME)
        return self._revealed.keys() | {each.match_id for each in asked if each.session == self.record.id}

    def account_ids(self, match_id: bytes) -> list[str]:
        """Return the own accounts of a match, by id."""
        _, tables, _ = self._list
        return tables.account_ids(self._row(match_id)["entity"])

    def cell(self, match_id: bytes) -> tuple[str, str]:
        """Return the own segment of a match and the partner's."""
        _, _, segments = self._list
        row = self._row(match_id)
        return segments[row["entity"]], row["their_segment"]

    def own_name(self, match_id: bytes) -> str:
        """Return the name of our account of a match, or its website if it has none."""
        accounts, tables, _ = self._list
        shown = _shown(accounts, tables.accounts(self._row(match_id)["entity"])[0])
        return shown.name or shown.website

    def territory(self, match_id: bytes) -> str | None:
        """Return the country of the own entity of a match, as an ISO 3166 code."""
        accounts, tables, _ = self._list
        rows = accounts.table.take(sorted(tables.accounts(self._row(match_id)["entity"])))
        return next((code for code in countries_of(rows).to_pylist() if code), None)

    def own_values(self, match_id: bytes) -> dict[str, str]:
        """Return the agreed fields that this side shows of a match with their values; blank ones are left out."""
        _, tables, _ = self._list
        entity = self._row(match_id)["entity"]
        found = {name: tables.field(entity, name) for name in self.own_fields(match_id)}
        return {name: value for name, value in found.items() if value}

    def _row(self, match_id: bytes) -> dict[str, Any]:
        return self._rows[match_id] if match_id in self._rows else self._revealed[match_id]

    def account_to_return(self, match_id: bytes) -> ShownAccount:
        """Return what an answer *same* shows: the account with the shared key, or the first of the entity."""
        entity = self._rows[match_id]["entity"]
        found = self._account_to_show(match_id, entity)
        if found:
            return found[1]
        accounts, tables, _ = self._list
        return _shown(accounts, tables.accounts(entity)[0])

    def own_fields(self, match_id: bytes) -> tuple[str, ...]:
        """Name the agreed fields that this side shows of a match that is revealed, or the same."""
        return self._fields(match_id, self.role)

    def partner_fields(self, match_id: bytes) -> tuple[str, ...]:
        """Name the agreed fields that the partner shows of a match that is revealed, or the same."""
        return self._fields(match_id, self.role.other)

    def payload(self, match_id: bytes) -> bytes:
        """Write the own agreed fields of a match (message-v2 §6.1)."""
        _, tables, _ = self._list
        entity = self._rows[match_id]["entity"]
        return encode_payload([tables.field(entity, name) for name in self.own_fields(match_id)])

    def matter(self) -> SessionMatter:
        """Return what a reader of a message about this session knows."""
        talk, slug = self._workspace.conversations, self._partner.slug
        about = [each for each in talk.questions(slug) if each.session == self.record.id]
        asked: dict[bytes, set[bytes]] = {}
        for each in about:
            if each.ours:
                asked.setdefault(each.message_id, set()).add(each.match_id)
        return SessionMatter(
            to_ask=self._rows.keys(),
            revealed=self.result.matches.num_rows,
            was_asked={each.match_id for each in about if not each.ours},
            asked=asked,
            answered=talk.called_same(),
            shown_fields=lambda match_id: len(self.partner_fields(match_id)),
        )

    def questions_left(self) -> int:
        """Return how many more questions may be asked about this session."""
        asked = self._workspace.conversations.questions(self._partner.slug, ours=True)
        used = sum(each.session == self.record.id for each in asked)
        return most_questions(self.result.matches.num_rows) - used

    def evidence(self, match_id: bytes) -> tuple[str, ...]:
        """Return the slots that a possible match shares, strongest first."""
        return tuple(self._rows[match_id]["evidence"])

    def _fields(self, match_id: bytes, role: Role) -> tuple[str, ...]:
        cell = self.cell(match_id)
        rectangle = self.agreement.terms.sharing.rectangle(cell if self.role is Role.INITIATOR else cell[::-1])
        return rectangle.fields[role] if rectangle else ()

    def _best_pair(self, match_id: bytes) -> tuple[int, int] | None:
        """Return the best shared pair of slots whose keys are made of name, website and country alone."""
        slots = self.agreement.terms.slots
        usable = [
            pair
            for pair in self._pairs.get(match_id, ())
            if all(slots[slot].name in MAKERS and slots[slot].name not in _REGISTERED for slot in pair)
        ]
        return min(usable, key=lambda pair: (max(_rank(slots, slot) for slot in pair), pair), default=None)

    def _keys(self, shown: ShownAccount, slot: int) -> set[bytes]:
        """Return the key messages of a slot that an account with these three cells alone gives."""
        terms = self.agreement.terms.slots[slot]
        cells = {name: text or None for name, text in zip(("name", "website", "country"), shown, strict=True)}
        found = keys_of(read_facts(cells), [terms.name])
        return {key_message(terms.space.encode(), value.encode()) for _, (value, _, _) in found}

    def _account_to_show(self, match_id: bytes, entity: int) -> tuple[str, ShownAccount] | None:
        """Return the first account of an entity that gives the key of its best pair, if it is shown."""
        pair = self._best_pair(match_id)
        if pair is None:
            return None
        accounts, tables, _ = self._list
        wanted = tables.key(entity, pair[0])
        for row in tables.accounts(entity):
            shown = _shown(accounts, row)
            if shown.name and wanted in self._keys(shown, pair[0]):
                return accounts.table["account_id"][row].as_py(), shown
        return None


def _rank(slots: Sequence[SlotTerms], slot: int) -> tuple[int, int, int]:
    """Rank the slots: strong before weak, then by weight, then by number (account-psi-v2 §8.2)."""
    return slots[slot].strength, -slots[slot].weight, slot


def _shown(accounts: AccountList, row: int) -> ShownAccount:
    table = accounts.table
    website = table["website"][row].as_py() or table["domain"][row].as_py()
    return ShownAccount(table["name"][row].as_py() or "", website or "", table["country"][row].as_py() or "")


def finished_sessions(workspace: Workspace, partner: PartnerRecord) -> list[SessionRecord]:
    """List the sessions with a partner that have a result, newest first."""
    return [record for record in workspace.sessions(partner) if record.status is Status.DONE]


def session_matches(workspace: Workspace, partner: str, number: int | None = None) -> SessionMatches:
    """Return the possible matches of a session with a partner.

    Args:
        number: of the session; by default the last one.

    Raises:
        WorkspaceError: no session with this partner is finished.
    """
    record = workspace.partner(partner)
    found = [each for each in finished_sessions(workspace, record) if number in (None, each.id)]
    if not found:
        raise WorkspaceError(
            "no session with this partner is finished", f"Go on with: accountmap map --with {partner}"
        )
    return SessionMatches(workspace, record, found[0])


def load_answers(workspace: Workspace, partner: PartnerRecord) -> tuple[MatchAnswer, ...]:
    """Return the answers to all questions to and from a partner; questions not shown to people are left out."""
    records = {record.id: record for record in finished_sessions(workspace, partner)}
    matches: dict[int, SessionMatches] = {}
    found = []
    for question in workspace.conversations.questions(partner.slug):
        if question.shown and question.session in records:
            if question.session not in matches:
                matches[question.session] = SessionMatches(workspace, partner, records[question.session])
            found.append(_match_answer(question, matches[question.session]))
    return tuple(found)


def _match_answer(question: Question, matches: SessionMatches) -> MatchAnswer:
    open_answer = ASKED if question.ours else TO_ANSWER
    fields: dict[str, str | None] = {}
    if question.answer is Answer.SAME:
        reply = question.reply or ()
        shown = reply if question.ours else (*(question.text or ()), *reply)
        names = (*ShownAccount._fields, *matches.partner_fields(question.match_id))
        fields = {name: value or None for name, value in zip(names, shown, strict=False)}
    return MatchAnswer(
        match_id=question.match_id.hex(),
        account_id=question.account_id,
        answer={Answer.OPEN: open_answer, Answer.SAME: SAME, Answer.NO: NO}[question.answer],
        fields=fields,
        evidence="+".join(matches.evidence(question.match_id)),
    )


def session_map(
    workspace: Workspace,
    session: SessionRecord,
    decisions: tuple[MatchDecision, ...],
    answers: tuple[MatchAnswer, ...],
    weights: Weights = STANDARD_WEIGHTS,
    qualifiers: Qualifiers = NOTHING,
) -> AccountMap:
    """Build the account map of a finished session.

    Args:
        decisions: what people on this side decided about matches with the partner.
        answers: the answers to questions of both sides.
        weights: what the overlap is ranked by.
        qualifiers: models and profiles by which accounts are judged as well.

    Raises:
        WorkspaceError: the list or the result cannot be read any more.
    """
    accounts, prepared = workspace.load_list(session.list_id)
    return build_map(accounts, prepared, workspace.result(session), weights, decisions, answers, qualifiers)
