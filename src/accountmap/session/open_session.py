"""One open session of a workspace: its record, its secrets, its place in the protocol, and cleaning up.

Cleaning up happens after a step is stored, never before, so that nothing is deleted that could be needed again.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Self

from accountmap.errors import PeerError, UsageError, WorkspaceError
from accountmap.files import remove_parts, write_atomic
from accountmap.model import Role
from accountmap.psi.codec import Message
from accountmap.psi.inputs import OwnInputs, key_table_digest
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.psi.ports import Curve, Ports
from accountmap.psi.session import Session
from accountmap.psi.suite import Body
from accountmap.session.inbox import NO_SESSION, Expected, Received
from accountmap.session.own_list import freeze_list, kept_key_points
from accountmap.session.own_side import OwnSide, key_records
from accountmap.session.parameters import session_parameters
from accountmap.session.partner_sketches import SessionRules
from accountmap.session.sketches import commitment_part, record_sketch_sent, sketch_to_send
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, first_transcript, next_transcript, sign_transcript, write
from accountmap.trust.ledger import CardReceipts
from accountmap.trust.sealed import SealingKey, check_public
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace
from accountmap.workspace.audits import AuditMessage, AuditRecord
from accountmap.workspace.stored import clean_sessions, state_file

MESSAGE_LIFE: Final = timedelta(days=30)
CHARGED_BY: Final = {MessageType.INITIATOR_POINTS, MessageType.RESPONDER_POINTS}
"""The messages with which our points leave: from then on the session counts (account-psi-v2 §10.1)."""

_SEALED_TO_CARDS: Final = {MessageType.OFFER, MessageType.ANSWER}
_LENGTH: Final = 4


@dataclass(frozen=True, repr=False)
class SessionSecrets:
    """What an open session keeps besides the state of the protocol. Secret.

    Attributes:
        key: opens the partner's messages from message 3 on.
        seed: seed of the session (account-psi-v2 §6.1).
        sketch: id of our sketch that the session uses.
        by_person: whether a person, not a program, has agreed to reveal.
    """

    key: SealingKey
    seed: bytes
    sketch: bytes
    by_person: bool = False

    def dump(self) -> bytes:
        """Write it, after its length."""
        kept = {
            "key": self.key.to_bytes().hex(),
            "seed": self.seed.hex(),
            "sketch": self.sketch.hex(),
            "by_person": self.by_person,
        }
        raw = json.dumps(kept).encode()
        return len(raw).to_bytes(_LENGTH, "big") + raw

    @classmethod
    def load(cls, saved: Body) -> tuple[Self, Body]:
        """Read it back; return also what follows it.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        length = int.from_bytes(saved[:_LENGTH], "big")
        try:
            kept = json.loads(bytes(saved[_LENGTH : _LENGTH + length]))
            key = SealingKey.from_bytes(bytes.fromhex(kept["key"]))
            seed, sketch = bytes.fromhex(kept["seed"]), bytes.fromhex(kept["sketch"])
            return cls(key, seed, sketch, bool(kept["by_person"])), saved[_LENGTH + length :]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError("the saved state of the session cannot be read") from error


