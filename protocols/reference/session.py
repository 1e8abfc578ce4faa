"""A whole session, both sides at once, from given inputs and randomness (psi-v2 §7)."""

from dataclasses import dataclass, field

from protocols.reference import aes_gcm, ed25519, sketch
from protocols.reference.curve import x25519
from protocols.reference.matching import ASK, REVEAL, Match, Table, claims_of, encode_claims, match, strength_of
from protocols.reference.party import INITIATOR, RESPONDER, STRONG, Entity, Parameters, Party, message_of
from protocols.reference.suite import (
    consent,
    digest,
    generator_of_match,
    match_id,
    rectangle_id,
    session_id,
    sha256,
    transcripts,
)
from protocols.reference.tables import Blinded, blind, flat, input_commitment, order_of_v, pack_bits, tokens

NONCE = bytes(12)


def join(sections: list[bytes]) -> bytes:
    """Put sections into a container (psi-v2 §7)."""
    return b"".join(len(section).to_bytes(8, "big") for section in sections) + b"".join(sections)


@dataclass
class Comparison:
    """What is computed for one rectangle.

    Attributes:
        v_order: for each row of V, the row of Y.
        matches: all of them.
        claims: those that are claimed, and what becomes of each.
        keys: for each claim the keys under which the initiator and the responder seal.
    """

    rid: bytes
    x: Blinded
    y: Blinded
    u: Table
    v: Table
    v_order: list[int]
    matches: list[Match]
    claims: list[tuple[Match, str]]
    ids: list[bytes] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    shares: tuple[list[bytes], list[bytes]] = field(default_factory=lambda: ([], []))
    keys: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def section_6(self) -> bytes:
        """Write the claims."""
        return encode_claims([claim for claim, _ in self.claims])

    @property
    def entities(self) -> tuple[list[Entity], list[Entity]]:
        """Return the entities of the claims, the initiator's and the responder's."""
        xs = [self.x.origin[claim.x] for claim, _ in self.claims]
        ys = [self.y.origin[self.v_order[claim.v]] for claim, _ in self.claims]
        return [e for e in xs if e is not None], [e for e in ys if e is not None]


def password(entity: Entity, slots: list[int], p: Parameters) -> bytes:
    """Join the keys of some slots, each behind its length (psi-v2 §7.8)."""
    keys = [message_of(entity, slot, p) or b"" for slot in slots]
    return b"".join(len(key).to_bytes(4, "big") + key for key in keys)


def compare(i: Party, r: Party, rectangle: int, sid: bytes, p: Parameters) -> Comparison:
    """Make X, Y, V and the claims of one rectangle (psi-v2 §7.3 to §7.6)."""
    rid = rectangle_id(sid, rectangle)
    x, y = blind(i, rectangle, p), blind(r, rectangle, p)
    sizes = p.sizes_in(rectangle, RESPONDER)
    v_order = order_of_v(i.session_seed, i.nonce, rectangle, sizes, y.bits)
    of_y = tokens(rid, x.scalar, y.table)
    u, v = tokens(rid, y.scalar, x.table), [of_y[row] for row in v_order]
    bits = x.bits, [y.bits[row] for row in v_order]
    matches = match(u, v, bits, p.slots, p.sent, p.threshold)
    return Comparison(rid, x, y, u, v, v_order, matches, claims_of(matches, bits, p.slots, p.classes))


def exchange(c: Comparison, i: Party, r: Party, rectangle: int, p: Parameters) -> None:
    """Agree on the keys of the claims (psi-v2 §7.8)."""
    graph = digest("graph", c.rid, sha256(flat(c.v)), sha256(c.section_6))
    draws = [side.draw(f"key_shares {rectangle}", 32 * len(c.claims)) for side in (i, r)]
    for n, (claim, _) in enumerate(c.claims):
        name = match_id(c.rid, claim.x, claim.v)
        ours = password(c.entities[INITIATOR][n], [s for s, _ in claim.pairs], p)
        theirs = password(c.entities[RESPONDER][n], [t for _, t in claim.pairs], p)
        if ours != theirs:
            raise ValueError("the two sides hold different keys")
        scalars = [drawn[32 * n : 32 * n + 32] for drawn in draws]
        p_share, q_share = (x25519(scalar, generator_of_match(c.rid + name + ours)) for scalar in scalars)
        k = x25519(scalars[0], q_share)
        c.ids.append(name)
        c.words.append(ours)
        c.shares[0].append(p_share)
        c.shares[1].append(q_share)
        keys = [digest("match-key", c.rid, graph, bytes([role]), name, p_share, q_share, k) for role in (0, 1)]
        c.keys.append((keys[0], keys[1]))


