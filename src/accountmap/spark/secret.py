"""What one side keeps to itself in a session, as it travels to the workers.

It is an attribute of the functions that the workers run and of nothing else: not of the settings, not of a
column, and above all not of an expression, for those stand in the plans that Spark logs and shows.
docs/scaling.md says where Spark keeps such functions, and what to set.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from accountmap.psi.suite import digest


@dataclass(frozen=True)
class SessionSecret:
    """The secrets of one side in one session.

    Attributes:
        scalar: multiplies all points, 32 bytes.
        dummy_key: makes the dummies of empty slots, 32 bytes.
        shuffle_key: orders the rows, 32 bytes.
    """

    scalar: bytes = field(repr=False)
    dummy_key: bytes = field(repr=False)
    shuffle_key: bytes = field(repr=False)

    @classmethod
    def fresh(cls, random: Callable[[int], bytes]) -> "SessionSecret":
        """Draw the secrets of a new session.

        Args:
            random: gives as many uniform secret bytes as asked for, such as `secrets.token_bytes`.
        """
        return cls(random(32), random(32), random(32))

    def dummy_value(self, segment: int, place: int, slot: int) -> bytes:
        """Return the value that fills an empty slot (psi-v1 §3.2)."""
        return digest(
            "dummy",
            self.dummy_key,
            *(n.to_bytes(size, "big") for n, size in ((segment, 1), (place, 4), (slot, 1))),
        )

    def sort_key(self, table: str, segment: int, place: int) -> bytes:
        """Return eight bytes that order the rows of a segment at random.

        Args:
            table: "own" for the own table, "theirs" for the partner's tokens: each has an order of its own.
            segment, place: of the row before.
        """
        return digest(f"order-{table}", self.shuffle_key, segment.to_bytes(1, "big"), place.to_bytes(4, "big"))[:8]
