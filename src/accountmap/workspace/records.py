"""The records of a workspace, as typed values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accountmap.errors import TrustError
from accountmap.trust.identity import Card


class Status(StrEnum):
    """Where a session stands."""

    OPEN = "open"
    DONE = "done"
    STOPPED = "stopped"
    ABANDONED = "abandoned"


@dataclass(frozen=True)
class PartnerRecord:
    """A partner, its card, who confirmed the card's fingerprint, and since when it is trusted no longer."""

    slug: str
    card: Card
    confirmed_by: str
    confirmed_at: datetime
    revoked_at: datetime | None = None

    def check_not_revoked(self) -> None:
        """Refuse a partner whose card was revoked.

        Raises:
            TrustError: it was.
        """
        if self.revoked_at:
            raise TrustError(
                f"the card of {self.card.name} was revoked on {self.revoked_at:%Y-%m-%d}",
                "Ask for a new card, compare its fingerprint by phone, and add it: accountmap partner add FILE",
            )


@dataclass(frozen=True)
class ListRecord:
    """A prepared list: its number, when it was prepared, and from which file."""

    id: int
    created: datetime
    source: str


@dataclass(frozen=True)
class SessionRecord:
    """A session with a partner.

    Attributes:
        id: number in this workspace.
        agreement: digest in hex.
        list_id: the prepared list that the session was begun with.
        role: ours, 0 initiator, 1 responder.
        offer: digest of message 1 as it was sent, so that the same offer is not answered twice.
        transcript: hash of all messages so far.
        sid: session id, empty until it is known.
        partner_key: the partner's sealing key for this session, empty until it is known.
        step: number of the last message sent or taken.
        sent: file name of the last message sent, or empty.
        delivered: whether that message has reached the channel.
        charged: when the first token column left: the run counts from then on.
    """

    id: int
    partner: str
    agreement: str
    list_id: int
    role: int
    status: Status
    offer: bytes
    transcript: bytes
    sid: bytes
    partner_key: bytes
    step: int
    sent: str
    delivered: bool
    created: datetime
    charged: datetime | None
    finished: datetime | None
