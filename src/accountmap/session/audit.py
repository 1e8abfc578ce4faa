"""Checking as an auditor what a party brought into a session (trust-v2 §4.6).

From what one party shows, its sketch, its points and the bodies of two of its messages are made again, and
compared with the digests that both parties signed. From what both show, V is made again too (account-psi-v2 §7.4).
Which entities take part, and with which keys, is made again from the committed list. What comes out differently
was not made by the rules.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
from cryptography.exceptions import InvalidSignature

from accountmap.errors import AccountmapError, InputError
from accountmap.linkage.reference import Reference
from accountmap.model import Role
from accountmap.psi.codec import Bits, Order, join
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.hash_to_curve import LazyMessages
from accountmap.psi.inputs import ComparisonSecrets, KeyRecord, OwnInputs, input_commitment, key_table_digest
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.psi.ports import Curve, OpenedEntities, Points, Ports, Side
from accountmap.psi.sketch import SketchParameters, SketchSecret, Values, make_sketch, sketch_inputs
from accountmap.psi.suite import (
    KEY_DST,
    Body,
    consent,
    digest,
    first_transcript,
    rectangle_id,
    sha256,
)
from accountmap.psi.tables import Groups, NumpyTables, presence_bits
from accountmap.session.audit_file import AuditedMessage, AuditFile
from accountmap.session.audit_list import Account, AuditedList, by_message
from accountmap.session.own_side import OwnSide, key_records
from accountmap.session.parameters import session_parameters
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header, transcript_with, verify_transcript
from accountmap.trust.envelope import first_transcript as first_envelope
from accountmap.trust.identity import Card

DRAWN: Final = 60
"""With so many draws, an invented account is found with 95 % probability if 5 % are invented."""

_GREETING: Final = {Role.INITIATOR: MessageType.OFFER, Role.RESPONDER: MessageType.ANSWER}
_POINTS: Final = {Role.INITIATOR: MessageType.INITIATOR_POINTS, Role.RESPONDER: MessageType.RESPONDER_POINTS}
_UNREADABLE: Final = (AccountmapError, ValueError, LookupError, TypeError, OverflowError, pa.ArrowException)
"""What reading and making again can raise for data that an honest party would not show."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        what: in plain words.
        holds: whether it is as it should be.
        detail: what is wrong, or what could not be checked.
    """

    what: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, repr=False)
class _Entities:
    """psi's OwnEntities port over rows of a key table; nothing about them is ever looked up."""

    sizes: tuple[int, ...]
    rows: Sequence[KeyRecord]

    def bits(self) -> Bits:
        return np.array([row.bits for row in self.rows], np.uint8)

    def open(self, entities: Order) -> OpenedEntities:
        raise NotImplementedError

    def accepts(self, fields: bytes) -> bool:
        raise NotImplementedError


