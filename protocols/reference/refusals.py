"""A refusal: an honest session up to a message that a reader must not take."""

from dataclasses import dataclass, field
from typing import Any

from protocols.reference.party import ROLES


@dataclass(frozen=True)
class Case:
    """One message in the small session.

    Attributes:
        comment: what is wrong with it, or what is not.
        rule: name of the rule in psi-v1 §5 that refuses it, or None if it must be taken.
        message: its number.
        body: its body.
        instead: earlier bodies that differ from those of the session, by their number; the reader takes them.
    """

    comment: str
    rule: str | None
    message: int
    body: bytes
    instead: dict[int, bytes] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """Write the case for a file; `ends` tells whether the session must be over then (psi-v1 §7)."""
        return {
            "comment": self.comment,
            "receiver": ROLES[self.message % 2],
            "instead": {str(n): body.hex() for n, body in self.instead.items()},
            "message": self.message,
            "body": self.body.hex(),
            "ends": self.message in {6, 7, 8, 9} and self.rule != "length",
            "expect": f"refuse: {self.rule}" if self.rule else "accept",
        }


def replaced(data: bytes, start: int, new: bytes) -> bytes:
    """Put other bytes in a place; from the end if `start` is negative."""
    start %= len(data)
    return data[:start] + new + data[start + len(new) :]
