"""The steps of a session up to the reveal of matches, on both sides: psi.initiator and psi.responder over tables.

Each takes what is held and the partner's message, and gives what is held then, or the phase of psi with which an
ordinary session goes on, and the message to send. Sections are those of psi-v1 §5.
"""

from dataclasses import dataclass, replace

import numpy as np

from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.psi import fields, initiator, responder, rounds, wire
from accountmap.psi.matching import Matching
from accountmap.psi.parameters import MessageType
from accountmap.psi.phases import Counted, Matched, Message, Phase, Setting, matched
from accountmap.psi.suite import DIGEST_BYTES, INDEX_BYTES, NONCE_BYTES, POINT_BYTES, TOKEN_BYTES, digest
from accountmap.psi.tables import Order
from accountmap.psi.wire import Body
from accountmap.spark.held import Held, rows_of
from accountmap.spark.secret import SessionSecret
from accountmap.spark.session_tables import SessionTables


@dataclass(frozen=True, repr=False)
class Took:
    """Where a side stands after a step, what it sends, and its entity of each match once that is known."""

    stands: Held | Phase
    reply: Message | None = None
    ids: tuple[str, ...] = ()


def offer(tables: SessionTables, setting: Setting, channel_key: bytes) -> Took:
    """Make message 1."""
    random = setting.ports.random
    nonce, secret = random(NONCE_BYTES), SessionSecret.fresh(random)
    column = tables.blind(secret)
    held = Held(MessageType.OFFER, secret, nonce)
    return Took(held, Message(MessageType.OFFER, wire.parts(nonce, channel_key, column)))


def answer(tables: SessionTables, setting: Setting, channel_key: bytes, body: Body) -> Took:
    """Take message 1 and make message 2."""
    p, random = setting.parameters, setting.ports.random
    (their_nonce, _), column = wire.split(body, NONCE_BYTES, p.channel_key_bytes)
    nonce, secret = random(NONCE_BYTES), SessionSecret.fresh(random)
    own = tables.blind(secret)
    sid = rounds.session_id(p, their_nonce, nonce)
    tables.make(column, secret, sid)
    preview_opening, opening = random(DIGEST_BYTES), random(DIGEST_BYTES)
    said = tables.commit_to_preview(sid, preview_opening) + tables.commit_to_table("table", sid, opening)
    held = Held(MessageType.ANSWER, sid=sid, opening=opening, preview_opening=preview_opening)
    return Took(held, Message(MessageType.ANSWER, wire.parts(nonce, channel_key, said, own)))


def take_answer(tables: SessionTables, setting: Setting, held: Held, body: Body) -> Took:
    """Take message 2 and make message 3."""
    p, key_bytes = setting.parameters, setting.parameters.channel_key_bytes
    (nonce, _, preview, table), column = wire.split(body, NONCE_BYTES, key_bytes, DIGEST_BYTES, DIGEST_BYTES)
    if held.secret is None:
        raise AssertionError("the secret is held until the token table is made")
    sid = rounds.session_id(p, held.nonce, nonce)
    tables.make(column, held.secret, sid)
    opening = setting.ports.random(DIGEST_BYTES)
    commitment = tables.commit_to_table("initiator-table", sid, opening)
    now = Held(MessageType.PREVIEW, sid=sid, opening=opening, commitment=table, preview_commitment=preview)
    return Took(now, Message(MessageType.PREVIEW, wire.parts(commitment, tables.made_preview())))


def take_preview(tables: SessionTables, _setting: Setting, held: Held, body: Body) -> Took:
    """Take message 3: we know the counts, the partner does not yet."""
    (commitment,), column = wire.split(body, DIGEST_BYTES)
    counts = tables.take_preview(column, responder.PREVIEW)
    return Took(replace(held, step=MessageType.PREVIEW, commitment=commitment, counts=rows_of(counts)))


def take_preview_opening(tables: SessionTables, setting: Setting, held: Held, body: Body) -> Took:
    """Take message 4: both know the counts now."""
    (opening, consent), column = wire.split(body, DIGEST_BYTES, DIGEST_BYTES)
    if digest("preview", held.sid, opening, column) != held.preview_commitment:
        raise PeerError(f"{initiator.OPENING} does not open the commitment of {initiator.ANSWER}")
    counts = tables.take_preview(column, initiator.OPENING)
    if consent != rounds.consent(held.sid, Role.RESPONDER, counts):
        raise PeerError(f"{initiator.OPENING} consents to other counts than these")
    if not setting.parameters.reveals:
        return Took(Counted(held.sid, counts))
    return Took(replace(held, step=MessageType.PREVIEW_OPENING, counts=rows_of(counts)))


