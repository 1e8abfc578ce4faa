"""Rows, bits, points and tokens of one comparison, and the input commitment (psi-v2 §6, §7.3, §7.4)."""

import re
from dataclasses import dataclass

from protocols.reference.curve import x25519
from protocols.reference.matching import Bits, Table
from protocols.reference.party import Entity, Parameters, Party, message_of
from protocols.reference.sketch import distinct, value_message
from protocols.reference.suite import derive, digest, dummy_message, point_of_key, sha256, token, word

ENDS_IN_COUNTRY = re.compile(r"\|[A-Z]{2}\Z")


@dataclass(frozen=True)
class Blinded:
    """A party's table under its secret, in the order in which it is sent.

    Attributes:
        scalar: the secret.
        bits: of each row, domain bit and country bit.
        origin: for each row the entity, or None for padding.
    """

    scalar: bytes
    table: Table
    bits: list[Bits]
    origin: list[Entity | None]


def segment_of(row: int, sizes: list[int]) -> int:
    """Return the segment of a row."""
    for segment, size in enumerate(sizes):
        if row < size:
            return segment
        row -= size
    raise ValueError("no such row")


def presence(entity: Entity, p: Parameters) -> Bits:
    """Return the presence bits of an entity (psi-v2 §7.3)."""
    held = [(p.slots[n].says, entity.keys[n]) for n in p.sent]
    domain = any(says == "domain" and value is not None for says, value in held)
    country = any(says == "country" and ENDS_IN_COUNTRY.search(value or "") for says, value in held)
    return domain, country


def padding_bits(party: Party, segment: int, row: int, rectangle: int, p: Parameters) -> Bits:
    """Return the bits of a row of padding (psi-v2 §7.3)."""
    inside = p.rectangles[rectangle].segments[party.role]
    models = party.segments[segment] or [e for n, s in enumerate(party.segments) if n in inside for e in s]
    if not models:
        return False, False
    drawn = word(derive(party.sketch_secret.seed, "padding-bits", bytes([segment])), row)
    return presence(models[(drawn >> 32) * len(models) >> 32], p)


def order(seed: bytes, label: str, nonce: bytes, rectangle: int, segment: int, ranks: list[int]) -> list[int]:
    """Order the rows of a segment by rank, then word, then number (psi-v2 §7.3, §7.4)."""
    key = derive(seed, label, nonce, bytes([rectangle, segment]))
    return sorted(range(len(ranks)), key=lambda row: (ranks[row], word(key, row), row))


def blind(party: Party, rectangle: int, p: Parameters) -> Blinded:
    """Lay out, pad, order and blind a party's rows (psi-v2 §7.3)."""
    seed, nonce = party.session_seed, party.nonce
    scalar = derive(seed, "scalar", nonce, bytes([rectangle]))
    table, bits, origin = [], [], list[Entity | None]()
    for segment, size in enumerate(p.sizes_in(rectangle, party.role)):
        entities = party.segments[segment]
        secret = derive(seed, "dummies", nonce, bytes([rectangle, segment]))
        for row in order(seed, "shuffle", nonce, rectangle, segment, [0] * size):
            entity = entities[row] if row < len(entities) else None
            messages = [message_of(entity, slot, p) if entity else None for slot in p.sent]
            points = [
                point_of_key(dummy_message(secret, row, slot) if message is None else message)
                for slot, message in zip(p.sent, messages, strict=True)
            ]
            table.append([x25519(scalar, point) for point in points])
            bits.append(presence(entity, p) if entity else padding_bits(party, segment, row, rectangle, p))
            origin.append(entity)
    return Blinded(scalar, table, bits, origin)


def pack_bits(bits: list[Bits]) -> bytes:
    """Write presence bits, four rows a byte (psi-v2 §7.3)."""
    text = "".join(f"{int(domain)}{int(country)}" for domain, country in bits)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def tokens(rid: bytes, scalar: bytes, table: Table) -> Table:
    """Blind a second time and shorten (psi-v2 §3.2)."""
    return [[token(rid, x25519(scalar, point)) for point in row] for row in table]


def order_of_v(seed: bytes, nonce: bytes, rectangle: int, sizes: list[int], bits: list[Bits]) -> list[int]:
    """Return for each row of V the row of Y (psi-v2 §7.4).

    Args:
        seed: the initiator's session seed.
        sizes: padded rows of the responder's segments in the rectangle.
        bits: of the rows of Y.
    """
    found, start = list[int](), 0
    for segment, size in enumerate(sizes):
        ranks = [3 - 2 * domain - country for domain, country in bits[start : start + size]]
        inside = order(seed, "token-shuffle", nonce, rectangle, segment, ranks)
        found += [start + row for row in inside]
        start += size
    return found


def flat(table: Table) -> bytes:
    """Write a table row by row."""
    return b"".join(cell for row in table for cell in row)


def row_record(segment: int, row: int, entity: Entity, p: Parameters) -> bytes:
    """Write one row of the key table (psi-v2 §6.2)."""
    domain, country = presence(entity, p)
    record = bytes([segment]) + row.to_bytes(4, "big") + bytes([2 * domain + country])
    record += len(entity.account_ids).to_bytes(2, "big")
    parts = [name.encode() for name in sorted(entity.account_ids)]
    parts += [message_of(entity, slot, p) or b"" for slot in p.sent]
    return record + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def key_table(party: Party, p: Parameters) -> bytes:
    """Hash the key table (psi-v2 §6.2)."""
    compared = {segment for rectangle in p.rectangles for segment in rectangle.segments[party.role]}
    records = [
        row_record(number, row, entity, p)
        for number, segment in enumerate(party.segments)
        if number in compared
        for row, entity in enumerate(segment)
    ]
    return sha256(b"".join(map(sha256, records)))


def input_commitment(party: Party, p: Parameters) -> bytes:
    """Commit to all inputs of a party (psi-v2 §6.2)."""
    secret = party.sketch_secret
    messages = sorted(value_message(value) for segment in distinct(party.full_names) for value in segment)
    sketch_keys = sha256(b"".join(map(sha256, messages)))
    sketch = digest("sketch-inputs", secret.id, secret.seed, sha256(party.sketch_list), sketch_keys)
    nonce, seed = party.nonce, party.session_seed
    frozen = sha256(party.frozen_list)
    return digest("inputs", p.context, nonce, bytes([party.role]), seed, frozen, key_table(party, p), sketch)
