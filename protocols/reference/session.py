"""A whole session, both sides at once, from given inputs and randomness (psi-v1 §5)."""

from dataclasses import dataclass

from protocols.reference import ed25519, fields
from protocols.reference.curve import x25519
from protocols.reference.labels import commitment, consent, session_id
from protocols.reference.matching import Table, match
from protocols.reference.party import INITIATOR, RESPONDER, Parameters, Party
from protocols.reference.tables import Blinded, blind, count_common, flat, preview_column, shuffle, tokens


@dataclass(frozen=True)
class Previewed:
    """Messages 1 to 5, and what stands behind them.

    Attributes:
        bodies: of the messages.
        x, y: the blinded tables.
        u_order, v_order: for each row of the token tables, the row of the blinded table.
        u, v: the token tables.
        openings: of the responder's preview column, of its table, and of the initiator's table.
    """

    bodies: list[bytes]
    sid: bytes
    x: Blinded
    y: Blinded
    u_order: list[int]
    v_order: list[int]
    u: Table
    v: Table
    counts: list[list[int]]
    openings: tuple[bytes, bytes, bytes]


@dataclass(frozen=True)
class Played:
    """A whole session.

    Attributes:
        bodies: of messages 1 to 10.
        entities: for the initiator and the responder, its entity in each match.
        words: the password of each match.
        receipt: the digest that both signed.
    """

    bodies: list[bytes]
    preview: Previewed
    result: fields.Found
    entities: tuple[list[int], list[int]]
    words: list[bytes]
    receipt: bytes


def sign(party: Party, receipt: bytes) -> bytes:
    """Sign a receipt (psi-v1 §5.8)."""
    return ed25519.sign(party.signing_seed, b"accountmap-receipt-v1 signature\x00" + receipt)


def preview(i: Party, r: Party, p: Parameters) -> Previewed:
    """Make messages 1 to 5; both agree to reveal."""
    i_nonce = i.draw("nonce", 32)
    x = blind(i, p)
    r_nonce = r.draw("nonce", 32)
    y = blind(r, p)
    sid = session_id(p.context, i_nonce, r_nonce)
    u_order = shuffle(p.sizes[0], r.draw("token_shuffle", 8 * sum(p.sizes[0])))
    openings = r.draw("preview_opening", 32), r.draw("table_opening", 32)
    v_order = shuffle(p.sizes[1], i.draw("token_shuffle", 8 * sum(p.sizes[1])))
    v_opening = i.draw("table_opening", 32)

    at_r, at_i = tokens(sid, y.scalar, x.table), tokens(sid, x.scalar, y.table)
    u, v = [at_r[row] for row in u_order], [at_i[row] for row in v_order]
    u0, v0 = preview_column(u, p.sizes[0]), preview_column(v, p.sizes[1])
    counts = count_common(u0, v0)
    commitments = commitment("preview", sid, openings[0], flat(u0)) + commitment(
        "table", sid, openings[1], flat(u)
    )
    bodies = [
        i_nonce + i.channel_key + flat(x.table),
        r_nonce + r.channel_key + commitments + flat(y.table),
        commitment("initiator-table", sid, v_opening, flat(v)) + flat(v0),
        openings[0] + consent(sid, RESPONDER, counts) + flat(u0),
        v_opening + consent(sid, INITIATOR, counts) + flat(v),
    ]
    return Previewed(bodies, sid, x, y, u_order, v_order, u, v, counts, (*openings, v_opening))


def play(i: Party, r: Party, p: Parameters) -> Played:
    """Run a session between two honest parties."""
    pre = preview(i, r, p)
    result = fields.found(pre.sid, pre.u, pre.v, pre.counts, match(pre.u, pre.v, p.weights, p.threshold), p)
    rows = [pre.u_order[m.u] for m in result.matches], [pre.v_order[m.v] for m in result.matches]
    entities = pre.x.entities(rows[0]), pre.y.entities(rows[1])

    words = fields.passwords(i, entities[0], result, p)
    i_scalars, i_points = fields.shares(result, words, i.draw("key_shares", 32 * len(words)))
    r_words = fields.passwords(r, entities[1], result, p)
    _, r_points = fields.shares(result, r_words, r.draw("key_shares", 32 * len(words)))
    exchanged = [x25519(scalar, point) for scalar, point in zip(i_scalars, r_points, strict=True)]
    halves = i_points, r_points
    r_sealed = fields.seal(fields.keys(result, RESPONDER, halves, exchanged), [r.fields[n] for n in entities[1]])
    i_sealed = fields.seal(fields.keys(result, INITIATOR, halves, exchanged), [i.fields[n] for n in entities[0]])
    receipt = fields.receipt(result, r_sealed, i_sealed)
    bodies = [
        *pre.bodies,
        pre.openings[1] + flat(pre.u) + encode_indices(rows[0]),
        encode_indices(rows[1]) + b"".join(i_points),
        b"".join(r_points) + r_sealed,
        i_sealed + sign(i, receipt),
        sign(r, receipt),
    ]
    return Played(bodies, pre, result, entities, words, receipt)


def encode_indices(rows: list[int]) -> bytes:
    """Write row numbers, four bytes each, big-endian."""
    return b"".join(row.to_bytes(4, "big") for row in rows)
