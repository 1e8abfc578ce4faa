"""Auditable inputs: what a party commits to, and all that it derives from its one seed (psi-v2 §6)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from accountmap.model import Role
from accountmap.psi.codec import Bits, Order
from accountmap.psi.suite import Words, derive, digest, sha256, words


@dataclass(frozen=True, repr=False)
class OwnInputs:
    """What a party brings into a session besides its entities.

    Attributes:
        seed: 32 secret random bytes, for this session and no other; kept for an audit.
        sketch: as it is sent.
        sketch_seed: the 32 bytes that the sketch was made with.
        frozen_list: SHA-256 of the list that the keys were made from.
        key_table: returns the digest of the records of all entities that take part. It is called when our first
            message is made, and never again, since there are many records.
        sketch_inputs: digest of what the sketch was made from.
    """

    seed: bytes
    sketch: bytes
    sketch_seed: bytes
    frozen_list: bytes
    key_table: Callable[[], bytes]
    sketch_inputs: bytes


def row_record(
    segment: int, row: int, bits: int, account_ids: Sequence[bytes], keys: Sequence[bytes | None]
) -> bytes:
    """Write the record of one entity in the key table (psi-v2 §6.2).

    Args:
        segment: its number.
        row: number of the entity in its segment, before rows are ordered.
        bits: its presence bits.
        account_ids: ascending.
        keys: key message of each sent slot, or None.
    """
    head = bytes([segment]) + row.to_bytes(4, "big") + bytes([bits]) + len(account_ids).to_bytes(2, "big")
    parts = [*account_ids, *(key or b"" for key in keys)]
    return head + b"".join(len(part).to_bytes(2, "big") + part for part in parts)


@dataclass(frozen=True, repr=False)
class KeyRecord:
    """A record of the key table, as an auditor reads it (psi-v2 §6.2)."""

    segment: int
    number: int
    bits: int
    account_ids: tuple[str, ...]
    keys: tuple[bytes | None, ...]

    @classmethod
    def read(cls, record: bytes, slots: int) -> Self:
        """Read a record.

        Raises:
            ValueError: it is not a record.
        """
        at = 8
        parts = []
        for _ in range(int.from_bytes(record[6:8], "big") + slots):
            length = int.from_bytes(record[at : at + 2], "big")
            parts.append(record[at + 2 : at + 2 + length])
            at += 2 + length
        if at != len(record):
            raise ValueError("not a record of the key table")
        ids, keys = parts[: len(parts) - slots], parts[len(parts) - slots :]
        number = int.from_bytes(record[1:5], "big")
        return cls(
            record[0], number, record[5], tuple(i.decode() for i in ids), tuple(key or None for key in keys)
        )


def key_table_digest(records: Iterable[bytes]) -> bytes:
    """Hash the records of all entities that take part, segment by segment, in the order of their rows."""
    return sha256(sha256([record]) for record in records)


def input_commitment(context: bytes, nonce: bytes, role: Role, own: OwnInputs) -> bytes:
    """Commit to all inputs of a party (psi-v2 §6.2)."""
    parts = (nonce, bytes([role]), own.seed, own.frozen_list, own.key_table(), own.sketch_inputs)
    return digest("inputs", context, *parts)


@dataclass(frozen=True, repr=False)
class ComparisonSecrets:
    """What a party derives from its seed for one comparison (psi-v2 §6.1).

    Attributes:
        seed: of the session.
        nonce: the party's own.
        rectangle: its number.
    """

    seed: bytes
    nonce: bytes
    rectangle: int

    @property
    def scalar(self) -> bytes:
        """The secret that multiplies all points of the comparison, 32 bytes."""
        return derive(self.seed, "scalar", self.nonce, bytes([self.rectangle]))

    def dummies(self, segment: int) -> bytes:
        """Return the secret from which the dummies of an own segment are made, 32 bytes."""
        return derive(self.seed, "dummies", self.nonce, bytes([self.rectangle, segment]))

    def own_order(self, sizes: Sequence[int]) -> Order:
        """Return for each row of the own table the row before ordering (psi-v2 §7.3).

        Args:
            sizes: padded rows of the own segments.
        """
        return _order(self, "shuffle", sizes, np.zeros(sum(sizes), np.uint8))

    def token_order(self, sizes: Sequence[int], bits: Bits) -> Order:
        """Return for each row of V the row of Y: rows with both bits first, then 1 0, 0 1 and 0 0 (psi-v2 §7.4).

        Args:
            sizes: padded rows of the responder's segments.
            bits: of the rows of Y.
        """
        return _order(self, "token-shuffle", sizes, 3 - bits)


def _order(secrets: ComparisonSecrets, name: str, sizes: Sequence[int], rank: Bits) -> Order:
    """Order the rows of each segment by rank, then by their words, then by their number."""
    made, start = np.empty(sum(sizes), np.int64), 0
    for segment, size in enumerate(sizes):
        part = slice(start, start + size)
        key = derive(secrets.seed, name, secrets.nonce, bytes([secrets.rectangle, segment]))
        made[part] = start + np.lexsort((words(key, size), rank[part]))
        start += size
    return made


def padding_models(sketch_seed: bytes, segment: int, entities: int, rows: range) -> Order:
    """Return for each row of padding the entity whose presence bits it has (psi-v2 §7.3).

    Args:
        sketch_seed: of the sketch that was sent.
        segment: the one that the rows are in.
        entities: how many there are to choose from, at least one.
        rows: their numbers in the padded segment.
    """
    drawn: Words = words(derive(sketch_seed, "padding-bits", bytes([segment])), len(rows), rows.start)
    high, low = np.uint64(32), np.uint64(entities)
    return (((drawn >> high) * low) >> high).astype(np.int64)
