"""Introductions, leads, registered deals and notes about revealed matches: what may be said, and what was said.

The table of transitions is in account_map.match_log; here it meets a workspace: whether the match is revealed,
which fields are agreed, and what the agreement's rules of engagement allow (conversation-v1 §6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Final

from accountmap.account_map.co_selling import CoSelling, seen_from
from accountmap.account_map.conflicts import certain_leader
from accountmap.account_map.match_log import Entry, MatchLog, in_order
from accountmap.errors import InputError, TrustError, UsageError
from accountmap.model import SHARED_FIELDS, Leader, Role, Step, Topic
from accountmap.session.conversation_content import (
    MOST_ENTRIES,
    NOTE_BYTES,
    TEXT_BYTES,
    LogMatter,
    read_entries,
)
from accountmap.session.parameters import cut_field
from accountmap.session.questions import SessionMatches, finished_sessions, session_matches
from accountmap.trust.conversation import Talk
from accountmap.trust.terms_words import leads as rules_in_words
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.entries import KeptEntry

SHOWN_WITH: Final[Mapping[Step, tuple[str, ...]]] = {
    Step.ASKED: ("owner_name", "owner_email"),
    Step.OFFERED: ("owner_name", "owner_email"),
    Step.ACCEPTED: ("owner_name", "owner_email"),
    Step.REGISTERED: ("amount", "stage", "registered_deal"),
}
"""The fields that go with a step automatically, if the agreement shows them for the match."""


@dataclass(frozen=True)
class Statement:
    """What a person wants to say about one match.

    Attributes:
        match_id: 16 bytes.
        value: as in Entry.
        text: what the person writes; may be empty.
        fields: agreed fields of our account, by name; None for those that go with the step automatically.
    """

    match_id: bytes
    topic: Topic
    step: Step
    value: int = 0
    text: str = field(default="", repr=False)
    fields: Mapping[str, str] | None = field(default=None, repr=False)


def proposal(role: Role, leads: Leader) -> int:
    """Return the value of a proposal of who leads, made by the side in a role."""
    return {Leader.ME: role + 1, Leader.THEM: role.other + 1, Leader.BOTH: 3}[leads]


def load_co_selling(workspace: Workspace, partner: PartnerRecord) -> CoSelling:
    """Return all that this side and a partner have told each other about single matches."""
    records = {record.id: record for record in finished_sessions(workspace, partner)}
    found = CoSelling()
    for number, about in groupby(workspace.match_entries.with_partner(partner.slug), lambda kept: kept.session):
        matches = SessionMatches(workspace, partner, records[number])
        for match_id, kept in groupby(about, lambda each: each.entry.match_id):
            entries = list(kept)
            log = match_log(matches, match_id, (each.entry for each in entries))
            found += seen_from(log, matches.role, entries[0].account_id)
    return found


_OPENINGS: Final = frozenset({Step.ASKED, Step.OFFERED, Step.PROPOSED, Step.REGISTERED, Step.NOTED})


def find_match(
    workspace: Workspace, partner: PartnerRecord, prefix: str, topic: Topic, step: Step
) -> tuple[SessionMatches, bytes]:
    """Find a revealed match by the first digits of its id: one of the last session, or one that was talked about.

    Ids are new in every session. What was begun under an earlier id of the same account goes on under that id.

    Raises:
        InputError: no match has such an id, or more than one has.
        WorkspaceError: no session with this partner is finished.
    """
    talked = {each.entry.match_id: each for each in workspace.match_entries.with_partner(partner.slug)}
    known = _known_matches(workspace, partner, talked)
    found = [match_id for match_id in known if prefix and match_id.hex().startswith(prefix.lower())]
    if len(found) != 1:
        problem = "more than one match has" if found else "no revealed match has"
        raise InputError(
            f"{problem} an id that begins with {prefix!r}", "Copy it from a report, or from the inbox."
        )
    (match_id,) = found
    if match_id not in talked:
        own = set(known[match_id].account_ids(match_id))
        for earlier in (other for other, each in talked.items() if each.account_id in own):
            log = match_log(known[earlier], earlier, workspace.match_entries.about(partner.slug, earlier))
            if step not in _OPENINGS or log.waits_for(topic) is not None:
                return known[earlier], earlier
    return known[match_id], match_id


def _known_matches(
    workspace: Workspace, partner: PartnerRecord, talked: Mapping[bytes, KeptEntry]
) -> dict[bytes, SessionMatches]:
    """Return the revealed matches of the last session, and those that were talked about, each with its session."""
    latest = session_matches(workspace, partner.slug)
    sessions = {latest.record.id: latest}
    known = dict.fromkeys(latest.revealed(), latest)
    for match_id, each in talked.items():
        if each.session not in sessions:
            sessions[each.session] = session_matches(workspace, partner.slug, each.session)
        known[match_id] = sessions[each.session]
    return known


def match_log(matches: SessionMatches, match_id: bytes, entries: Iterable[Entry]) -> MatchLog:
    """Fold what both sides said about a match of a session, under the rules of its agreement."""
    return MatchLog.of(entries, _certain_leader(matches, match_id))


def _certain_leader(matches: SessionMatches, match_id: bytes) -> Role | None:
    if not matches.agreement.terms.leads:
        return None
    leads = certain_leader(matches.result.rules, *matches.cell(match_id))
    return {Leader.ME: matches.role, Leader.THEM: matches.role.other}.get(Leader(leads)) if leads else None


def what_may_be_shown(matches: SessionMatches, statement: Statement) -> dict[str, str]:
    """Return the fields that leave with a statement, in the order of SHARED_FIELDS.

    Fields that go automatically are cut as in a session: the partner refuses longer ones, and would go on refusing
    the message for ever.

    Raises:
        InputError: a field is not agreed for this match, or its value is empty or too long.
    """
    if statement.fields is None:
        values = {name: cut_field(value) for name, value in matches.own_values(statement.match_id).items()}
        return {name: values[name] for name in SHOWN_WITH.get(statement.step, ()) if values.get(name)}
    agreed = matches.own_fields(statement.match_id)
    for name, value in statement.fields.items():
        if name not in agreed:
            raise InputError(
                f"the agreement does not show {name.replace('_', ' ')} for this match",
                f"It shows: {', '.join(agreed).replace('_', ' ') or 'no field'}.",
            )
        if not value or len(value.encode()) > TEXT_BYTES:
            raise InputError(f"{name.replace('_', ' ')} is empty or longer than {TEXT_BYTES} bytes")
    return {name: statement.fields[name] for name in SHARED_FIELDS if name in statement.fields}


def check_statement(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, statement: Statement
) -> None:
    """Refuse to say what the agreement, its rules of engagement, or the state of the match do not allow.

    Raises:
        InputError: the match is not revealed, the text is too long, or a field is not agreed.
        TrustError: a rule of engagement names the partner as the one who leads.
        UsageError: the step does not follow from what was said so far.
    """
    if statement.match_id not in matches.revealed():
        raise InputError(
            "this match is not revealed", "Introductions are about revealed matches; ask about it first."
        )
    if len(one_line(statement.text).encode()) > NOTE_BYTES or (
        statement.topic is Topic.NOTE and not statement.text.strip()
    ):
        raise InputError(f"the text is empty, or longer than {NOTE_BYTES:,} bytes")
    what_may_be_shown(matches, statement)
    log = match_log(matches, statement.match_id, workspace.match_entries.about(partner.slug, statement.match_id))
    if statement.step is Step.ASKED and not log.agreed:
        _check_engagement(matches, statement.match_id)
    if not log.allows(matches.role, statement.topic, statement.step, statement.value):
        raise UsageError(_why_not(log, matches.role, statement), "See how far it is: accountmap inbox")


def engagement_rule(matches: SessionMatches, match_id: bytes) -> tuple[Role | None, str] | None:
    """Return who leads by the first rule of engagement that fits a match, and the rule in words.

    The country is the one on our own list. A role of None means both sides.

    Returns:
        None if no rule fits.
    """
    terms, role = matches.agreement.terms, matches.role
    if not terms.leads:
        return None
    cell, territory = matches.cell(match_id), matches.territory(match_id)
    for number, rule in enumerate(terms.leads):
        in_cell = cell[0] in rule.segments[role] and cell[1] in rule.segments[role.other]
        if in_cell and (not rule.countries or territory in rule.countries):
            return (
                rule.leads,
                f"rule of engagement {number + 1} does not allow it: {rules_in_words(terms)[number]}",
            )
    return None


def _check_engagement(matches: SessionMatches, match_id: bytes) -> None:
    """Refuse to ask for an introduction where a rule says that the partner leads: only the partner may offer one.

    Raises:
        TrustError: naming the rule.
    """
    found = engagement_rule(matches, match_id)
    if found is not None and found[0] is matches.role.other:
        raise TrustError(
            found[1], "The side that leads may offer one; or agree on another lead first: accountmap deal lead"
        )


def _why_not(log: MatchLog, role: Role, statement: Statement) -> str:
    state = log.state(statement.topic, role)
    what = {Topic.INTRODUCTION: "introduction", Topic.LEAD: "lead", Topic.DEAL: "deal", Topic.NOTE: "note"}
    now = f"it was {state} last" if state else "nothing was said about it yet"
    return f"this {what[statement.topic]} cannot be {statement.step} by you now: {now}"


def entries_to_send(
    workspace: Workspace,
    partner: PartnerRecord,
    matches: SessionMatches,
    statements: Sequence[Statement],
    now: datetime,
) -> list[Entry]:
    """Make the entries of one message from what a person wants to say.

    Args:
        statements: of one topic, each about another match of the session.

    Raises:
        InputError, TrustError, UsageError: as `check_statement`.
    """
    entries = []
    for statement in statements:
        check_statement(workspace, partner, matches, statement)
        known = workspace.match_entries.about(partner.slug, statement.match_id)
        counted = in_order(known)
        own = [each for each in counted if each.role is matches.role]
        if len(own) >= MOST_ENTRIES:
            raise UsageError(f"more than {MOST_ENTRIES:,} things were said about one match")
        at = now.replace(microsecond=0)
        entries.append(
            Entry(
                match_id=statement.match_id,
                role=matches.role,
                number=len(own) + 1,
                seen=len(counted) - len(own),
                # A clock that was set back must not put what is said now before what was said.
                time=max([at, *(each.time for each in own)]),
                topic=statement.topic,
                step=statement.step,
                value=statement.value,
                text=one_line(statement.text),
                fields=tuple(what_may_be_shown(matches, statement).items()),
                came=now,
            )
        )
    return entries


def kept(
    partner: PartnerRecord, matches: SessionMatches, entries: Iterable[Entry], message_id: bytes
) -> list[KeptEntry]:
    """Add what this workspace knows to entries that are to be kept."""
    return [
        KeptEntry(each, partner.slug, matches.record.id, matches.account_ids(each.match_id)[0], message_id)
        for each in entries
    ]


def entries_taken(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, talk: Talk, now: datetime
) -> list[Entry]:
    """Read the entries of a partner's message; those that are known already are left out.

    Raises:
        PeerError: they are not as conversation-v1 §6 says.
    """
    revealed = matches.revealed()
    matter = LogMatter(
        sender=matches.role.other,
        fields=lambda match_id: matches.partner_fields(match_id) if match_id in revealed else None,
        known=lambda match_id: workspace.match_entries.about(partner.slug, match_id),
        came=now,
    )
    return read_entries(Topic(talk.kind), talk.content, matter)


def one_line(text: str) -> str:
    """Put what a person wrote into one line."""
    return " ".join(text.split())
