"""What the messages of both roles have in common: a party's knowledge, and steps over all comparisons.

A step gets what a party knows and a message of the partner, and returns what the party knows then, and the reply
if there is one. Nothing is changed in place: a step that refuses leaves no trace.

What a party knows can be written as bytes between two steps, so that a session can wait for days and survive a
crash. These bytes hold secrets of the session, though not its seed, and only the party that wrote them reads them.
"""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final

import numpy as np

from accountmap.errors import UsageError
from accountmap.model import Role
from accountmap.psi.codec import Message, check_length, cut, join, read_sections, require
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.inputs import ComparisonSecrets, OwnInputs, input_commitment
from accountmap.psi.key_exchange import OpenedFields, SignedReceipt, matches_digest, refuse_unopened
from accountmap.psi.matching import Matches, SegmentClaims
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.psi.ports import Ports, Side
from accountmap.psi.suite import (
    DIGEST_BYTES,
    NONCE_BYTES,
    Body,
    consent,
    digest,
    next_transcript,
    rectangle_id,
    session_id,
)


@dataclass(frozen=True, repr=False)
class Setting:
    """What stays the same through a session.

    Attributes:
        role: ours.
        own: what we bring besides our entities.
        sides: what we bring into each comparison.
        channel_key: our key for the envelope, in message 1 or 2.
        made: the comparisons by the session's id, with what each has computed from these inputs.
    """

    role: Role
    parameters: Parameters
    own: OwnInputs
    sides: tuple[Side, ...]
    ports: Ports
    channel_key: bytes = b""
    made: dict[bytes, list[Comparison]] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Progress:
    """What a party knows of a session between two messages.

    Attributes:
        transcript: t_n after the last message.
        nonces: of the initiator and of the responder; empty while not known.
        commitments: to the inputs of both, likewise.
        partner_sketch: as it was received.
        known: what is known of each comparison.
        totals: those of the partner.
        own_fields: digest of our field blocks, once they are sent.
        receipt: parts of the receipt, once they are known.
        signatures: those of the initiator and of the responder on the receipt.
    """

    transcript: bytes
    nonces: tuple[bytes, bytes]
    commitments: tuple[bytes, bytes]
    known: tuple[Knowledge, ...]
    partner_sketch: bytes = b""
    totals: bytes = b""
    own_fields: bytes = b""
    receipt: bytes = b""
    signatures: tuple[bytes, bytes] = (b"", b"")


@dataclass(frozen=True, repr=False)
class Step:
    """What a party knows after an event, and what it sends."""

    progress: Progress
    reply: Message | None = None


@dataclass(frozen=True, repr=False)
class Result:
    """What a session found.

    Attributes:
        sid: its id.
        comparisons: the matches of each rectangle.
        totals: what the partner showed of the rest of its list.
        receipt: with the signatures of both parties.
    """

    sid: bytes
    comparisons: tuple[Matches, ...]
    totals: bytes
    receipt: SignedReceipt


def sid_of(setting: Setting, progress: Progress) -> bytes:
    """Return the session's id; empty while a nonce is not known."""
    return session_id(setting.parameters.context, *progress.nonces) if all(progress.nonces) else b""


def comparisons(setting: Setting, progress: Progress) -> list[Comparison]:
    """Return all comparisons of the session, at this party."""
    sid, nonce = sid_of(setting, progress), progress.nonces[setting.role]
    if sid in setting.made:
        return setting.made[sid]
    setting.made[sid] = [
        Comparison(
            number=number,
            role=setting.role,
            parameters=setting.parameters,
            side=side,
            ports=setting.ports,
            secrets=ComparisonSecrets(setting.own.seed, nonce, number),
            sketch_seed=setting.own.sketch_seed,
            rid=rectangle_id(sid, number) if sid else b"",
        )
        for number, side in enumerate(setting.sides)
    ]
    return setting.made[sid]


def own_totals(setting: Setting, progress: Progress) -> bytes:
    """Return what we show of our list besides matches."""
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    return setting.ports.partner.own_totals([comparison.matched(known) for comparison, known in pairs])


def each(setting: Setting, progress: Progress, do: Callable[..., Knowledge], *parts: Sequence[object]) -> Progress:
    """Apply a function to each comparison, what is known of it, and its element of each of `parts`."""
    done: list[Knowledge] = []
    for comparison, *about in zip(comparisons(setting, progress), progress.known, *parts, strict=True):
        done.append(do(comparison, *about))
    return replace(progress, known=tuple(done))


