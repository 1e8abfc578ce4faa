"""What a step writes into the ledger: what left, how a session ended, and no account in clear.

Each message that shows the partner something gets an entry of its own, written in the transaction that stores the
message before it leaves. So the ledger has all that a session had shown, even if it was given up half-way.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from accountmap.model import Role
from accountmap.psi.codec import Message
from accountmap.psi.parameters import MessageType
from accountmap.psi.rounds import Result
from accountmap.session.decisions import own_fields
from accountmap.session.open_session import OpenSession
from accountmap.trust.ledger import Facts, partner_facts, receipt_facts
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace

_SHOW_NOTHING: Final = {MessageType.RECEIPT, MessageType.STOP}
_SHOW_SKETCH: Final = {MessageType.OFFER, MessageType.ANSWER}
_SHOW_CLAIMS: Final = {MessageType.CLAIMS, MessageType.ROWS}
_SHOW_FIELDS: Final = {MessageType.RESPONDER_FIELDS, MessageType.INITIATOR_FIELDS}

_ACCOUNTS_LABEL: Final = b"accountmap-ledger-v2 accounts\x00"


def record_sent(open_session: OpenSession, message: Message, now: datetime) -> None:
    """Record what a message shows the partner. Call inside the transaction that stores it."""
    if message.type in _SHOW_NOTHING:
        return
    agreement, role = open_session.agreement, open_session.role
    facts: Facts = {
        **session_facts(open_session.partner, open_session.record, now),
        "event": "sent",
        "message": int(message.type),
    }
    if message.type in _SHOW_SKETCH:
        facts["sketch"] = open_session.secrets.sketch.hex()
        facts["epsilon"] = str(agreement.sketches[role].epsilon)
    else:
        facts["sizes"] = dict(agreement.sizes[role])
    if message.type in _SHOW_CLAIMS:
        facts["matches"], facts["possible"] = _claimed(open_session)
    if message.type in _SHOW_FIELDS:
        facts["fields"] = list(own_fields(agreement, role))
        facts["totals"] = role in agreement.terms.sharing.totals_shown_by
        facts["names_unmatched"] = role in agreement.terms.sharing.unmatched_named_by
    open_session.workspace.record(facts)


def _claimed(open_session: OpenSession) -> tuple[int, int]:
    """Count the claims with strong and with weak evidence."""
    claimed = open_session.session.claimed
    return sum(each.strong for each in claimed), sum(each.weak for each in claimed)


def record_done(open_session: OpenSession, found: Result, now: datetime) -> None:
    """Record the receipt of a finished session. Call inside the transaction that ends it."""
    ids = open_session.own.prepared.entities["entity_id"]
    matched = {
        ids[entity].as_py()
        for order, matches in zip(open_session.own.orders, found.comparisons, strict=True)
        for entity in order.entity[matches.group].tolist()
    }
    facts: Facts = {
        **session_facts(open_session.partner, open_session.record, now),
        "event": "done",
        "matches": sum(len(matches) for matches in found.comparisons),
        "own_accounts": accounts_digest(open_session.workspace, open_session.record.sid, matched),
        "cards": list(open_session.agreement.terms.cards),
        **receipt_facts(found.receipt),
    }
    open_session.workspace.record(facts)


def record_end(
    workspace: Workspace, partner: PartnerRecord, record: SessionRecord, event: str, now: datetime
) -> None:
    """Record a session that ended without a result.

    Args:
        event: "declined", "declined_by_partner", "refused" for a partner that broke the protocol, or "abandoned".
    """
    workspace.record({**session_facts(partner, record, now), "event": event})


def accounts_digest(workspace: Workspace, sid: bytes, entity_ids: Collection[str]) -> str:
    """Return what is recorded about a set of our matched entities: whoever has workspace and list can check it.

    A secret is hashed too: ids may be made from names, and readers of the ledger could otherwise test names.
    """
    secret = workspace.secret(f"own accounts of session {sid.hex()}")
    ordered = b"".join(len(i.encode()).to_bytes(4, "big") + i.encode() for i in sorted(entity_ids))
    return hashlib.sha256(_ACCOUNTS_LABEL + secret + ordered).hexdigest()


def session_facts(partner: PartnerRecord, record: SessionRecord, now: datetime) -> Facts:
    """Return what each entry about a session has: when, with whom, which session, agreement, list and role."""
    return {
        **partner_facts(partner.card, now),
        "session": record.id,
        "sid": record.sid.hex(),
        "agreement": record.agreement,
        "list": record.list_id,
        "role": Role(record.role).label,
    }


def record_feed(
    workspace: Workspace, partner: PartnerRecord, feed: str, rows: int, now: datetime, *, names: bool
) -> None:
    """Record that a feed about a partner leaves for another system of our company. Call this before it leaves."""
    with workspace.transaction():
        workspace.record(
            {
                **partner_facts(partner.card, now),
                "event": "feed",
                "feed": feed,
                "rows": rows,
                "names": names,
            }
        )


def record_reading(
    workspace: Workspace, partner: PartnerRecord, tool: str, rows: int, fields: Sequence[str], now: datetime
) -> None:
    """Record that an assistant reads something. Call this before the answer leaves.

    Args:
        rows: how many accounts or steps it gets.
        fields: the partner's fields among what it gets.
    """
    with workspace.transaction():
        workspace.record(
            {
                **partner_facts(partner.card, now),
                "event": "assistant",
                "tool": tool,
                "rows": rows,
                "fields": list(fields),
            }
        )
