"""What one side of a session keeps between two messages beside its tables."""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np

from accountmap.errors import UsageError
from accountmap.psi.parameters import MessageType
from accountmap.psi.rounds import Counts
from accountmap.spark.secret import SessionSecret

_BYTES = ("nonce", "sid", "opening", "preview_opening", "commitment", "preview_commitment")


@dataclass(frozen=True, repr=False)
class Held:
    """A place in the session before the reveal of matches. Secret.

    Attributes:
        step: the last message sent or taken.
        secret: until the token table is made.
        nonce, sid: ours, and of the session.
        opening, preview_opening: of our commitments.
        commitment, preview_commitment: the partner's.
        counts: as rows, once they are known.
    """

    step: MessageType
    secret: SessionSecret | None = None
    nonce: bytes = b""
    sid: bytes = b""
    opening: bytes = b""
    preview_opening: bytes = b""
    commitment: bytes = b""
    preview_commitment: bytes = b""
    counts: tuple[tuple[int, ...], ...] = ()

    @property
    def counted(self) -> Counts:
        """The counts, shape (initiator's segments, responder's segments)."""
        return np.array(self.counts, np.int64)

    def dump(self) -> bytes:
        """Write it."""
        secret = None if self.secret is None else [part.hex() for part in vars(self.secret).values()]
        kept = {name: getattr(self, name).hex() for name in _BYTES}
        return json.dumps({"step": int(self.step), "secret": secret, "counts": self.counts, **kept}).encode()

    @classmethod
    def load(cls, saved: bytes) -> Self:
        """Read it back.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        try:
            kept = json.loads(saved)
            secret = None if kept["secret"] is None else SessionSecret(*map(bytes.fromhex, kept["secret"]))
            counts = tuple(tuple(row) for row in kept["counts"])
            values = {name: bytes.fromhex(kept[name]) for name in _BYTES}
            return cls(MessageType(kept["step"]), secret, counts=counts, **values)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError("the saved state of the session cannot be read") from error


def rows_of(counts: Counts) -> tuple[tuple[int, ...], ...]:
    """Return counts as they are kept."""
    return tuple(tuple(row) for row in counts.tolist())
