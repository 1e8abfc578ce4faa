"""What a step puts into the ledger: what left, how a session ended, and no account in clear.

Each message that shows the partner something is an entry of its own, written in the transaction that stores the
message before it leaves: so a session that was given up half way is in the ledger with all that it had shown.
"""

import hashlib
from datetime import datetime
from typing import Final

from accountmap.psi.parameters import MessageType, Role
from accountmap.psi.phases import Done, Message
from accountmap.psi.suite import INDEX_BYTES, POINT_BYTES
from accountmap.session.active import Running
from accountmap.session.rectangles import run_parameters
from accountmap.session.result import Found, cells, shown_fields
from accountmap.trust.ledger import Facts
from accountmap.trust.receipts import SessionReceipt, run_receipt
from accountmap.trust.roles import ROLES
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace

_SHOW_NOTHING: Final = {MessageType.RECEIPT, MessageType.STOP}
_SHOW_FIELDS: Final = {MessageType.RESPONDER_FIELDS, MessageType.INITIATOR_FIELDS}
_MATCH_BYTES: Final = {MessageType.REVEAL_OPENING: INDEX_BYTES, MessageType.MATCHES: INDEX_BYTES + POINT_BYTES}
"""How long a match is in the messages that name the partner's matched rows."""

_ACCOUNTS_LABEL: Final = b"accountmap-ledger-v1 accounts\x00"


def record_sent(running: Running, message: Message, now: datetime) -> None:
    """Record what a message shows the partner. Call inside the transaction that stores it."""
    if message.type in _SHOW_NOTHING:
        return
    agreement, role = running.agreement, running.record.role
    facts: Facts = {
        **_about(running.partner, running.record, now),
        "event": "sent",
        "message": int(message.type),
        "sizes": dict(agreement.sizes[role]),
    }
    counts = running.session.preview
    if counts is not None:
        facts["counts"] = [[*cell, n] for cell, n in cells(counts, agreement, role).items()]
    if message.type in _MATCH_BYTES:
        least, _ = run_parameters(agreement).body_limits(message.type)
        facts["matches"] = (message.length - least) // _MATCH_BYTES[message.type]
    if message.type in _SHOW_FIELDS:
        shown = shown_fields(agreement, role).values()
        facts["fields"] = list(dict.fromkeys(name for ours, _ in shown for name in ours))
        facts["rest"] = agreement.terms.sharing.rest_of(ROLES[role])
    running.workspace.record(facts)


def record_done(running: Running, found: Found, now: datetime) -> None:
    """Record the receipts of a finished run. Call inside the transaction that ends it."""
    about = _about(running.partner, running.record, now)
    done = [(order, each) for order, each in zip(running.own.orders, found, strict=True) if isinstance(each, Done)]
    if not done:
        running.workspace.record({**about, "event": "counted"})
        return
    ids = running.own.prepared.entities["entity_id"]
    matched = {ids[entity].as_py() for order, each in done for entity in order.entity[each.group].tolist()}
    signed = [SessionReceipt.of(each) for _, each in done]
    facts: Facts = {
        **about,
        "event": "done",
        "matches": sum(len(each) for _, each in done),
        "own_accounts": accounts_digest(running.record.sid, sorted(matched)),
        "receipt": run_receipt(each.receipt for each in signed).hex(),
        "sessions": [each.sid.hex() for each in found],
        "receipts": [each.to_facts() for each in signed],
        "cards": list(running.agreement.terms.cards),
    }
    running.workspace.record(facts)


def record_end(
    workspace: Workspace, partner: PartnerRecord, record: SessionRecord, event: str, now: datetime
) -> None:
    """Record a session that ended without a result.

    Args:
        event: "declined", "declined_by_partner", "refused" for a partner that broke the protocol, or "abandoned".
    """
    workspace.record({**_about(partner, record, now), "event": event})


def accounts_digest(sid: bytes, entity_ids: list[str]) -> str:
    """Return what stands in the ledger for a set of own matched entities: whoever has the list can check it."""
    ordered = b"".join(len(i.encode()).to_bytes(4, "big") + i.encode() for i in sorted(entity_ids))
    return hashlib.sha256(_ACCOUNTS_LABEL + sid + ordered).hexdigest()


def _about(partner: PartnerRecord, record: SessionRecord, now: datetime) -> Facts:
    return {
        "at": now.isoformat(timespec="seconds"),
        "partner": partner.card.name,
        "partner_card": partner.card.digest.hex(),
        "session": record.id,
        "sid": record.sid.hex(),
        "agreement": record.agreement,
        "list": record.list_id,
        "role": Role(record.role).name.lower(),
    }