def field_block(c: Comparison, role: int) -> bytes:
    """Seal what a party shows of the claims (psi-v2 §7.9)."""
    sealed = [
        aes_gcm.seal(keys[role], NONCE, entity.fields if outcome == REVEAL else b"")
        for keys, entity, (_, outcome) in zip(c.keys, c.entities[role], c.claims, strict=True)
    ]
    return b"".join(len(part).to_bytes(4, "big") for part in sealed) + b"".join(sealed)


def matches_text(comparisons: list[Comparison], p: Parameters) -> bytes:
    """Write id, outcome and strength of all matches, for the receipt (psi-v2 §7.10)."""
    return b"".join(
        name + bytes([1 if outcome == REVEAL else 2, 1 if strength_of(claim.pairs, p.slots) == STRONG else 2])
        for c in comparisons
        for name, (claim, outcome) in zip(c.ids, c.claims, strict=True)
    )


@dataclass(frozen=True)
class Played:
    """A whole session.

    Attributes:
        bodies: of messages 1 to 10.
        transcripts: t_0 to t_9.
        receipt: the digest that both signed.
    """

    sid: bytes
    bodies: list[bytes]
    transcripts: list[bytes]
    comparisons: list[Comparison]
    receipt: bytes


def first_body(party: Party, p: Parameters) -> bytes:
    """Write message 1 or 2 (psi-v2 §7.1)."""
    made = sketch.make(p.sketches[party.role], party.sketch_secret, party.full_names)
    return party.nonce + party.channel_key + input_commitment(party, p) + made


def sign(party: Party, receipt: bytes) -> bytes:
    """Sign a receipt (psi-v2 §7.10)."""
    return ed25519.sign(party.signing_seed, b"accountmap-receipt-v2 signature\x00" + receipt)


def rows(numbers: list[int]) -> bytes:
    """Write row numbers, four bytes each."""
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def play(i: Party, r: Party, p: Parameters) -> Played:
    """Run a session between two honest parties."""
    sid = session_id(p.context, i.nonce, r.nonce)
    bodies = [first_body(i, p), first_body(r, p)]
    found = [compare(i, r, number, sid, p) for number in range(len(p.rectangles))]

    def say(role: int) -> bytes:
        return consent(sid, role, transcripts(p.context, bodies)[-1])

    bodies.append(say(INITIATOR) + join([pack_bits(c.x.bits) + flat(c.x.table) for c in found]))
    bodies.append(say(RESPONDER) + join([pack_bits(c.y.bits) + flat(c.y.table) for c in found]))
    for number, c in enumerate(found):
        exchange(c, i, r, number, p)
    bodies.append(join([flat(c.v) for c in found]))
    bodies.append(join([c.section_6 for c in found]))
    sevens = [rows([c.v_order[claim.v] for claim, _ in c.claims]) + b"".join(c.shares[0]) for c in found]
    bodies.append(join(sevens))
    blocks = [[field_block(c, role) for c in found] for role in (INITIATOR, RESPONDER)]
    eights = [b"".join(c.shares[1]) + block for c, block in zip(found, blocks[RESPONDER], strict=True)]
    bodies.append(join([*eights, r.totals]))
    receipt = digest(
        "receipt",
        sid,
        transcripts(p.context, bodies)[8],
        digest("receipt-part", matches_text(found, p)),
        digest("receipt-part", *blocks[RESPONDER]),
        digest("receipt-part", *blocks[INITIATOR]),
    )
    bodies.append(join([*blocks[INITIATOR], i.totals]) + sign(i, receipt))
    bodies.append(sign(r, receipt))
    return Played(sid, bodies, transcripts(p.context, bodies[:9]), found, receipt)


def asked(c: Comparison) -> list[bytes]:
    """Return the ids of the matches to ask about."""
    return [name for name, (_, outcome) in zip(c.ids, c.claims, strict=True) if outcome == ASK]
