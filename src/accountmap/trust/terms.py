"""The terms of an agreement. trust.terms_writing and trust.terms_reading have them as TOML."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from accountmap.trust.kem import SUITE_NAME
from accountmap.trust.sharing import Lead, Sharing

AGREEMENT_FORMAT: Final = "accountmap-agreement-v1"
SHARED_FIELDS: Final = (
    "name",
    "website",
    "country",
    "region",
    "city",
    "industry",
    "employees",
    "owner_name",
    "owner_email",
    "amount",
    "stage",
    "registered_deal",
)
"""The columns of an account list that an agreement may let the partner see of matched accounts."""
MOST_CHANGE: Final = 1_000_000
MOST_RUNS: Final = 1_000
MOST_GROWTH: Final = 1_000

PROTOCOL: Final = {
    "session": "account-psi-v1",
    "message": "message-v1",
    "sealing": SUITE_NAME,
}


@dataclass(frozen=True)
class SlotTerms:
    """One kind of match key: canonical.prepared.Slot as it stands in an agreement."""

    name: str
    space: str
    weight: int
    tier: str


@dataclass(frozen=True)
class Terms:
    """What both sign.

    Attributes:
        created, valid_until: in UTC; the last day on which a session may begin.
        purpose: in the partners' words.
        names, cards: of initiator and responder: name on the card, digest of the card in hex.
        canonical: version of the canonicaliser.
        data: digests of the canonicaliser's tables, by table.
        profile, slots, threshold: which keys are compared and what makes a match.
        segments: in the order in which they are numbered.
        sharing: what both learn; its fields are of SHARED_FIELDS.
        leads: the rules of engagement.
        automatic_share: with --yes, reveal only if the preview counts at most this share of the own entities.
        runs_per_30_days: how many sessions may reach the preview in 30 days, 1 to 1,000.
        min_change: by how many entities of a segment a list must differ from that of the last session, if it
            differs at all; 0 for no such rule.
        growth_alarm: so many times its former size, a partner's list is a matter for an alarm, 2 to 1,000.
    """

    created: datetime
    valid_until: date
    purpose: str
    names: tuple[str, str]
    cards: tuple[str, str]
    canonical: str
    data: dict[str, str]
    profile: str
    slots: tuple[SlotTerms, ...]
    threshold: int
    segments: tuple[str, ...]
    sharing: Sharing
    leads: tuple[Lead, ...]
    automatic_share: float
    runs_per_30_days: int
    min_change: int
    growth_alarm: int
