"""One open session of a workspace: its record, its secrets and its place in the protocol."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from accountmap.canonical.prepared import Prepared
from accountmap.errors import PeerError, UsageError, WorkspaceError
from accountmap.exchange.agreements import parameters_of
from accountmap.exchange.groups import GroupOrder, group_order, make_groups
from accountmap.exchange.mailbox import NO_SESSION, Expected, Received
from accountmap.exchange.own_entities import ListEntities
from accountmap.exchange.ports import session_ports
from accountmap.files import write_atomic
from accountmap.psi.parameters import Curve, MessageType, Role
from accountmap.psi.phases import Message
from accountmap.psi.session import Session
from accountmap.psi.suite import NONCE_BYTES
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, first_transcript, next_transcript, write
from accountmap.trust.kem import PUBLIC_BYTES, SealingKey, check_public
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace

MESSAGE_LIFE: Final = timedelta(days=30)
CHARGED_BY: Final = {MessageType.PREVIEW, MessageType.PREVIEW_OPENING}
"""The messages with which a first token column leaves: from then on the run counts (psi-v1 §8)."""

_SEALED_TO_CARDS: Final = {MessageType.OFFER, MessageType.ANSWER}
_SEED_BYTES: Final = 96


@dataclass(repr=False)
class Running:
    """A session that is being stepped. Changes reach the workspace with `store`."""

    workspace: Workspace
    partner: PartnerRecord
    agreement: Agreement
    prepared: Prepared
    order: GroupOrder
    record: SessionRecord
    session: Session
    key: SealingKey

    @classmethod
    def begin(
        cls,
        workspace: Workspace,
        partner: PartnerRecord,
        agreement: Agreement,
        list_id: int,
        curve: Curve,
        now: datetime,
    ) -> Self:
        """Make a new session with a prepared list; nothing is stored yet."""
        accounts, prepared = workspace.load_list(list_id)
        role = Role(agreement.role_of(workspace.card))
        cards = [bytes.fromhex(card) for card in agreement.terms.cards]
        order = group_order(prepared, agreement.terms.segments)
        groups = make_groups(prepared, order, len(prepared.profile.slots), curve)
        record = SessionRecord(
            id=workspace.next_session_id(),
            partner=partner.slug,
            agreement=agreement.digest.hex(),
            list_id=list_id,
            role=role,
            status=Status.OPEN,
            offer=b"",
            transcript=first_transcript(agreement.digest, *cards),
            sid=b"",
            partner_key=b"",
            step=0,
            sent="",
            delivered=True,
            created=now,
            charged=None,
            finished=None,
        )
        own = ListEntities(accounts, prepared, order, agreement.terms.fields)
        ports = session_ports(curve, workspace.identity, partner.card)
        session = Session.start(role, parameters_of(agreement), groups, own, ports)
        return cls(workspace, partner, agreement, prepared, order, record, session, SealingKey.generate())

    @classmethod
    def load(cls, workspace: Workspace, partner: PartnerRecord, record: SessionRecord, curve: Curve) -> Self:
        """Go on with an open session."""
        agreement = workspace.agreement(record.agreement)
        accounts, prepared = workspace.load_list(record.list_id)
        order = group_order(prepared, agreement.terms.segments)
        try:
            saved = _load_state(workspace, record)
            session = Session.restore(
                Role(record.role),
                parameters_of(agreement),
                make_groups(prepared, order, len(prepared.profile.slots), None),
                ListEntities(accounts, prepared, order, agreement.terms.fields),
                session_ports(curve, workspace.identity, partner.card),
                saved[_SEED_BYTES:],
            )
        except (OSError, UsageError) as error:
            raise WorkspaceError(
                "the saved state of the session cannot be read",
                f"Give the session up with: accountmap map --with {partner.slug} --abandon",
            ) from error
        key = SealingKey.from_bytes(saved[:_SEED_BYTES])
        return cls(workspace, partner, agreement, prepared, order, record, session, key)

    @property
    def folder(self) -> Path:
        """The session's own folder."""
        return self.workspace.session_folder(self.record.id)

    def expected(self, finished: frozenset[bytes], now: datetime) -> Expected:
        """Say what the partner's next message must look like."""
        return Expected(
            due=self.session.due,
            role=1 - self.record.role,
            agreement=self.agreement.digest,
            sender=self.partner.card,
            recipient=self.workspace.card,
            transcript=self.record.transcript,
            session=self.record.sid or None,
            finished=finished,
            parameters=parameters_of(self.agreement),
            now=int(now.timestamp()),
        )

    @property
    def opening_key(self) -> SealingKey:
        """The key that the partner's next message is sealed to."""
        return self.workspace.identity.sealing if self.session.due & _SEALED_TO_CARDS else self.key

    def take(self, received: Received) -> Message | None:
        """Take in the partner's message and return the reply, if one is due.

        Raises:
            PeerError: the message is not as the protocol allows.
        """
        transcript = next_transcript(received.header, received.body)
        record = replace(self.record, transcript=transcript, step=int(received.type))
        if received.type in _SEALED_TO_CARDS:
            record = replace(record, partner_key=_channel_key(received.body))
        if received.type is MessageType.OFFER:
            record = replace(record, offer=transcript)
            reply: Message | None = self.session.answer(self.key.public, received.body)
        else:
            reply = self.session.receive(received.type, received.body)
        record = replace(record, sid=self.session.sid or record.sid)
        known = NO_SESSION if received.type is MessageType.OFFER else record.sid
        if received.header.session != known:
            raise PeerError("the message names another session than it belongs to")
        self.record = record
        return reply

    def send(self, message: Message, now: datetime) -> None:
        """Seal a message and keep it, ready to be delivered."""
        card_key = message.type in _SEALED_TO_CARDS
        header = Header(
            type=int(message.type),
            role=self.record.role,
            agreement=self.agreement.digest,
            session=self.record.sid or NO_SESSION,
            sender=self.workspace.card.digest,
            recipient=self.partner.card.digest,
            transcript=self.record.transcript,
            created=int(now.timestamp()),
            expires=int((now + MESSAGE_LIFE).timestamp()),
            body_bytes=len(message.body),
        )
        sealed = write(
            header,
            message.body,
            self.workspace.identity,
            self.partner.card.sealing_key if card_key else self.record.partner_key,
            secrets.token_bytes(32),
        )
        transcript = next_transcript(header, message.body)
        offer = self.record.offer or transcript
        name = f"{self.workspace.short_name}-{offer.hex()[:6]}-{int(message.type)}.amap"
        write_atomic(self.folder / name, sealed)
        self.record = replace(
            self.record,
            offer=offer,
            transcript=transcript,
            step=int(message.type),
            sent=name,
            delivered=False,
            charged=now if message.type in CHARGED_BY else self.record.charged,
        )

    def store(self) -> None:
        """Write state and record. Call inside a transaction."""
        state = self.key.to_bytes() + self.session.dump()
        sealed = self.workspace.identity.storage.seal(state, _state_label(self.record))
        write_atomic(state_file(self.workspace, self.record), sealed)
        self.workspace.put_session(self.record)

    def close(self, status: Status, now: datetime) -> None:
        """End the session. Call inside a transaction; `sweep` deletes the secrets after it."""
        self.record = replace(self.record, status=status, finished=now)
        self.workspace.put_session(self.record)


def state_file(workspace: Workspace, record: SessionRecord) -> Path:
    """Return where the state of an open session lies."""
    return workspace.session_folder(record.id) / f"state-{record.step}"


def _state_label(record: SessionRecord) -> str:
    return f"session {record.id} step {record.step}"


def _load_state(workspace: Workspace, record: SessionRecord) -> bytes:
    storage = workspace.identity.storage
    return storage.open(state_file(workspace, record).read_bytes(), _state_label(record))


def _channel_key(body: bytes) -> bytes:
    key = body[NONCE_BYTES : NONCE_BYTES + PUBLIC_BYTES]
    try:
        check_public(key)
    except ValueError as error:
        raise PeerError("the message carries a key that is none") from error
    return key