@dataclass(repr=False)
class OpenSession:
    """A session that is being stepped. Changes reach the workspace with `store` or `close`.

    Attributes:
        audit: what is to be kept for an auditor and is not stored yet.
    """

    workspace: Workspace
    partner: PartnerRecord
    agreement: Agreement
    parameters: Parameters
    own: OwnSide
    record: SessionRecord
    session: Session
    secrets: SessionSecrets
    audit: list[AuditRecord | AuditMessage] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        workspace: Workspace,
        partner: PartnerRecord,
        agreement: Agreement,
        list_id: int,
        curve: Curve,
        now: datetime,
        *,
        accept_sketch: bool = False,
    ) -> Self:
        """Make a new session with a prepared list. Call inside a transaction, since that also freezes the list."""
        role = Role(agreement.role_of(workspace.card))
        sketch, _ = sketch_to_send(workspace, partner, agreement, now)
        cards = [bytes.fromhex(card) for card in agreement.terms.cards]
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
        kept = SessionSecrets(SealingKey.generate(), secrets.token_bytes(32), sketch.id)
        return cls._open(workspace, partner, agreement, record, curve, kept, None, now, accept_sketch)

    def is_with(self, agreement: Agreement, list_id: int) -> bool:
        """Return whether the session is under this agreement and with this list."""
        return (self.record.agreement, self.record.list_id) == (agreement.digest.hex(), list_id)

    def start_late(self, now: datetime) -> None:
        """Give a session that was made ahead its number and the current time. Call inside a transaction."""
        self.record = replace(self.record, id=self.workspace.next_session_id(), created=now)

    @classmethod
    def load(
        cls,
        workspace: Workspace,
        partner: PartnerRecord,
        record: SessionRecord,
        curve: Curve,
        now: datetime,
        *,
        accept_sketch: bool = False,
    ) -> Self:
        """Go on with an open session."""
        agreement = workspace.agreement(record.agreement)
        try:
            kept, saved = SessionSecrets.load(workspace.sealed(state_file(record)).read())
            return cls._open(workspace, partner, agreement, record, curve, kept, saved, now, accept_sketch)
        except (OSError, UsageError) as error:
            raise WorkspaceError(
                "the saved state of the session cannot be read",
                f"Give the session up with: accountmap map --with {partner.slug} --abandon",
            ) from error

    @classmethod
    def _open(
        cls,
        workspace: Workspace,
        partner: PartnerRecord,
        agreement: Agreement,
        record: SessionRecord,
        curve: Curve,
        kept: SessionSecrets,
        saved: Body | None,
        now: datetime,
        accept_sketch: bool,
    ) -> Self:
        accounts, prepared = workspace.load_list(record.list_id)
        role, parameters = Role(record.role), session_parameters(agreement)
        own = OwnSide.of(agreement, role, accounts, prepared, parameters)
        key_points = workspace.sealed(f"lists/{record.list_id}/key-points")
        sides = own.sides(curve, partial(kept_key_points, key_points, prepared, curve))
        sketch = workspace.sketches.get(kept.sketch)
        rules = SessionRules(workspace, partner, agreement, own, sketch, now, accept_sketch=accept_sketch)
        ports = Ports(curve, secrets.token_bytes, CardReceipts(workspace.identity, partner.card), rules)
        inputs = OwnInputs(
            seed=kept.seed,
            sketch=bytes(workspace.sketches.body(sketch.id)),
            sketch_seed=sketch.seed,
            frozen_list=freeze_list(workspace, record.list_id),
            key_table=lambda: key_table_digest(key_records(own.key_table())),
            sketch_inputs=commitment_part(sketch),
        )
        if saved is None:
            session = Session.start(role, parameters, inputs, sides, ports)
        else:
            session = Session.restore(role, parameters, inputs, sides, ports, saved)
        rules.session = session
        return cls(workspace, partner, agreement, parameters, own, record, session, kept)

    @property
    def role(self) -> Role:
        """Our role."""
        return Role(self.record.role)

    @property
    def folder(self) -> Path:
        """The session's own folder."""
        return self.workspace.session_folder(self.record.id)

    def expected(self, finished: frozenset[bytes], now: datetime) -> Expected:
        """Return what the partner's next message must look like."""
        return Expected(
            due=self.session.due,
            role=self.role.other,
            agreement=self.agreement.digest,
            sender=self.partner.card,
            recipient=self.workspace.card,
            transcript=self.record.transcript,
            session=self.record.sid or None,
            finished=finished,
            body_limits=self.parameters.body_limits,
            now=int(now.timestamp()),
        )

    @property
    def opening_key(self) -> SealingKey:
        """The key that the partner's next message is sealed to."""
        return self.workspace.identity.sealing if self.session.due & _SEALED_TO_CARDS else self.secrets.key

    def take(self, received: Received) -> Message | None:
        """Act upon the partner's message and return the reply, if one is due.

        Raises:
            PeerError: the message is not as the protocol allows.
        """
        record = replace(self.record, transcript=received.transcript, step=int(received.type))
        if received.type in _SEALED_TO_CARDS:
            record = replace(record, partner_key=self._channel_key(received))
        if received.type is MessageType.OFFER:
            record = replace(record, offer=received.transcript)
            reply: Message | None = self.session.answer(self.secrets.key.public, received.body)
        else:
            reply = self.session.receive(received.type, received.body)
        record = replace(record, sid=self.session.sid or record.sid)
        known = NO_SESSION if received.type is MessageType.OFFER else record.sid
        if received.header.session != known:
            raise PeerError("the message names another session than the one it belongs to")
        self.record = record
        self._keep(received.header, [received.body], received.signature, ours=False)
        return reply

    def _channel_key(self, received: Received) -> bytes:
        key = self.parameters.channel_key(received.body)
        try:
            check_public(key)
        except ValueError as error:
            raise PeerError("the message carries an invalid key") from error
        return key

    def send(self, message: Message, now: datetime) -> None:
        """Seal a message and keep it, ready to be delivered. Call inside a transaction."""
        card_key = message.type in _SEALED_TO_CARDS
        header = Header(
            type=int(message.type),
            role=self.record.role,
            agreement=self.agreement.digest,
            session=NO_SESSION if message.type is MessageType.OFFER else self.record.sid,
            sender=self.workspace.card.digest,
            recipient=self.partner.card.digest,
            transcript=self.record.transcript,
            created=int(now.timestamp()),
            expires=int((now + MESSAGE_LIFE).timestamp()),
            body_bytes=message.length,
        )
        sealed = write(
            header,
            message.parts,
            self.workspace.identity,
            self.partner.card.sealing_key if card_key else self.record.partner_key,
            secrets.token_bytes(32),
        )
        transcript = next_transcript(header, message.parts)
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
        if card_key:
            sketch = self.workspace.sketches.get(self.secrets.sketch)
            record_sketch_sent(self.workspace, sketch, self.partner, self.record.id, now)
            self._begin_audit()
        self._keep(header, message.parts, sign_transcript(self.workspace.identity, transcript), ours=True)

    def _begin_audit(self) -> None:
        """Keep for an auditor what the commitment in our first message was made from (trust-v2 §4.6)."""
        if self.agreement.terms.audit.required:
            made_from = AuditRecord(
                session=self.record.id,
                keep_until=None,
                seed=self.secrets.seed,
                nonce=self.session.nonce,
                commitment=self.session.own_commitment,
                sketch=self.secrets.sketch,
                channel_key=self.secrets.key.public,
                key_table=self.own.key_table(),
            )
            self.audit.append(made_from)

    def _keep(self, header: Header, body: Iterable[Body], signature: bytes, *, ours: bool) -> None:
        """Keep a message's header, digest and signature for an auditor."""
        if self.agreement.terms.audit.required:
            hashed = hashlib.sha256()
            for part in body:
                hashed.update(part)
            number, digest = self.record.id, hashed.digest()
            self.audit.append(AuditMessage(number, header.type, ours, header.encode(), digest, signature))

    def _put(self) -> None:
        """Write the record, and then what is kept for an auditor, which belongs to it."""
        self.workspace.put_session(self.record)
        for each in sorted(self.audit, key=lambda kept: isinstance(kept, AuditMessage)):
            if isinstance(each, AuditRecord):
                self.workspace.audits.begin(each)
            else:
                self.workspace.audits.message(each)
        self.audit.clear()

    def store(self) -> None:
        """Write state and record. Call inside a transaction."""
        self.workspace.sealed(state_file(self.record)).write([self.secrets.dump(), *self.session.dump()])
        self._put()

    def close(self, status: Status, now: datetime) -> None:
        """End the session. Call inside a transaction; `sweep` deletes the secrets after it."""
        self.record = replace(self.record, status=status, finished=now)
        self._put()
        end_audit(self.workspace, self.agreement, self.record, now)


def end_audit(workspace: Workspace, agreement: Agreement, record: SessionRecord, now: datetime) -> None:
    """Set until when the audit material of a session that is over is kept. Call inside a transaction.

    A session in which no points left needs none.
    """
    if agreement.terms.audit.required:
        days = agreement.terms.audit.keep_days if record.charged else 0
        workspace.audits.end(record.id, now + timedelta(days=days))


def sweep(workspace: Workspace, now: datetime) -> None:
    """Clean the folders of all sessions, and erase audit material that is past its time.

    In the whole workspace, it removes files that a killed command left half-written.
    """
    remove_parts(workspace.folder, below=True)
    with workspace.transaction():
        workspace.audits.purge(now)
        clean_sessions(workspace.folder / "sessions", workspace.all_sessions())