def send(progress: Progress, kind: MessageType, parts: Sequence[Body]) -> Step:
    """Return the step that sends a message."""
    message = Message(kind, tuple(parts))
    return Step(replace(progress, transcript=next_transcript(progress.transcript, kind, parts)), message)


def taken(progress: Progress, kind: MessageType, body: Body) -> Progress:
    """Return the progress after a message was accepted."""
    return replace(progress, transcript=next_transcript(progress.transcript, kind, [body]))


def greet(setting: Setting, progress: Progress) -> Step:
    """Send message 1 or 2: nonce, channel key, input commitment and sketch (psi-v2 §7.1)."""
    role, own = setting.role, setting.own
    if len(setting.channel_key) != setting.parameters.channel_key_bytes:
        raise UsageError("the channel key does not have the agreed length")
    if len(own.sketch) != setting.parameters.sketch_bytes[role]:
        raise UsageError("the sketch does not have the agreed length")
    nonce = progress.nonces[role]
    commitment = input_commitment(setting.parameters.context, nonce, role, own)
    progress = replace(progress, commitments=_with(progress.commitments, role, commitment))
    kind = MessageType.OFFER if role is Role.INITIATOR else MessageType.ANSWER
    return send(progress, kind, (nonce, setting.channel_key, commitment, own.sketch))


def take_greeting(setting: Setting, progress: Progress, kind: MessageType, body: Body) -> Progress:
    """Read message 1 or 2.

    Raises:
        PeerError: by the rules of psi-v2 §5.4 and §7.1.
    """
    parameters, theirs = setting.parameters, setting.role.other
    check_length(kind, body, parameters.body_limits(kind))
    (nonce, _, commitment), sketch = cut(body, NONCE_BYTES, parameters.channel_key_bytes, DIGEST_BYTES)
    setting.ports.partner.check_sketch(bytes(sketch))
    require(nonce != progress.nonces[setting.role], "nonce", f"message {kind} has our own nonce")
    progress = replace(
        progress,
        nonces=_with(progress.nonces, theirs, nonce),
        commitments=_with(progress.commitments, theirs, commitment),
        partner_sketch=bytes(sketch),
    )
    return taken(progress, kind, body)


def _with(pair: tuple[bytes, bytes], role: Role, value: bytes) -> tuple[bytes, bytes]:
    return (value, pair[1]) if role is Role.INITIATOR else (pair[0], value)


def send_points(setting: Setting, progress: Progress, kind: MessageType) -> Step:
    """Send our consent, points and presence bits: message 3 or 4 (psi-v2 §7.2, §7.3)."""
    progress = each(setting, progress, Comparison.blind)
    said = consent(sid_of(setting, progress), setting.role, progress.transcript)
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    return send(progress, kind, (said, *join([one.write_points(known) for one, known in pairs])))


def take_points(setting: Setting, progress: Progress, kind: MessageType, body: Body) -> Progress:
    """Read the partner's consent, points and presence bits.

    Raises:
        RefusalError: by the rules of psi-v2 §7.2 and §7.3.
    """
    head, sections, _ = read_sections(kind, body, setting.parameters)
    expected = consent(sid_of(setting, progress), setting.role.other, progress.transcript)
    require(head == expected, "consent", f"message {kind} consents to something other than what was exchanged")
    progress = each(setting, progress, Comparison.take_points, sections)
    return taken(progress, kind, body)


def match_counts(setting: Setting, progress: Progress) -> list[int]:
    """Return how many matches each comparison has, once they are claimed."""
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    return [one.count(known) for one, known in pairs]


def claimed(setting: Setting, progress: Progress) -> tuple[SegmentClaims, ...]:
    """Count the claims of the session by own segment."""
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    counts = np.sum([[(n.strong, n.weak) for n in one.claimed(known)] for one, known in pairs], axis=0)
    return tuple(SegmentClaims(strong, weak) for strong, weak in counts.tolist())


def open_blocks(
    setting: Setting, progress: Progress, blocks: Sequence[memoryview], totals: memoryview
) -> Progress:
    """Open the partner's field blocks: all are tried before anything is answered (psi-v2 §7.9).

    Raises:
        RefusalError: `field-length`, `field-open`, `fields` or `totals`.
    """
    triples = zip(comparisons(setting, progress), progress.known, blocks, strict=True)
    return keep_fields(setting, progress, [one.open_fields(known, block) for one, known, block in triples], totals)


