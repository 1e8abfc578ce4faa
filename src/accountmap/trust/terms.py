"""The terms of an agreement, as values and as TOML. Reading them back is trust.terms_reading's."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from accountmap.trust import text
from accountmap.trust.kem import SUITE_NAME

AGREEMENT_FORMAT: Final = "accountmap-agreement-v1"
INITIATOR: Final = "initiator"
RESPONDER: Final = "responder"
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
        fields: columns of a matched account that each shows to the other, of SHARED_FIELDS.
        automatic_share: with --yes, reveal only if the preview counts at most this share of the own entities.
        runs_per_30_days: how many sessions may reach the preview in 30 days, 1 to 1,000.
        min_change: by how many entities of a segment a list must differ from that of the last session, if it
            differs at all; 0 for no such rule.
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
    fields: tuple[str, ...]
    automatic_share: float
    runs_per_30_days: int
    min_change: int


def write_terms(terms: Terms) -> str:
    """Write the terms as the first part of an agreement."""
    q = text.quote
    slots = "".join(
        f"\n[[slot]]\nname = {q(s.name)}\nspace = {q(s.space)}\nweight = {s.weight}\ntier = {q(s.tier)}\n"
        for s in terms.slots
    )
    data = "".join(f"{q(name)} = {q(digest)}\n" for name, digest in terms.data.items())
    return f"""# An accountmap agreement. Both partners sign it; a session under any other text is refused.
format = {q(AGREEMENT_FORMAT)}
created = {terms.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}
valid_until = {terms.valid_until.isoformat()}
purpose = {q(terms.purpose)}

[parties]
names = {q(list(terms.names))}
cards = {q(list(terms.cards))}

[protocol]
session = {q(PROTOCOL["session"])}
message = {q(PROTOCOL["message"])}
sealing = {q(PROTOCOL["sealing"])}

# Both sides must make the same keys: version and tables of the canonicaliser.
[canonical]
version = {q(terms.canonical)}

[canonical.data]
{data}
# What is compared. The first slot is the preview kind.
[matching]
profile = {q(terms.profile)}
threshold = {terms.threshold}
{slots}
# Preview: both learn one count for each pair of segments. Reveal, after both consent: each learns which of its own
# accounts the other has, in which of the other's segments, and these fields of the other's.
[disclosure]
segments = {q(list(terms.segments))}
fields = {q(list(terms.fields))}
automatic_share = {terms.automatic_share}
runs_per_30_days = {terms.runs_per_30_days}

# Two sessions whose lists differ by few entities give these away: a list stays as it was, or changes by so many.
[limits]
min_change = {terms.min_change}
"""
