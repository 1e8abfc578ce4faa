"""What a partner learns: from a session before it begins, from a message file, and from a session that is over."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.errors import PeerError
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role, WeakSlots, segment_count
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.session.admission import admit, changed_since_earlier, recent_sessions
from accountmap.session.decisions import Cell, own_fields, shown_fields
from accountmap.session.own_side import OwnSide
from accountmap.session.parameters import session_parameters
from accountmap.session.sketches import partner_has_sketch
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import HEADER_BYTES, Header
from accountmap.workspace import PartnerRecord, Workspace

OWN_MESSAGES: Final = {
    Role.INITIATOR: tuple(MessageType(n) for n in (1, 3, 5, 7, 9)),
    Role.RESPONDER: tuple(MessageType(n) for n in (2, 4, 6, 8, 10)),
}


@dataclass(frozen=True)
class Forecast:
    """What a session that began now would show, computed from the own files alone.

    Attributes:
        partner: its name.
        agreement: digest in hex.
        list_id: number of the prepared list.
        role: ours.
        messages: those that this side sends, in order.
        own_sizes, padded_sizes: own entities by segment that take part, and as the partner sees them.
        withheld: how many own entities take no part, by reason.
        named: the cells in which matches are revealed: own segment, the partner's.
        partner_sizes: the partner's padded entities by segment.
        epsilon: of the own sketch: "2", "1", "1/2" or "1/4".
        sketch_known: whether this partner has the own sketch already, so that it learns nothing new from it.
        comparable: own entities in some cell with names that have a match key; no others can ever be named.
        filled: how many of these have a value, for each agreed field.
        totals: whether noisy totals of the own list leave too.
        names_unmatched: whether the names of the own accounts without a match leave too.
        asks: whether possible matches are kept to be asked about.
        sessions_left: sessions that the agreement still allows in these 30 days.
        changed: by segment, the entities that changed since the most similar list of a session with this partner.
        partner_keys: keys that a cheating partner can test in a session: rows by sent slots, of all rectangles.
        most_matches: the most own entities that can be named.
    """

    partner: str
    agreement: str
    list_id: int
    role: Role
    messages: tuple[MessageType, ...]
    own_sizes: dict[str, int]
    padded_sizes: dict[str, int]
    withheld: dict[str, int]
    named: frozenset[Cell]
    partner_sizes: dict[str, int]
    epsilon: str
    sketch_known: bool
    comparable: int
    filled: dict[str, int]
    totals: bool
    names_unmatched: bool
    asks: bool
    sessions_left: int
    changed: dict[str, int]
    partner_keys: int
    most_matches: int


def forecast(workspace: Workspace, partner: PartnerRecord, list_id: int | None, now: datetime) -> Forecast:
    """Return what a session that began now would show. Writes nothing and sends nothing.

    Args:
        list_id: number of a prepared list, or None for the current one.

    Raises:
        TrustError: no session may begin now.
        WorkspaceError: there is no such list.
    """
    number = workspace.prepared_list(list_id).id
    agreement = admit(workspace, partner, number, now, few_changes=True)
    terms, role = agreement.terms, Role(agreement.role_of(workspace.card))
    accounts, prepared = workspace.load_list(number)
    parameters = session_parameters(agreement)
    own = OwnSide.of(agreement, role, accounts, prepared, parameters)
    comparable = _with_keys(prepared, parameters) & own.entities()
    return Forecast(
        partner=partner.card.name,
        agreement=agreement.digest.hex(),
        list_id=number,
        role=role,
        messages=OWN_MESSAGES[role],
        own_sizes=own.sizes,
        withheld=dict(Counter(own.withheld["reason"].to_pylist())),
        named=frozenset(shown_fields(agreement, role)),
        padded_sizes=agreement.sizes[role],
        partner_sizes=agreement.sizes[role.other],
        epsilon=str(agreement.sketches[role].epsilon),
        sketch_known=partner_has_sketch(workspace, partner, agreement, now),
        comparable=len(comparable),
        filled=_filled(accounts, prepared, comparable, own_fields(agreement, role)),
        totals=role in terms.sharing.totals_shown_by,
        names_unmatched=role in terms.sharing.unmatched_named_by,
        asks=terms.weak != WeakSlots.NONE,
        sessions_left=terms.sessions_per_30_days - len(recent_sessions(workspace, partner, now)),
        changed=changed_since_earlier(workspace, partner, agreement, number).by_segment,
        partner_keys=partner_keys(parameters, role),
        most_matches=_most_matches(own, parameters, role, comparable),
    )


def partner_keys(parameters: Parameters, role: Role) -> int:
    """Return how many keys the partner of a role can test in a session: rows by sent slots, of all rectangles."""
    rows = sum(parameters.rows(n, role.other) for n in range(len(parameters.rectangles)))
    return rows * len(parameters.sent)


def _most_matches(own: OwnSide, parameters: Parameters, role: Role, comparable: set[int]) -> int:
    """Bound the own entities that can match, rectangle by rectangle; one may match in several."""
    bound = sum(
        min(len(comparable & set(order.entity.tolist())), parameters.rows(number, role.other))
        for number, order in enumerate(own.orders)
    )
    return min(bound, len(comparable))


def _with_keys(prepared: Prepared, parameters: Parameters) -> set[int]:
    """Return the entities with a key in a slot that is sent."""
    keys = prepared.keys
    sent = pa.array(parameters.sent, keys["slot"].type)
    return set(keys.filter(pc.is_in(keys["slot"], value_set=sent))["entity"].to_pylist())


def _filled(
    accounts: AccountList, prepared: Prepared, comparable: set[int], fields: tuple[str, ...]
) -> dict[str, int]:
    """Count for each field the entities with an account that has a value."""
    members = zip(*(prepared.members[name].to_pylist() for name in ("account_id", "entity")), strict=True)
    entity_of = dict(members)
    entities = [entity_of.get(account) for account in accounts.table["account_id"].to_pylist()]
    return {
        name: len(
            {
                entity
                for entity, value in zip(entities, accounts.table[name].to_pylist(), strict=True)
                if value is not None and entity in comparable
            }
        )
        for name in fields
    }


_SKETCH: Final = (
    "A blurred copy of the sender's list, the same in every session: it allows a guess about any one company, and "
    "no certainty."
)
_OWN_MATCHES: Final = "Which of the recipient's own accounts match, and in which of the sender's segments."
_SHOWN: Final = (
    "The sender's agreed fields of the accounts that match and, where the agreement says so, noisy totals of its "
    "list, or the names of its other accounts."
)
HOLDS: Final = {
    MessageType.OFFER: "a sketch of the sender's list, and a commitment to what it brings into the session",
    MessageType.ANSWER: "a sketch of the sender's list, and a commitment to what it brings into the session",
    MessageType.INITIATOR_POINTS: "the sender's consent, and blinded values of its accounts and of dummies",
    MessageType.RESPONDER_POINTS: "the sender's consent, and blinded values of its accounts and of dummies",
    MessageType.TOKENS: "tokens of the recipient's accounts, in a random order",
    MessageType.CLAIMS: "which of the recipient's rows match",
    MessageType.ROWS: "which of the recipient's rows match, and a key share for each match",
    MessageType.RESPONDER_FIELDS: "a key share for each match, and the agreed fields sealed under the match's key",
    MessageType.INITIATOR_FIELDS: "the agreed fields sealed under the match's key, and a signed receipt",
    MessageType.RECEIPT: "a signed receipt",
    MessageType.PREVIEW_OFFER: "a sketch of the sender's list",
    MessageType.PREVIEW_ANSWER: "a sketch of the sender's list",
    MessageType.STOP: "nothing but the notice that the sender ended the session",
}
REVEALS: Final = {
    MessageType.OFFER: _SKETCH,
    MessageType.ANSWER: _SKETCH,
    MessageType.INITIATOR_POINTS: "About what share of its accounts has a website and a country; nothing by name.",
    MessageType.RESPONDER_POINTS: "About what share of its accounts has a website and a country; nothing by name.",
    MessageType.TOKENS: "How the two lists' keys are linked, without names, and so how many accounts match.",
    MessageType.CLAIMS: _OWN_MATCHES,
    MessageType.ROWS: _OWN_MATCHES,
    MessageType.RESPONDER_FIELDS: _SHOWN,
    MessageType.INITIATOR_FIELDS: _SHOWN,
    MessageType.RECEIPT: "Nothing new.",
    MessageType.PREVIEW_OFFER: _SKETCH,
    MessageType.PREVIEW_ANSWER: _SKETCH,
    MessageType.STOP: "That the sender ended the session. No reason is given.",
}


def partner_learned(partner: str, agreement: Agreement, role: Role, matches: int) -> tuple[str, ...]:
    """Return what a partner has learned when a session is over, one sentence each.

    Args:
        role: ours.
        matches: how many were revealed.
    """
    terms = agreement.terms
    padded = ", ".join(segment_count(segment, size) for segment, size in agreement.sizes[role].items())
    shown = dict.fromkeys(
        name.replace("_", " ") for each in terms.sharing.rectangles for name in each.fields[role]
    )
    sentences = [
        f"Before either side agreed: a blurred copy of your list (epsilon {agreement.sketches[role].epsilon}), "
        "the same that every partner gets.",
        f"The sizes that your segments are padded to: {padded}.",
        "About what share of each segment has a website and a country.",
        f"Which of {partner}'s own companies are on your list, {matches:,} in all, and in which of your segments.",
        f"For these companies, from your list: {', '.join(shown)}." if shown else "No fields of these companies.",
    ]
    if role is Role.INITIATOR:
        sentences.append("Without names: how the match keys of the two lists are linked to each other.")
    if terms.weak is not WeakSlots.NONE:
        sentences.append("Which of its own companies may be on your list too, without a name or a field of yours.")
    if role in terms.sharing.totals_shown_by:
        sentences.append("Noisy totals of your whole list, by country, industry and size.")
    if role in terms.sharing.unmatched_named_by:
        return (*sentences, "The names of all your other accounts in these segments.")
    return (*sentences, "No name of an account of yours that is not on its list as well.")


@dataclass(frozen=True)
class MessageDescription:
    """What a message file says about itself without being opened.

    Attributes:
        number: of the message in the session; 15 ends a session.
        sender, recipient, agreement, session: digests in hex; the session is all zeros in message 1.
        body_bytes: length of what is sealed.
        complete: whether the whole file is there.
        holds, reveals: one plain sentence each.
    """

    number: int
    from_initiator: bool
    sender: str
    recipient: str
    agreement: str
    session: str
    created: datetime
    expires: datetime
    body_bytes: int
    complete: bool
    holds: str
    reveals: str


def describe_message(file: Path) -> MessageDescription:
    """Read the clear part of a message file.

    Raises:
        PeerError: it is not a message, or one of another version.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        header = Header.decode(stream.read(HEADER_BYTES))
    if header.type not in set(MessageType):
        raise PeerError("this message is of a kind that this version does not know")
    kind = MessageType(header.type)
    return MessageDescription(
        number=int(kind),
        from_initiator=header.role == 0,
        sender=header.sender.hex(),
        recipient=header.recipient.hex(),
        agreement=header.agreement.hex(),
        session=header.session.hex(),
        created=datetime.fromtimestamp(min(header.created, 2**33), UTC),
        expires=datetime.fromtimestamp(min(header.expires, 2**33), UTC),
        body_bytes=header.body_bytes,
        complete=file.stat().st_size == header.file_bytes,
        holds=HOLDS[kind],
        reveals=REVEALS[kind],
    )
