"""A preview on its own: the two sketches are exchanged, and each side makes its estimates (account-psi-v2 §7.11).

Each step is one transaction. Our message is stored before it leaves, and the same bytes are sent again until the
partner's message is there.
"""

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

from accountmap.channels import Channel
from accountmap.errors import ChannelError, NotNowError, PeerError, TrustError
from accountmap.files import remove_parts, write_atomic
from accountmap.model import Role
from accountmap.psi.codec import read_preview, write_preview
from accountmap.psi.parameters import MessageType
from accountmap.psi.sketch import Sketch, SketchParameters
from accountmap.psi.suite import NONCE_BYTES, session_id
from accountmap.session.inbox import NO_SESSION, Expected, Received, find
from accountmap.session.open_session import MESSAGE_LIFE
from accountmap.session.parameters import preview_parameters
from accountmap.session.partner_sketches import (
    make_estimates,
    read_partner_sketch,
    shown_estimates,
    take_partner_sketch,
)
from accountmap.session.runner import now_utc
from accountmap.session.sketches import KEPT_FOR_PARTNER, record_sketch_sent, sketch_to_send
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, first_transcript, next_transcript, write
from accountmap.trust.ledger import partner_facts
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.estimates import Estimate, PreviewRecord
from accountmap.workspace.sketches import OwnSketch


class PreviewState(StrEnum):
    """How far a preview is after a step."""

    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True)
class PartnerHolds:
    """What a partner knows from our sketch, in numbers for people.

    Attributes:
        made: when the sketch was made.
        epsilon: as in the agreement.
        by_segments: whether it says in which segment a company is.
        right: out of 100 companies, for how many it says correctly whether they are on the list.
        shared, of: an example: how many out of how many companies of the partner's are on the list.
        picked: how many of these it would pick out.
        picked_right: of 100 of those, how many are on the list.
    """

    made: datetime
    epsilon: str
    by_segments: bool
    right: int
    shared: int
    of: int
    picked: int
    picked_right: int

    @classmethod
    def with_sketch(cls, own: OwnSketch, shared: int, of: int) -> Self:
        """Compute what a sketch reveals, on average over all seeds.

        Args:
            shared, of: of the example.
        """
        parameters = SketchParameters(own.rows, own.epsilon)
        if_so, if_not = (count / 2**64 for count in parameters.chances(1))
        filled = 1 - (1 - 1 / parameters.positions) ** sum(own.rows)
        found = shared * if_so
        picked = found + (of - shared) * (if_not + (if_so - if_not) * filled)
        odds = math.exp(own.epsilon.fraction)
        return cls(
            made=own.created,
            epsilon=str(own.epsilon),
            by_segments=parameters.by_segments,
            right=round(100 * odds / (1 + odds)),
            shared=shared,
            of=of,
            picked=round(picked),
            picked_right=round(100 * found / picked) if picked else 0,
        )


@dataclass(frozen=True)
class PreviewOutcome:
    """What a step did, and what is known.

    Attributes:
        taken, sent: file names of the partner's messages that were read, and of our own that were written.
        estimates: by own segment and level, and of all segments together with the segment ""; for segments of 100
            companies or more. They are never sent.
        own_companies: companies that were looked for, by own segment.
        partner_holds: what the partner has from us; None until something has left.
        notes: files that were passed over, and why.
    """

    state: PreviewState
    taken: tuple[str, ...]
    sent: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    own_companies: dict[str, int]
    partner_holds: PartnerHolds | None
    notes: tuple[str, ...]


