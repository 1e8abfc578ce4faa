"""Sealing fields under a key that only holders of the same match keys can derive; receipts (psi-v2 §7.8 to §7.10).

Each match has a password-authenticated key exchange modelled on CPace (draft-irtf-cfrg-cpace). Its password is the
match keys that the claim names: a partner that named a match without holding its keys can test one guess, and
learns nothing more from a wrong one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accountmap.errors import UsageError
from accountmap.model import Outcome, Role
from accountmap.psi.codec import Bytes2D, Order, RefusalError, encode_indices, indices, require
from accountmap.psi.hash_to_curve import LazyMessages
from accountmap.psi.matching import Matching
from accountmap.psi.ports import Curve, OpenedEntities, Points
from accountmap.psi.suite import (
    DIGEST_BYTES,
    INDEX_BYTES,
    MATCH_DST,
    MATCH_ID_BYTES,
    TAG_BYTES,
    Body,
    digest,
    label,
    sha256,
)
from accountmap.psi.tables import check_points, check_products, hash_rows, number_column

_NONCE: Final = bytes(12)
"""Each key seals one text."""


def match_ids(rid: bytes, claims: Matching) -> Bytes2D:
    """Return the id of each match, the same on both sides, shape (matches, 16) (psi-v2 §7.8)."""
    columns = [number_column(rows, INDEX_BYTES) for rows in (claims.x, claims.v)]
    return hash_rows(label("match") + rid, columns, MATCH_ID_BYTES)


@dataclass(frozen=True, repr=False)
class Exchange:
    """The key exchanges of the matches of one comparison, at one party.

    Attributes:
        curve: does the arithmetic.
        role: ours.
        rid: id of the comparison.
        graph: digest of V and of the claims.
        match_id: shape (matches, 16).
    """

    curve: Curve
    role: Role
    rid: bytes
    graph: bytes
    match_id: Bytes2D

    def generators(self, claims: Matching, entities: OpenedEntities) -> Points:
        """Map the keys that each claim names to its generator, shape (matches, 32).

        Args:
            entities: the own entities of the claims, in their order.

        Raises:
            RefusalError: `row-key`: an entity has no key where its claim names one.
        """
        edges = np.searchsorted(claims.pair_match, np.arange(len(claims) + 1))
        own_slots = claims.pair_x_slot if self.role is Role.INITIATOR else claims.pair_v_slot

        def message(match: int, slots: list[int]) -> bytes:
            parts = [self.rid, self.match_id[match].tobytes()]
            for slot in slots:
                key = entities.key(match, slot)
                if key is None:
                    raise RefusalError("row-key", "a row was named that lacks a key which it is said to share")
                parts += [len(key).to_bytes(4, "big"), key]
            return b"".join(parts)

        def make(start: int, stop: int) -> list[bytes]:
            ends = edges[start : stop + 1].tolist()
            slots, first = own_slots[ends[0] : ends[-1]].tolist(), ends[0]
            return [
                message(match, slots[begin - first : end - first])
                for match, (begin, end) in enumerate(pairwise(ends), start)
            ]

        return self.curve.hash_to_curve(MATCH_DST, LazyMessages(len(claims), make))

    def share(self, scalars: Bytes2D, generators: Points) -> Points:
        """Return our key shares.

        Args:
            scalars: fresh secrets, one for each match, shape (matches, 32).
            generators: of the matches.
        """
        return self.curve.multiply_each(scalars, generators)

    def answer(self, scalars: Bytes2D, generators: Points, theirs: Points) -> tuple[Points, Bytes2D]:
        """Return our key shares and, since the partner's are there already, the products of theirs.

        This does the same as two calls, but loads each secret once for both multiplications.
        """
        both = np.stack([generators, theirs], axis=1).reshape(-1, 32)
        products = self.curve.multiply_each(np.repeat(scalars, 2, axis=0), both)
        return np.ascontiguousarray(products[::2]), np.ascontiguousarray(products[1::2])

    def keys(self, ours: Points, theirs: Points, products: Points) -> Bytes2D:
        """Derive the keys of all matches, shape (2, matches, 32): for the initiator's fields, and the responder's.

        Raises:
            RefusalError: `canonical`, `repeated`, `own` or `low-order`: no honest partner sends such a key share.
        """
        check_points(theirs, ours)
        check_products(products)
        initiator, responder = (ours, theirs) if self.role is Role.INITIATOR else (theirs, ours)
        prefix, exchanged = (
            label("match-key") + self.rid + self.graph,
            [self.match_id, initiator, responder, products],
        )
        return np.stack([hash_rows(prefix + bytes([role]), exchanged, 32) for role in Role])


def seal_fields(keys: Bytes2D, outcome: Order, fields: Callable[[int], bytes], most: int) -> bytes:
    """Write a field block: lengths, then the sealed texts one after another (psi-v2 §7.9).

    Args:
        keys: for our fields, shape (matches, 32).
        outcome: of each match; those to ask about seal an empty text.
        fields: returns what is shown of a match.
        most: the greatest length of that.

    Raises:
        UsageError: the fields of an entity are longer than the agreement allows.
    """
    sealed, lengths = bytearray(), np.empty(len(keys), np.int64)
    revealed = (outcome == Outcome.REVEAL).tolist()
    for match, key in enumerate(keys):
        text = fields(match) if revealed[match] else b""
        if len(text) > most:
            raise UsageError("the fields of an account are longer than the agreement allows")
        sealed += AESGCM(key.tobytes()).encrypt(_NONCE, text, None)
        lengths[match] = len(text) + TAG_BYTES
    return encode_indices(lengths) + sealed


def field_lengths(block: memoryview, outcome: Order, most: int) -> Order:
    """Read the lengths of a field block.

    Raises:
        RefusalError: `field-length`.
    """
    start = INDEX_BYTES * len(outcome)
    why = "the lengths of fields are not as the agreement allows"
    require(len(block) >= start, "field-length", why)
    lengths, limits = indices(block[:start]), np.where(outcome == Outcome.REVEAL, most + TAG_BYTES, TAG_BYTES)
    fits = bool(((lengths >= TAG_BYTES) & (lengths <= limits)).all()) and start + int(lengths.sum()) == len(block)
    require(fits, "field-length", why)
    return lengths


@dataclass(frozen=True, repr=False)
class OpenedFields:
    """The texts of a field block.

    Attributes:
        texts: one after another.
        lengths: the length of each, one entry for each match.
    """

    texts: bytes
    lengths: Order

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        for length in self.lengths.tolist():
            yield self.texts[start : start + length]
            start += length


def open_fields(block: memoryview, keys: Bytes2D, lengths: Order) -> OpenedFields | None:
    """Open the texts of a field block; return None if one does not open, after all were tried (psi-v2 §7.9)."""
    start, texts, failed = INDEX_BYTES * len(keys), bytearray(), False
    for key, length in zip(keys, lengths.tolist(), strict=True):
        try:
            texts += AESGCM(key.tobytes()).decrypt(_NONCE, bytes(block[start : start + length]), None)
        except InvalidTag:
            failed = True
        start += length
    return None if failed else OpenedFields(bytes(texts), lengths - TAG_BYTES)


def refuse_unopened(opened: Sequence[OpenedFields | None]) -> list[OpenedFields]:
    """Return the opened texts of all comparisons, or refuse them all.

    Raises:
        RefusalError: `field-open`: the partner does not hold the keys of a match.
    """
    found = [fields for fields in opened if fields is not None]
    if len(found) < len(opened):
        raise RefusalError(
            "field-open", "fields do not open: your partner does not hold the keys of a match it named"
        )
    return found


def graph_digest(rid: bytes, tokens_sha256: bytes, claims: Body) -> bytes:
    """Hash V and the claims (psi-v2 §7.8).

    Args:
        rid: id of the comparison.
        tokens_sha256: of V.
        claims: the section of message 6.
    """
    return digest("graph", rid, tokens_sha256, sha256([claims]))


def matches_digest(match_id: Bytes2D, outcome: Order, strength: Order) -> bytes:
    """Hash id, outcome and strength of all matches of a session, for the receipt (psi-v2 §7.10)."""
    columns = [match_id, number_column(outcome, 1), number_column(strength, 1)]
    return digest("receipt-part", np.concatenate(columns, axis=1).tobytes())


def receipt_digest(
    sid: bytes, transcript: bytes, matches: bytes, responder_fields: bytes, initiator_fields: bytes
) -> bytes:
    """Return the digest that both parties sign (psi-v2 §7.10).

    Args:
        sid: id of the session.
        transcript: after message 8.
        matches, responder_fields, initiator_fields: digests of the parts; a record can keep them without naming
            any account.
    """
    return digest("receipt", sid, transcript, matches, responder_fields, initiator_fields)


@dataclass(frozen=True)
class SignedReceipt:
    """What the two parties signed at the end of a session (psi-v2 §7.10).

    Attributes:
        sid, transcript, matches, responder_fields, initiator_fields: as `receipt_digest` takes them.
        signatures: of the initiator and of the responder, 64 bytes each.
    """

    sid: bytes
    transcript: bytes
    matches: bytes
    responder_fields: bytes
    initiator_fields: bytes
    signatures: tuple[bytes, bytes] = (b"", b"")

    @property
    def digest(self) -> bytes:
        """The digest that was signed."""
        parts = (self.matches, self.responder_fields, self.initiator_fields)
        return receipt_digest(self.sid, self.transcript, *parts)

    def to_bytes(self) -> bytes:
        """Write all parts without the signatures, 160 bytes."""
        parts = (self.sid, self.transcript, self.matches, self.responder_fields, self.initiator_fields)
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, parts: Body) -> "SignedReceipt":
        """Read what `to_bytes` wrote."""
        sid, transcript, matches, responder, initiator = (
            bytes(parts[at : at + DIGEST_BYTES]) for at in range(0, 5 * DIGEST_BYTES, DIGEST_BYTES)
        )
        return cls(sid, transcript, matches, responder, initiator)