def consent(tables: SessionTables, setting: Setting, held: Held) -> Took:
    """Agree to reveal: message 4 as responder, 5 as initiator."""
    said = rounds.consent(held.sid, setting.role, held.counted)
    if setting.role is Role.INITIATOR:
        message = Message(MessageType.REVEAL, wire.parts(held.opening, said, tables.made_table()))
        return Took(replace(held, step=MessageType.REVEAL), message)
    parts = wire.parts(held.preview_opening, said, tables.made_preview())
    message = Message(MessageType.PREVIEW_OPENING, parts)
    if not setting.parameters.reveals:
        return Took(Counted(held.sid, held.counted), message)
    return Took(replace(held, step=MessageType.PREVIEW_OPENING), message)


def take_reveal(tables: SessionTables, _setting: Setting, held: Held, body: Body) -> Took:
    """Take message 5 and make message 6."""
    (opening, said), column = wire.split(body, DIGEST_BYTES, DIGEST_BYTES)
    if digest("initiator-table", held.sid, opening, column) != held.commitment:
        raise PeerError(f"{responder.REVEAL} does not open the commitment of {responder.PREVIEW}")
    if said != rounds.consent(held.sid, Role.INITIATOR, held.counted):
        raise PeerError(f"{responder.REVEAL} consents to other counts than these")
    matching = tables.take_table(column, responder.REVEAL)
    named = wire.encode_indices(tables.partner_rows(matching))
    message = Message(MessageType.REVEAL_OPENING, wire.parts(held.opening, tables.made_table(), named))
    return Took(replace(held, step=MessageType.REVEAL_OPENING), message)


def take_reveal_opening(tables: SessionTables, setting: Setting, held: Held, body: Body) -> Took:
    """Take message 6 and make message 7."""
    (opening,), columns = wire.split(body, DIGEST_BYTES)
    width = tables.own.rows * tables.own.slots * TOKEN_BYTES
    column, named = columns[:width], columns[width:]
    if digest("table", held.sid, opening, column) != held.commitment:
        raise PeerError(f"{initiator.MATCHED} does not open the commitment of {initiator.ANSWER}")
    matching = tables.take_table(column, initiator.MATCHED)
    rows = rounds.read_rows(named, matching, initiator.MATCHED)
    ids, opened, found = _matched(tables, setting, held, rows, matching)
    shares = fields.make_shares(found, opened)
    theirs = wire.encode_indices(tables.partner_rows(matching))
    phase = initiator.Sharing(**vars(found), scalars=shares.scalars, points=shares.points)
    return Took(phase, Message(MessageType.MATCHES, wire.parts(theirs, shares.points)), ids)


def take_matches(tables: SessionTables, setting: Setting, held: Held, body: Body) -> Took:
    """Take message 7 and make message 8."""
    matching = tables.matching()
    if len(body) != len(matching) * (INDEX_BYTES + POINT_BYTES):
        raise PeerError(f"{responder.MATCHED} names more or fewer rows than there are matches")
    _, columns = wire.split(body)
    width = INDEX_BYTES * len(matching)
    rows = rounds.read_rows(columns[:width], matching, responder.MATCHED)
    ids, opened, found = _matched(tables, setting, held, rows, matching)
    points, keys = fields.answer_shares(found, opened, wire.rows(columns[width:], POINT_BYTES), responder.MATCHED)
    sealed = fields.seal(found, opened, keys)
    phase = responder.Sharing(**vars(found), sealed=sealed, initiator_keys=keys[0], responder_keys=keys[1])
    return Took(phase, Message(MessageType.RESPONDER_FIELDS, wire.parts(points, sealed)), ids)


def _matched(
    tables: SessionTables, setting: Setting, held: Held, rows: Order, matching: Matching
) -> tuple[tuple[str, ...], Setting, Matched]:
    """Put together what we know of the matches; our group of each is its place among the entities that match."""
    ids = tables.own_entities(rows, matching)
    opened = replace(setting, own=tables.open_entities(ids))
    groups = np.arange(len(ids), dtype=np.int64)
    graph = tables.graph_digest(held.sid)
    return tuple(ids), opened, matched(opened, held.sid, graph, held.counted, matching, groups)
