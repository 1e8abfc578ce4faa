"""One open session of a workspace: its record, its secrets, its place in the protocol, and cleaning up.

This happens after a step is stored, never before: what is deleted can then not be needed again. Whatever is not on
the short list of what stays is deleted, so that nothing secret is overlooked.
"""

import secrets
import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from accountmap.curve.backends import make_curve
from accountmap.curve.jobs import Progress
from accountmap.errors import PeerError, UsageError, WorkspaceError
from accountmap.files import write_atomic
from accountmap.psi.parameters import Curve, MessageType, Ports, Role
from accountmap.psi.phases import Message
from accountmap.psi.run import Run
from accountmap.session.inbox import NO_SESSION, Expected, Received
from accountmap.session.own_list import kept_key_points
from accountmap.session.rectangles import OwnSide, run_parameters
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, first_transcript, next_transcript, write
from accountmap.trust.identity import Card, Identity
from accountmap.trust.kem import SealingKey, check_public
from accountmap.trust.receipts import CardReceipts, OneTimeAead
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace
from accountmap.workspace.results import RESULT_FILES


def default_curve(
    workers: int | None = None, progress: Progress | None = None, backend: str | None = None
) -> Curve:
    """Return what does the curve arithmetic, over the processors of this machine.

    Args:
        workers: processes or threads; by default one a processor.
        progress: called during long work with the points done so far and in all.
        backend: a name of docs/backends.md; by default the fastest that this machine can use.

    Raises:
        UsageError: there is no backend of that name.
        BackendError: this machine cannot use it.
    """
    return make_curve(backend, workers, progress)


def session_ports(curve: Curve, identity: Identity, partner: Card) -> Ports:
    """Return all that a session with a partner needs from outside."""
    return Ports(curve, secrets.token_bytes, OneTimeAead(), CardReceipts(identity, partner))


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


def sweep(workspace: Workspace) -> None:
    """Clean the folders of all sessions.

    Of an open session the state and the last message stay; of one that is over its result and its last message,
    which is sealed to a key that only the partner's session had, in case the partner has lost it.
    """
    with workspace.transaction():
        records = {str(record.id): record for record in workspace.all_sessions()}
        for folder in (workspace.folder / "sessions").iterdir():
            if folder.name in records:
                _clean(folder, _kept(workspace, records[folder.name]))
            else:
                shutil.rmtree(folder)


def _kept(workspace: Workspace, record: SessionRecord) -> set[str]:
    match record.status:
        case Status.OPEN:
            return {state_file(workspace, record).name, record.sent}
        case Status.ABANDONED:
            return set()
        case _:
            return {*RESULT_FILES, record.sent}


def _clean(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
