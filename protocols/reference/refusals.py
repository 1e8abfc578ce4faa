"""A refusal: an honest session up to a message that a reader must not take."""

from dataclasses import dataclass, field
from typing import Any

from protocols.reference.party import ROLES

ENDING = {"row-padding", "row-key", "field-open"}
"""The rules that depend on the reader's secrets: a second try would be a second question (psi-v1 §7)."""


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
        """Write the case for a file."""
        return {
            "comment": self.comment,
            "receiver": ROLES[self.message % 2],
            "instead": {str(n): body.hex() for n, body in self.instead.items()},
            "message": self.message,
            "body": self.body.hex(),
            "ends": self.rule in ENDING,
            "expect": f"refuse: {self.rule}" if self.rule else "accept",
        }


def replaced(data: bytes, start: int, new: bytes) -> bytes:
    """Put other bytes in a place; from the end if `start` is negative."""
    start %= len(data)
    return data[:start] + new + data[start + len(new) :]
