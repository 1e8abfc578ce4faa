"""One open session of a workspace: its record, its secrets and its place in the protocol."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from accountmap.errors import PeerError, UsageError, WorkspaceError
from accountmap.exchange.key_points import kept_key_points
from accountmap.exchange.mailbox import NO_SESSION, Expected, Received
from accountmap.exchange.ports import session_ports
from accountmap.exchange.rectangles import OwnSide, run_parameters
from accountmap.files import write_atomic
from accountmap.psi.parameters import Curve, MessageType, Role
from accountmap.psi.phases import Message
from accountmap.psi.run import Run
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, first_transcript, next_transcript, write
from accountmap.trust.kem import SealingKey, check_public
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
    own: OwnSide
    record: SessionRecord
    session: Run
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
        points = kept_key_points(workspace.key_points_file(list_id), prepared, curve)
        own = OwnSide.of(agreement, role, accounts, prepared)
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
        ports = session_ports(curve, workspace.identity, partner.card)
        run = Run.start(role, run_parameters(agreement), own.parties(points), own.rest, ports)
        return cls(workspace, partner, agreement, own, record, run, SealingKey.generate())

    def is_with(self, agreement: Agreement, list_id: int) -> bool:
        """Tell whether the session is under this agreement and with this list."""
        return (self.record.agreement, self.record.list_id) == (agreement.digest.hex(), list_id)

    def start_late(self, now: datetime) -> None:
        """Take the number and the time of now: the session was made ahead. Call inside a transaction."""
        self.record = replace(self.record, id=self.workspace.next_session_id(), created=now)

    @classmethod
    def load(cls, workspace: Workspace, partner: PartnerRecord, record: SessionRecord, curve: Curve) -> Self:
        """Go on with an open session."""
        agreement = workspace.agreement(record.agreement)
        accounts, prepared = workspace.load_list(record.list_id)
        own = OwnSide.of(agreement, record.role, accounts, prepared)
        try:
            saved = _load_state(workspace, record)
            run = Run.restore(
                Role(record.role),
                run_parameters(agreement),
                own.parties(None),
                own.rest,
                session_ports(curve, workspace.identity, partner.card),
                saved[_SEED_BYTES:],
            )
        except (OSError, UsageError) as error:
            raise WorkspaceError(
                "the saved state of the session cannot be read",
                f"Give the session up with: accountmap map --with {partner.slug} --abandon",
            ) from error
        key = SealingKey.from_bytes(bytes(saved[:_SEED_BYTES]))
        return cls(workspace, partner, agreement, own, record, run, key)

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
            parameters=run_parameters(self.agreement),
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
        record = replace(self.record, transcript=received.transcript, step=int(received.type))
        if received.type in _SEALED_TO_CARDS:
            record = replace(record, partner_key=self._channel_key(received))
        if received.type is MessageType.OFFER:
            record = replace(record, offer=received.transcript)
            reply: Message | None = self.session.answer(self.key.public, received.body)
        else:
            reply = self.session.receive(received.type, received.body)
        record = replace(record, sid=self.session.sid or record.sid)
        known = NO_SESSION if received.type is MessageType.OFFER else record.sid
        if received.header.session != known:
            raise PeerError("the message names another session than it belongs to")
        self.record = record
        return reply

    def _channel_key(self, received: Received) -> bytes:
        key = run_parameters(self.agreement).channel_key(received.type, received.body)
        try:
            check_public(key)
        except ValueError as error:
            raise PeerError("the message carries a key that is none") from error
        return key

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

    def store(self) -> None:
        """Write state and record. Call inside a transaction."""
        state = [self.key.to_bytes(), *self.session.dump()]
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


def _load_state(workspace: Workspace, record: SessionRecord) -> memoryview:
    with state_file(workspace, record).open("rb") as file:
        return workspace.identity.storage.open(file, _state_label(record))