def keep_fields(
    setting: Setting, progress: Progress, opened: Sequence[OpenedFields | None], totals: memoryview
) -> Progress:
    """Keep what the partner shows, if all of it opened and has the agreed form.

    Raises:
        RefusalError: `field-open`, `fields` or `totals`.
    """
    progress = each(setting, progress, Comparison.keep_fields, refuse_unopened(opened))
    accepted = setting.ports.partner.accepts_totals(bytes(totals))
    require(accepted, "totals", "what the partner shows of the rest of its list is not as agreed")
    return replace(progress, totals=bytes(totals))


def fields_digest(blocks: Sequence[Body]) -> bytes:
    """Hash the field blocks of a message, for the receipt (psi-v2 §7.10)."""
    return digest("receipt-part", *blocks)


def receipt_of(
    setting: Setting, progress: Progress, responder_fields: bytes, initiator_fields: bytes
) -> SignedReceipt:
    """Return the receipt that both are to sign; the transcript is that after message 8 (psi-v2 §7.10)."""
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    columns = [one.receipt_columns(known) for one, known in pairs]
    match_id, outcome, strength = (np.concatenate(column) for column in zip(*columns, strict=True))
    return SignedReceipt(
        sid=sid_of(setting, progress),
        transcript=progress.transcript,
        matches=matches_digest(match_id, outcome, strength),
        responder_fields=responder_fields,
        initiator_fields=initiator_fields,
    )


def result_of(setting: Setting, progress: Progress) -> Result:
    """Return what a finished session found."""
    pairs = zip(comparisons(setting, progress), progress.known, strict=True)
    receipt = replace(SignedReceipt.from_bytes(progress.receipt), signatures=progress.signatures)
    found = tuple(one.matches(known) for one, known in pairs)
    return Result(sid_of(setting, progress), found, progress.totals, receipt)


_LENGTH: Final = struct.Struct(">I")
_OF_SESSION: Final = ("transcript", "partner_sketch", "totals", "own_fields", "receipt")
_OF_BOTH: Final = ("nonces", "commitments", "signatures")
_OF_COMPARISON: Final = tuple(f.name for f in fields(Knowledge) if f.name not in ("own", "tokens"))


def dump(state: str, progress: Progress) -> list[Body]:
    """Write a length, a JSON directory, and after it the raw values, none of which is copied."""
    values = dict(_values(progress))
    directory = {"state": state, "values": [[name, len(value)] for name, value in values.items()]}
    head = json.dumps(directory).encode()
    return [_LENGTH.pack(len(head)), head, *values.values()]


def _values(progress: Progress) -> Iterator[tuple[str, Body]]:
    for name in _OF_SESSION:
        yield name, getattr(progress, name)
    for name in _OF_BOTH:
        for role, value in enumerate(getattr(progress, name)):
            yield f"{name}/{role}", value
    for number, known in enumerate(progress.known):
        for name in _OF_COMPARISON:
            yield f"{number}/{name}", getattr(known, name)
        if known.own is not None:
            yield f"{number}/own", known.own.dump()
        if known.tokens is not None:
            yield f"{number}/tokens", known.tokens.dump()


def load(data: Body, sides: Sequence[Side]) -> tuple[str, Progress]:
    """Read a state back. Its tables are not copied out of the data.

    Raises:
        UsageError: the bytes were not written by `dump`, or were damaged since.
    """
    try:
        (length,) = _LENGTH.unpack_from(data)
        start, view = _LENGTH.size + length, memoryview(data)
        head = json.loads(bytes(view[_LENGTH.size : start]))
        values: dict[str, memoryview] = {}
        for name, size in head["values"]:
            values[name] = view[start : start + size]
            start += size
        if start != len(view):
            raise ValueError("cut short")
        return str(head["state"]), _progress(values, sides)
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise UsageError("the saved state of the session cannot be read") from error


def _progress(values: dict[str, memoryview], sides: Sequence[Side]) -> Progress:
    def both(name: str) -> tuple[bytes, bytes]:
        return bytes(values[f"{name}/0"]), bytes(values[f"{name}/1"])

    return Progress(
        known=tuple(_knowledge(values, number, side) for number, side in enumerate(sides)),
        nonces=both("nonces"),
        commitments=both("commitments"),
        signatures=both("signatures"),
        **{name: bytes(values[name]) for name in _OF_SESSION},
    )


def _knowledge(values: dict[str, memoryview], number: int, side: Side) -> Knowledge:
    own, tokens = values.get(f"{number}/own"), values.get(f"{number}/tokens")
    return Knowledge(
        own=None if own is None else side.tables.load_points(own),
        tokens=None if tokens is None else side.tables.load_tokens(tokens),
        **{name: values[f"{number}/{name}"] for name in _OF_COMPARISON},
    )