class PreviewRunner:
    """The preview with one partner.

    Args:
        channel: where messages are left and found.
        clock: returns the time in UTC.
        accept_sketch: whether a person has agreed to accept another sketch from the partner, although the last one
            is less than half a year old.
    """

    def __init__(
        self,
        workspace: Workspace,
        partner: PartnerRecord,
        channel: Channel,
        clock: Callable[[], datetime] = now_utc,
        *,
        accept_sketch: bool = False,
    ) -> None:
        self._workspace, self._partner, self._channel = workspace, partner, channel
        self._clock, self._accept_sketch = clock, accept_sketch
        self._taken: list[str] = []
        self._sent: list[str] = []
        self._notes: list[str] = []

    def advance(self, *, new: bool = False) -> PreviewOutcome:
        """Do all that can be done now.

        Args:
            new: exchange sketches again, although a preview is done: one of them was renewed.

        Raises:
            NotNowError: the sketches are still those of the last preview.
            TrustError: no preview agreement is in force today.
            PeerError: the partner's message is not as the protocol allows; nothing has changed.
            ChannelError: a message cannot be read or written; run again.
        """
        self._partner.check_not_revoked()
        self._clean()
        record = self._latest()
        if record is None or (new and record.done):
            record = self._begin(record)
        if record is not None:
            self._deliver(record)
        if record is not None and record.done is None:
            self._finish(record)
        return self._outcome(self._latest() if record else None)

    def _clean(self) -> None:
        """Remove what a command that was killed had written and not recorded."""
        workspace = self._workspace
        remove_parts(workspace.folder, below=True)
        if not self._messages.is_dir():
            return
        with workspace.transaction():
            known = {each.sent for partner in workspace.partners() for each in workspace.previews.of(partner.slug)}
            for path in self._messages.iterdir():
                if path.name not in known:
                    path.unlink()

    @property
    def _messages(self) -> Path:
        """Where own messages are kept, sealed to the partner as they are sent."""
        return self._workspace.folder / "previews"

    def _latest(self) -> PreviewRecord | None:
        return next(iter(self._workspace.previews.of(self._partner.slug)), None)

    def _begin(self, before: PreviewRecord | None) -> PreviewRecord | None:
        """As initiator, write message 11; as responder, read it if it is there, and write message 12."""
        now, workspace = self._clock(), self._workspace
        with workspace.transaction():
            agreement = self._agreement(now)
            own, sketch = sketch_to_send(workspace, self._partner, agreement, now)
            if before is not None and before.sketch == own.id and (before.done or now) + KEPT_FOR_PARTNER > now:
                raise NotNowError(
                    "both blurred copies are still those of the last preview",
                    "They stay as they are for half a year; you can run another preview from "
                    f"{(before.done or now) + KEPT_FOR_PARTNER:%Y-%m-%d} on.",
                )
            record = PreviewRecord(
                id=workspace.previews.next_id(),
                partner=self._partner.slug,
                agreement=agreement.digest.hex(),
                role=agreement.role_of(workspace.card),
                sketch=own.id,
                nonce=secrets.token_bytes(NONCE_BYTES),
                opening=b"",
                sent="",
                delivered=False,
                begun=now,
                done=None,
            )
            sent: PreviewRecord | None
            if record.role is Role.INITIATOR:
                sent = self._send(record, agreement, MessageType.PREVIEW_OFFER, NO_SESSION, sketch, now)
            else:
                sent = self._answer(record, agreement, sketch, now)
            if sent is not None:
                record_sketch_sent(workspace, own, self._partner, None, now)
                self._record(sent, now)
            return sent

    def _answer(
        self, record: PreviewRecord, agreement: Agreement, sketch: bytes, now: datetime
    ) -> PreviewRecord | None:
        received = self._find(agreement, MessageType.PREVIEW_OFFER, self._start(agreement), NO_SESSION, now)
        if received is None:
            return None
        nonce = self._take(record, agreement, received, now)
        record = replace(record, opening=received.transcript, done=now)
        sid = session_id(preview_parameters(agreement).context, nonce, record.nonce)
        return self._send(record, agreement, MessageType.PREVIEW_ANSWER, sid, sketch, now)

    def _finish(self, record: PreviewRecord) -> None:
        """As initiator, read message 12, if it is there."""
        now, workspace = self._clock(), self._workspace
        with workspace.transaction():
            if self._latest() != replace(record, delivered=True):
                return
            agreement = workspace.agreement(record.agreement)
            received = self._find(agreement, MessageType.PREVIEW_ANSWER, record.opening, None, now)
            if received is None:
                return
            nonce = self._take(record, agreement, received, now)
            if received.header.session != session_id(preview_parameters(agreement).context, record.nonce, nonce):
                raise PeerError("the message names another preview than it belongs to")
            workspace.previews.put(replace(record, delivered=True, done=now))

    def _take(self, record: PreviewRecord, agreement: Agreement, received: Received, now: datetime) -> bytes:
        """Take the partner's sketch, make the estimates, and return its nonce."""
        workspace, partner, read = self._workspace, self._partner, list[Sketch]()

        def check(data: bytes) -> None:
            read.append(read_partner_sketch(workspace, partner, agreement, data, now, again=self._accept_sketch))

        nonce, _ = read_preview(
            preview_parameters(agreement), received.type, received.body, check, own_nonce=record.nonce
        )
        take_partner_sketch(workspace, partner, agreement, read[0], now)
        make_estimates(workspace, partner, agreement, workspace.sketches.get(record.sketch), read[0], now)
        self._taken.append(received.name)
        return nonce

    def _find(
        self, agreement: Agreement, kind: MessageType, transcript: bytes, session: bytes | None, now: datetime
    ) -> Received | None:
        role = Role.INITIATOR if kind is MessageType.PREVIEW_OFFER else Role.RESPONDER
        expected = Expected(
            due=frozenset({kind}),
            role=role,
            agreement=agreement.digest,
            sender=self._partner.card,
            recipient=self._workspace.card,
            transcript=transcript,
            session=session,
            finished=frozenset(),
            body_limits=preview_parameters(agreement).body_limits,
            now=int(now.timestamp()),
        )
        knows = self._workspace.previews.knows if role is Role.INITIATOR else lambda _: False
        received, notes = find(
            self._channel, expected, self._workspace.identity.sealing, lambda opening: not knows(opening)
        )
        self._notes = notes
        return received

    def _start(self, agreement: Agreement) -> bytes:
        cards = [bytes.fromhex(card) for card in agreement.terms.cards]
        return first_transcript(agreement.digest, *cards)

    def _send(
        self,
        record: PreviewRecord,
        agreement: Agreement,
        kind: MessageType,
        session: bytes,
        sketch: bytes,
        now: datetime,
    ) -> PreviewRecord:
        """Seal our message and store it."""
        workspace, message = self._workspace, write_preview(kind, record.nonce, sketch)
        header = Header(
            type=int(kind),
            role=record.role,
            agreement=agreement.digest,
            session=session,
            sender=workspace.card.digest,
            recipient=self._partner.card.digest,
            transcript=record.opening or self._start(agreement),
            created=int(now.timestamp()),
            expires=int((now + MESSAGE_LIFE).timestamp()),
            body_bytes=message.length,
        )
        key = self._partner.card.sealing_key
        sealed = write(header, message.parts, workspace.identity, key, secrets.token_bytes(32))
        opening = record.opening or next_transcript(header, message.parts)
        name = f"{workspace.short_name}-{opening.hex()[:6]}-{int(kind)}.amap"
        record = replace(record, opening=opening, sent=name)
        self._messages.mkdir(exist_ok=True, mode=0o700)
        write_atomic(self._messages / name, sealed)
        workspace.previews.put(record)
        return record

    def _deliver(self, record: PreviewRecord) -> None:
        """Put our message into the channel until it has been there, or as initiator until the answer comes."""
        if record.delivered and (record.done or record.sent in self._channel.files()):
            return
        file = self._messages / record.sent
        if not file.is_file():
            raise ChannelError("the stored message cannot be read", "Check the workspace folder.")
        self._channel.deliver(record.sent, file)
        self._sent.append(record.sent)
        with self._workspace.transaction():
            self._workspace.previews.put(replace(self._latest() or record, delivered=True))

    def _agreement(self, now: datetime) -> Agreement:
        """Return the newest preview agreement that both signed and that is in force today."""
        for known in self._workspace.agreement_records(self._partner):
            agreement = known.agreement
            if agreement.is_preview and agreement.complete and known.ended is None:
                if agreement.terms.valid_until < now.date():
                    break
                return agreement
        raise TrustError(
            f"no preview agreement with {self._partner.card.name} is in force",
            f"Make one for them to sign: accountmap agreement new --preview --with {self._partner.slug}",
        )

    def _record(self, record: PreviewRecord, now: datetime) -> None:
        """Put what the partner learned into the ledger."""
        own = self._workspace.sketches.get(record.sketch)
        self._workspace.record(
            {
                **partner_facts(self._partner.card, now),
                "event": "sent",
                "preview": record.id,
                "agreement": record.agreement,
                "list": own.list_id,
                "role": record.role.label,
                "message": 11 if record.role is Role.INITIATOR else 12,
                "sketch": record.sketch.hex(),
                "epsilon": str(own.epsilon),
            }
        )

    def _outcome(self, record: PreviewRecord | None) -> PreviewOutcome:
        done = record is not None and record.done is not None
        made = self._workspace.estimates.latest(self._partner.slug) if done else []
        return PreviewOutcome(
            state=PreviewState.DONE if done else PreviewState.WAITING,
            taken=tuple(self._taken),
            sent=tuple(self._sent),
            estimates=tuple(shown_estimates(made)),
            own_companies={each.segment: each.own_values for each in made if each.segment and each.level == 1},
            partner_holds=self._partner_holds(record, made) if record else None,
            notes=tuple(self._notes),
        )

    def _partner_holds(self, record: PreviewRecord, made: list[Estimate]) -> PartnerHolds:
        """Use the estimate as the example, or a third of the partner's padded rows while there is none."""
        agreement = self._workspace.agreement(record.agreement)
        of = agreement.sketches[record.role.other].total
        estimated = [each.estimate for each in shown_estimates(made) if not each.segment and each.level == 1]
        shared = min(estimated[0], of) if estimated else of // 3
        return PartnerHolds.with_sketch(self._workspace.sketches.get(record.sketch), shared, of)
