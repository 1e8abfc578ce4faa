"""What both parties fix before a run, and how its messages are cut into sections (psi-v1 §4.1, §5.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from accountmap.errors import PeerError
from accountmap.psi.parameters import MessageType, Parameters, Role
from accountmap.psi.suite import NONCE_BYTES
from accountmap.psi.wire import Body

LENGTH_BYTES: Final = 8
SHOWS_REST: Final = {
    MessageType.RESPONDER_FIELDS: Role.RESPONDER,
    MessageType.INITIATOR_FIELDS: Role.INITIATOR,
}
"""The messages that end with a section of the whole run, and who sends them."""

_OF_THE_PREVIEW: Final = {
    MessageType.OFFER,
    MessageType.ANSWER,
    MessageType.PREVIEW,
    MessageType.PREVIEW_OPENING,
}


@dataclass(frozen=True)
class RunParameters:
    """The public inputs of a run.

    Attributes:
        sessions: of each rectangle, in the order of the agreement.
        rest_bytes: the most that the initiator and the responder show of the rest of their lists; 0 for nothing.
    """

    sessions: tuple[Parameters, ...]
    rest_bytes: tuple[int, int] = (0, 0)

    @property
    def reveals(self) -> bool:
        """Whether any of the sessions goes on after the preview."""
        return any(session.reveals for session in self.sessions)

    def taking_part(self, kind: MessageType) -> list[int]:
        """Return the numbers of the sessions that have such a message."""
        if kind is MessageType.STOP:
            return []
        return [n for n, p in enumerate(self.sessions) if p.reveals or kind in _OF_THE_PREVIEW]

    def body_limits(self, kind: MessageType) -> tuple[int, int]:
        """Return the least and the greatest length that the body of a message may have."""
        limits = self._section_limits(kind)
        framing = LENGTH_BYTES * len(limits)
        return framing + sum(least for least, _ in limits), framing + sum(most for _, most in limits)

    def split(self, kind: MessageType, body: Body) -> list[memoryview]:
        """Cut a body into its sections, which stay where they lie.

        Raises:
            PeerError: the lengths are not within the limits, or do not add up.
        """
        limits = self._section_limits(kind)
        start = LENGTH_BYTES * len(limits)
        lengths = [int.from_bytes(body[at : at + LENGTH_BYTES], "big") for at in range(0, start, LENGTH_BYTES)]
        ends = list(accumulate(lengths, initial=start))
        fits = all(least <= n <= most for (least, most), n in zip(limits, lengths, strict=True))
        if len(body) < start or not fits or ends[-1] != len(body):
            raise PeerError(f"message {kind.value} has another length than the agreement allows")
        whole = memoryview(body)
        return [whole[a:b] for a, b in pairwise(ends)]

    def channel_key(self, kind: MessageType, body: Body) -> bytes:
        """Return the key that message 1 or 2 carries for the envelope.

        Raises:
            PeerError: as from `split`.
        """
        greeting = self.split(kind, body)[0]
        return bytes(greeting[NONCE_BYTES : NONCE_BYTES + self.sessions[0].channel_key_bytes])

    def _section_limits(self, kind: MessageType) -> list[tuple[int, int]]:
        limits = [self.sessions[n].body_limits(kind) for n in self.taking_part(kind)]
        return [*limits, (0, self.rest_bytes[SHOWS_REST[kind]])] if kind in SHOWS_REST else limits


def join(sections: Sequence[tuple[Body, ...]]) -> tuple[Body, ...]:
    """Put sections, in parts, into one body behind their lengths."""
    lengths = [sum(map(len, section)).to_bytes(LENGTH_BYTES, "big") for section in sections]
    return (*lengths, *(part for section in sections for part in section))
