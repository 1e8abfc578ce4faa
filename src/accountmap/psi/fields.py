"""Sealing fields under a key that only a holder of the same match keys can derive (psi-v1 §5.7).

For each match a password-authenticated key exchange after CPace (draft-irtf-cfrg-cpace), with the match keys that
both sides should share as the password: a partner that named a match without holding its keys can test one guess,
and learns from a wrong one nothing.
"""

from dataclasses import dataclass

import numpy as np

from accountmap.errors import PeerError, UsageError
from accountmap.psi import wire
from accountmap.psi.parameters import Role
from accountmap.psi.phases import Matched, Setting
from accountmap.psi.rounds import Counts
from accountmap.psi.suite import INDEX_BYTES, MATCH_DST, TAG_BYTES, digest
from accountmap.psi.tables import Bytes2D, Order, Points, check_points, check_products

Keys = tuple[list[bytes], list[bytes]]
"""Keys of the matches, for fields from the initiator and for fields from the responder."""


def passwords(matched: Matched, setting: Setting) -> list[bytes]:
    """Return for each match the keys that it shares, each behind its length, in the order of the edges."""
    parts: list[list[bytes]] = [[] for _ in range(len(matched))]
    for match, slot in zip(matched.key_match.tolist(), matched.key_slot.tolist(), strict=True):
        key = setting.own.key(int(matched.group[match]), slot)
        parts[match].append(len(key).to_bytes(4, "big") + key)
    return [b"".join(part) for part in parts]


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
    messages = [
        matched.sid + match_id.tobytes() + password
        for match_id, password in zip(matched.match_id, passwords(matched, setting), strict=True)
    ]
    generators = setting.ports.curve.hash_to_curve(MATCH_DST, messages)
    scalars = np.frombuffer(setting.ports.random(32 * len(matched)), np.uint8).reshape(-1, 32)
    return Shares(scalars, setting.ports.curve.multiply_each(scalars, generators))


def derive(matched: Matched, setting: Setting, shares: Shares, theirs: Points, what: str) -> Keys:
    """Derive the keys of all matches from both halves.

    Raises:
        PeerError: a point of the partner is one that no honest partner sends.
    """
    check_points(theirs, shares.points, what)
    secret = setting.ports.curve.multiply_each(shares.scalars, theirs)
    check_products(secret, what)
    first, second = (shares.points, theirs) if setting.role is Role.INITIATOR else (theirs, shares.points)
    exchanged = np.concatenate([matched.match_id, first, second, secret], axis=1)
    rows = [row.tobytes() for row in exchanged]
    initiator, responder = (
        [digest("match-key", matched.sid, matched.graph, bytes([role]), row) for row in rows] for role in Role
    )
    return initiator, responder


def seal(matched: Matched, setting: Setting, keys: Keys) -> bytes:
    """Seal our fields of all matches: lengths, then the sealed fields one after another.

    Raises:
        UsageError: the fields of a group are longer than the agreement allows.
    """
    sealed = []
    for group, key in zip(matched.group.tolist(), keys[setting.role], strict=True):
        fields = setting.own.fields(group)
        if len(fields) > setting.parameters.field_bytes:
            raise UsageError("the fields of an account are longer than the agreement allows")
        sealed.append(setting.ports.aead.seal(key, fields))
    lengths = np.array([len(part) for part in sealed], np.int64)
    return wire.encode_indices(lengths) + b"".join(sealed)


def open_all(field: bytes, matched: Matched, setting: Setting, keys: Keys, what: str) -> tuple[bytes, Order]:
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
    opened = []
    for length, key in zip(lengths.tolist(), keys[1 - setting.role], strict=True):
        fields = setting.ports.aead.open(key, field[start : start + length])
        if fields is None:
            raise PeerError(
                f"{what} has fields that do not open: your partner does not hold the keys of a match it named",
                "Nothing more is revealed. Give the session up, and ask your partner what happened.",
            )
        if not setting.own.accepts(fields):
            raise PeerError(f"{what} has fields that are not those of the agreement")
        opened.append(fields)
        start += length
    return b"".join(opened), np.array([len(part) for part in opened], np.int64)


def shown(responder_sealed: bytes, initiator_sealed: bytes) -> bytes:
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