class AuditedParty:
    """What one party showed about a session, and what can be made again from it.

    Args:
        file: what it showed.
        curve: a backend.
        reference: the reference list that the agreement names, if it names one.
    """

    def __init__(self, file: AuditFile, curve: Curve, reference: Reference | None = None) -> None:
        self.file, self._curve, self._reference = file, curve, reference
        self.role = file.role

    @cached_property
    def agreement(self) -> Agreement:
        """The agreement of the session."""
        return Agreement.parse(self.file.agreement.encode())

    @cached_property
    def parameters(self) -> Parameters:
        """The parameters that the agreement fixes."""
        return session_parameters(self.agreement)

    @cached_property
    def cards(self) -> tuple[Card, Card]:
        """The cards of initiator and responder."""
        initiator, responder = (Card.parse(card.encode()) for card in self.file.cards)
        return initiator, responder

    @cached_property
    def rows(self) -> list[KeyRecord]:
        """The key table."""
        slots = len(self.parameters.sent)
        return [KeyRecord.read(record, slots) for record in key_records(self.file.key_table)]

    @cached_property
    def frozen(self) -> AuditedList:
        """The frozen list."""
        return AuditedList(self.file.frozen_list, self.agreement.terms, self._reference)

    @cached_property
    def _rows_due(self) -> list[KeyRecord]:
        """The key table that the frozen list gives under the agreement."""
        own = OwnSide.of(self.agreement, self.role, self.frozen.accounts, self.frozen.prepared, self.parameters)
        slots = len(self.parameters.sent)
        return [KeyRecord.read(record, slots) for record in key_records(own.key_table())]

    @cached_property
    def _messages(self) -> dict[int, AuditedMessage]:
        return {message.number: message for message in self.file.messages}

    def signed_digest(self, number: int) -> bytes | None:
        """Return the SHA-256 of a message's body, as it was signed; None if the message was not sent."""
        message = self._messages.get(number)
        return bytes.fromhex(message.body_digest) if message else None

    def signatures(self) -> str:
        """Check the agreement, and the chain of headers, digests and signatures; return what is wrong."""
        self.agreement.check_signatures(self.cards)
        transcript = first_envelope(self.agreement.digest, *(card.digest for card in self.cards))
        for number, message in sorted(self._messages.items()):
            header = Header.decode(bytes.fromhex(message.header))
            sender = self.cards[header.role]
            right = header.transcript == transcript and header.type == number
            if not right or (header.sender, header.agreement) != (sender.digest, self.agreement.digest):
                return f"message {number} does not follow the one before it"
            transcript = transcript_with(header, bytes.fromhex(message.body_digest))
            try:
                verify_transcript(sender, bytes.fromhex(message.signature), transcript)
            except InvalidSignature:
                return f"the signature of message {number} is not valid"
        theirs = [n for n, m in self._messages.items() if Header.decode(bytes.fromhex(m.header)).role != self.role]
        if not theirs or max(theirs) < _POINTS[self.role]:
            return "the other party signed nothing after this party's points"
        return ""

    @cached_property
    def _sketch(self) -> bytes:
        file, terms = self.file, self.agreement.sketches[self.role]
        secret = SketchSecret(self.cards[self.role].digest, file.sketch_id, file.sketch_seed)
        return make_sketch(SketchParameters(terms.rows, terms.epsilon), secret, Values.load(file.sketch_values))

    @cached_property
    def _inputs(self) -> OwnInputs:
        file = self.file
        values = Values.load(file.sketch_values).digest()
        secret = SketchSecret(self.cards[self.role].digest, file.sketch_id, file.sketch_seed)
        return OwnInputs(
            seed=file.seed,
            sketch=self._sketch,
            sketch_seed=file.sketch_seed,
            frozen_list=hashlib.sha256(file.frozen_list).digest(),
            key_table=lambda: key_table_digest(key_records(file.key_table)),
            sketch_inputs=sketch_inputs(secret, hashlib.sha256(file.sketch_list).digest(), values),
        )

    def greeting_holds(self) -> bool:
        """Make message 1 or 2 again: nonce, channel key, input commitment, sketch."""
        made = input_commitment(self.parameters.context, self.file.nonce, self.role, self._inputs)
        body = sha256([self.file.nonce, self.file.channel_key, made, self._sketch])
        return body == self.signed_digest(_GREETING[self.role])

    def comparisons(self) -> list[Comparison]:
        """Return all comparisons of the session at this party."""
        ports = Ports(self._curve, secrets.token_bytes, _Nobody(), _Nobody())
        return [
            Comparison(
                number=number,
                role=self.role,
                parameters=self.parameters,
                side=self._side(number),
                ports=ports,
                secrets=ComparisonSecrets(self.file.seed, self.file.nonce, number),
                sketch_seed=self.file.sketch_seed,
                rid=rectangle_id(self.file.sid, number),
            )
            for number in range(len(self.parameters.rectangles))
        ]

    def _side(self, rectangle: int) -> Side:
        segments = self.parameters.rectangles[rectangle].segments[self.role]
        rows = [row for row in self.rows if row.segment in segments]
        count = len(self.parameters.sizes[self.role])
        sizes = tuple(sum(row.segment == segment for row in rows) for segment in range(count))
        present = np.array([[key is not None for key in row.keys] for row in rows], np.bool_)
        messages = [key for row in rows for key in row.keys if key is not None]

        def points() -> Points:
            return self._curve.hash_to_curve(KEY_DST, LazyMessages(len(messages), lambda a, b: messages[a:b]))

        groups = Groups(present.reshape(len(rows), len(self.parameters.sent)), points)
        return Side(_Entities(sizes, rows), NumpyTables(self._curve, groups))

    @cached_property
    def points(self) -> list[tuple[Knowledge, tuple[Body, ...]]]:
        """For each comparison, the blinded points, and the section of message 3 or 4 with them."""
        made = []
        for one in self.comparisons():
            known = one.blind(Knowledge())
            made.append((known, one.write_points(known)))
        return made

    def points_hold(self) -> bool:
        """Make message 3 or 4 again: consent, presence bits, points."""
        number = _POINTS[self.role]
        transcript = first_transcript(self.parameters.context)
        for before in range(1, number):
            transcript = digest("transcript", transcript, bytes([before]), self.signed_digest(before) or b"")
        said = consent(self.file.sid, self.role, transcript)
        body = sha256([said, *join([section for _, section in self.points])])
        return body == self.signed_digest(number)

    def sketch_fault(self) -> str:
        """Make the values of the sketch again from its list; return what does not fit."""
        file = self.file
        same = file.sketch_list == file.frozen_list
        source = self.frozen if same else AuditedList(file.sketch_list, self.agreement.terms, self._reference)
        shown = by_message(Values.load(file.sketch_values))
        possible = list(source.possible_values(self.agreement.sketches[self.role].countries))
        if shown in possible:
            return ""
        invented = shown.keys() - possible[0].keys()
        return "it has names that its list does not have" if invented else "names of its list are missing from it"

    def rows_fault(self) -> str:
        """Find out from the frozen list who takes part; return where the key table differs."""
        due, given = ({row.account_ids for row in rows} for rows in (self._rows_due, self.rows))
        if len(given) < len(self.rows):
            return "a company has two rows"
        if given - due:
            return "a row is not a company of its list, or is one that is outside the filter or off limits"
        if due - given:
            return "a company of its list that the agreement lets take part has no row"
        placed, expected = (
            [(row.segment, row.number, row.account_ids) for row in rows] for rows in (self.rows, self._rows_due)
        )
        return "" if placed == expected else "a row is in another segment than its accounts, or out of order"

    def keys_fault(self) -> str:
        """Make the keys of all companies again; return which key a row has or lacks against its accounts."""
        due = {row.account_ids: row.keys for row in self._rows_due}
        slots = [self.agreement.terms.slots[slot].name for slot in self.parameters.sent]
        for row in self.rows:
            for slot, key, made in zip(slots, row.keys, due.get(row.account_ids, row.keys), strict=True):
                if key is not None and key != made:
                    return f"a row has a key in the slot {slot} that its accounts do not give"
                if key != made:
                    return f"a row has no key in the slot {slot}, and its accounts give one"
        return ""

    def bits_fault(self) -> str:
        """Make the presence bits of all rows again from their keys; return what does not fit."""
        slots = [self.parameters.slots[slot] for slot in self.parameters.sent]
        shape = len(self.rows), len(slots)
        present = np.array([[key is not None for key in row.keys] for row in self.rows], np.bool_).reshape(shape)
        country = [[_ends_in_country(key or b"") for key in row.keys] for row in self.rows]
        made = presence_bits(slots, present, np.array(country, np.bool_).reshape(shape))
        alike = bool((made == np.array([row.bits for row in self.rows], np.uint8)).all())
        return "" if alike else "a row has other bits than its keys give"

    def draw(self, count: int = DRAWN) -> list[tuple[str, str]]:
        """Draw accounts that took part, at random: id and name, to be shown in the party's own systems.

        There are none if the list cannot be read, which `findings` reports.
        """
        try:
            listed = self.frozen.accounts.table.select(["account_id", "name"]).to_pylist()
            ids = [account for row in self.rows for account in row.account_ids]
        except _UNREADABLE:
            return []
        names = {account["account_id"]: account["name"] for account in listed}
        drawn = secrets.SystemRandom().sample(ids, min(count, len(ids)))
        return [(account, names.get(account) or "") for account in sorted(drawn)]

    def joined(self, count: int = DRAWN) -> list[tuple[Account, Account]]:
        """Draw companies whose accounts were joined by a person and not by the rules: two accounts of each.

        An auditor checks that they are one company: a row with the keys of several companies would test them all.
        """
        pairs = self.frozen.joined_by_hand()
        return sorted(secrets.SystemRandom().sample(pairs, min(count, len(pairs))))

    def findings(self) -> Iterator[Finding]:
        """Check all that can be checked from what this party shows."""
        checks = (
            ("the agreement and all messages are signed, one after another", self.signatures),
            ("sketch, list and keys are those that it committed to", _fault(self.greeting_holds)),
            ("its sketch has the full names of its list, and no others", self.sketch_fault),
            ("its points are those of its key table, under one secret per comparison", _fault(self.points_hold)),
            ("its rows are the companies of its list that the agreement lets take part", self.rows_fault),
            ("its keys are those that its accounts give", self.keys_fault),
            ("its presence bits are those of its keys", self.bits_fault),
        )
        for what, check in checks:
            try:
                fault = check()
            except InputError as error:
                fault = str(error)
            except _UNREADABLE:
                fault = "it cannot be read"
            yield Finding(what, not fault, fault)


