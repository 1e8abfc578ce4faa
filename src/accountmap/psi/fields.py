"""Sealing fields under a key that only a holder of the same match keys can derive (psi-v1 §5.7).

For each match a password-authenticated key exchange after CPace (draft-irtf-cfrg-cpace), with the match keys that
both sides should share as the password: a partner that named a match without holding its keys can test one guess,
and learns from a wrong one nothing.
"""

from dataclasses import dataclass

import numpy as np

from accountmap.errors import PeerError, UsageError
from accountmap.psi import wire
from accountmap.psi.lazy import LazyMessages
from accountmap.psi.parameters import Role
from accountmap.psi.phases import Matched, Setting
from accountmap.psi.rounds import Counts
from accountmap.psi.suite import INDEX_BYTES, MATCH_DST, TAG_BYTES, digest, label
from accountmap.psi.tables import Bytes2D, Order, Points, check_points, check_products, hash_rows

Keys = tuple[Bytes2D, Bytes2D]
"""Keys of the matches, for fields from the initiator and for fields from the responder, shapes (matches, 32)."""


def generator_messages(matched: Matched, setting: Setting) -> LazyMessages:
    """Return for each match what H' makes its generator of.

    That is the session, the match, and the keys that it shares, each behind its length, in the order of the edges.
    """
    edges = np.searchsorted(matched.key_match, np.arange(len(matched) + 1)).tolist()
    key = setting.own.key

    def message(match: int) -> bytes:
        group, shared = int(matched.group[match]), slice(edges[match], edges[match + 1])
        keys = [key(group, slot) for slot in matched.key_slot[shared].tolist()]
        password = b"".join([len(each).to_bytes(4, "big") + each for each in keys])
        return b"".join([matched.sid, matched.match_id[match].tobytes(), password])

    return LazyMessages(len(matched), lambda start, stop: [message(match) for match in range(start, stop)])


@dataclass(frozen=True, repr=False)
class Shares:
    """Our half of the key exchanges.

    Attributes:
        scalars: fresh secrets, one a match, shape (matches, 32).
        points: what the partner gets, shape (matches, 32).
    """

    scalars: Bytes2D
    points: Points


def make_shares(matched: Matched, setting: Setting) -> Shares:
    """Multiply the generator of each match with a fresh secret."""
    generators, scalars = _generators(matched, setting), _fresh_scalars(matched, setting)
    return Shares(scalars, setting.ports.curve.multiply_each(scalars, generators))


def answer_shares(matched: Matched, setting: Setting, theirs: Points, what: str) -> tuple[Points, Keys]:
    """Make our half when the partner's is there: return its points, and the keys of all matches.

    The same as make_shares and derive, but each secret serves both its multiplications at once.

    Raises:
        PeerError: as from derive.
    """
    generators, scalars = _generators(matched, setting), _fresh_scalars(matched, setting)
    both = np.stack([generators, theirs], axis=1).reshape(-1, 32)
    products = setting.ports.curve.multiply_each(np.repeat(scalars, 2, axis=0), both)
    points, secret = (np.ascontiguousarray(products[n::2]) for n in (0, 1))
    check_points(theirs, points, what)
    return points, _keys(matched, setting, points, theirs, secret, what)


def _generators(matched: Matched, setting: Setting) -> Points:
    return setting.ports.curve.hash_to_curve(MATCH_DST, generator_messages(matched, setting))


def _fresh_scalars(matched: Matched, setting: Setting) -> Bytes2D:
    return np.frombuffer(setting.ports.random(32 * len(matched)), np.uint8).reshape(-1, 32)


def derive(matched: Matched, setting: Setting, shares: Shares, theirs: Points, what: str) -> Keys:
    """Derive the keys of all matches from both halves.

    Raises:
        PeerError: a point of the partner is one that no honest partner sends.
    """
    check_points(theirs, shares.points, what)
    secret = setting.ports.curve.multiply_each(shares.scalars, theirs)
    return _keys(matched, setting, shares.points, theirs, secret, what)


def _keys(matched: Matched, setting: Setting, ours: Points, theirs: Points, secret: Points, what: str) -> Keys:
    check_products(secret, what)
    first, second = (ours, theirs) if setting.role is Role.INITIATOR else (theirs, ours)
    prefix, exchanged = label("match-key") + matched.sid + matched.graph, [matched.match_id, first, second, secret]
    initiator, responder = (hash_rows(prefix + bytes([role]), exchanged, 32) for role in Role)
    return initiator, responder


def seal(matched: Matched, setting: Setting, keys: Keys) -> bytes:
    """Seal our fields of all matches: lengths, then the sealed fields one after another.

    Raises:
        UsageError: the fields of a group are longer than the agreement allows.
    """
    sealed, lengths = bytearray(), np.empty(len(matched), np.int64)
    for match, key in enumerate(keys[setting.role]):
        fields = setting.own.fields(int(matched.group[match]))
        if len(fields) > setting.parameters.field_bytes:
            raise UsageError("the fields of an account are longer than the agreement allows")
        sealed += setting.ports.aead.seal(key.tobytes(), fields)
        lengths[match] = len(fields) + TAG_BYTES
    return wire.encode_indices(lengths) + sealed


def open_all(field: memoryview, matched: Matched, setting: Setting, keys: Keys, what: str) -> tuple[bytes, Order]:
    """Open the partner's fields of all matches.

    Returns:
        The fields one after another, and the length of each.

    Raises:
        PeerError: a length is out of range, or one does not open: the partner does not hold the keys of a match.
    """
    start, most = INDEX_BYTES * len(matched), setting.parameters.field_bytes + TAG_BYTES
    lengths = wire.indices(field[:start]) if len(field) >= start else None
    fits = lengths is not None and bool(((lengths >= TAG_BYTES) & (lengths <= most)).all())
    if lengths is None or not fits or start + int(lengths.sum()) != len(field):
        raise PeerError(f"{what} has fields of lengths that the agreement does not allow")
    opened, opened_lengths = bytearray(), lengths - TAG_BYTES
    for length, key in zip(lengths.tolist(), keys[1 - setting.role], strict=True):
        fields = setting.ports.aead.open(key.tobytes(), bytes(field[start : start + length]))
        if fields is None:
            raise PeerError(
                f"{what} has fields that do not open: your partner does not hold the keys of a match it named"
            )
        if not setting.own.accepts(fields):
            raise PeerError(f"{what} has fields that are not those of the agreement")
        opened += fields
        start += length
    return bytes(opened), opened_lengths


def shown(responder_sealed: bytes | memoryview, initiator_sealed: bytes | memoryview) -> bytes:
    """Return the digests of both field blocks, 64 bytes (psi-v1 §5.8)."""
    return digest("receipt-fields", responder_sealed) + digest("receipt-fields", initiator_sealed)


def receipt(matched: Matched, shown: bytes) -> bytes:
    """Return the digest that both sign: what was counted, matched and sealed (psi-v1 §5.8)."""
    return receipt_of(matched.sid, matched.graph, matched.counts, matches_digest(matched), shown)


def matches_digest(matched: Matched) -> bytes:
    """Return the digest of all match ids."""
    return digest("receipt-matches", matched.match_id.tobytes())


def receipt_of(sid: bytes, graph: bytes, counts: Counts, matches: bytes, shown: bytes) -> bytes:
    """Return the receipt from its parts, which a record may keep without naming any account."""
    counted = digest("receipt-counts", counts.astype(">u4").tobytes())
    return digest("receipt", sid, graph, counted, matches, shown)