def tokens_finding(initiator: AuditedParty, responder: AuditedParty) -> Finding:
    """Make message 5 again from what both parties show: V, the tokens of the responder's points.

    Raises:
        InputError: the two are not the initiator and the responder of one session.
    """
    if (initiator.role, responder.role) != (Role.INITIATOR, Role.RESPONDER):
        raise InputError("these are not both sides of a session", "Give the file of each party.")
    if initiator.file.sid != responder.file.sid:
        raise InputError("these files are of two sessions", "Ask both parties for the same session.")
    what = "message 5 has the responder's points under the initiator's secrets"
    signed = initiator.signed_digest(MessageType.TOKENS)
    if signed is None:
        return Finding(what, True, "the session ended before it was sent")
    sections = []
    try:
        for one, (known, _), (_, theirs) in zip(
            initiator.comparisons(), initiator.points, responder.points, strict=True
        ):
            taken = one.take_points(known, memoryview(b"".join(theirs)))
            sections.append(one.write_tokens(taken)[1])
    except AccountmapError as error:
        return Finding(what, False, str(error))
    except _UNREADABLE:
        return Finding(what, False, "it cannot be read")
    holds = sha256(join(sections)) == signed
    return Finding(what, holds, "" if holds else "it was made differently")


def _fault(holds: Callable[[], bool]) -> Callable[[], str]:
    return lambda: "" if holds() else "something else was signed"


def _ends_in_country(key: bytes) -> bool:
    return len(key) > 3 and key[-3:-2] == b"|" and key[-2:].isalpha() and key[-2:].isupper()


class _Nobody:
    """psi's ports Receipts and PartnerRules, which an auditor does not need."""

    def sign(self, receipt: bytes) -> bytes:
        raise NotImplementedError

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        raise NotImplementedError

    def check_sketch(self, sketch: bytes) -> None:
        raise NotImplementedError

    def own_totals(self, matched: Sequence[Order]) -> bytes:
        raise NotImplementedError

    def accepts_totals(self, totals: bytes) -> bool:
        raise NotImplementedError
