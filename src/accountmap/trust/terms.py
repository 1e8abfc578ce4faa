"""The terms of an agreement, as values and as TOML."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from accountmap.errors import TrustError
from accountmap.trust import text

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
)
"""The columns of an account list that an agreement may let the partner see of matched accounts."""
MOST_CHANGE: Final = 1_000_000

_SUITE: Final = {
    "session": "account-psi-v1",
    "message": "message-v1",
    "sealing": "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM",
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
        runs_per_30_days: how many sessions may reach the preview in 30 days.
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
session = {q(_SUITE["session"])}
message = {q(_SUITE["message"])}
sealing = {q(_SUITE["sealing"])}

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


def read_terms(fields: dict[str, Any]) -> Terms:
    """Read the terms from the parsed first part of an agreement, strictly.

    Raises:
        TrustError: a key is missing, unknown, of another type or out of range.
    """
    check = text.check_keys
    top = {"format": str, "created": datetime, "valid_until": date, "purpose": str, "slot": list}
    tables = dict.fromkeys(
        ("parties", "protocol", "canonical", "matching", "disclosure", "limits", INITIATOR), dict
    )
    check(fields, {**top, **tables}, "agreement")
    parties, matching, disclosure = fields["parties"], fields["matching"], fields["disclosure"]
    check(parties, {"names": list, "cards": list}, "agreement, parties")
    check(fields["canonical"], {"version": str, "data": dict}, "agreement, canonical")
    check(matching, {"profile": str, "threshold": int}, "agreement, matching")
    runs = {"automatic_share": float, "runs_per_30_days": int}
    check(disclosure, {"segments": list, "fields": list, **runs}, "agreement, disclosure")
    check(fields["limits"], {"min_change": int}, "agreement, limits")
    if fields["protocol"] != _SUITE:
        raise TrustError(
            "the agreement asks for another protocol than this version has", "Use the same version on both sides."
        )
    for slot in fields["slot"]:
        check(slot, {"name": str, "space": str, "weight": int, "tier": str}, "agreement, slot")
    strings = [
        *parties["names"],
        *parties["cards"],
        *disclosure["segments"],
        *disclosure["fields"],
        *fields["canonical"]["data"].values(),
    ]
    segments = disclosure["segments"]
    if (
        not all(isinstance(s, str) for s in strings)
        or len(parties["names"]) != 2
        or len(set(parties["cards"])) != 2
        or not 1 <= len(segments) == len(set(segments)) <= 16
        or len(set(disclosure["fields"])) != len(disclosure["fields"])
        or not set(disclosure["fields"]) <= set(SHARED_FIELDS)
        or not 1 <= len(fields["slot"]) <= 32
        or not 0 <= disclosure["automatic_share"] <= 1
        or not 0 <= fields["limits"]["min_change"] <= MOST_CHANGE
    ):
        raise TrustError("agreement: a value is out of range")
    names = text.check_name(parties["names"][0]), text.check_name(parties["names"][1])
    return Terms(
        created=fields["created"],
        valid_until=fields["valid_until"],
        purpose=fields["purpose"],
        names=names,
        cards=(parties["cards"][0], parties["cards"][1]),
        canonical=fields["canonical"]["version"],
        data=fields["canonical"]["data"],
        profile=matching["profile"],
        slots=tuple(SlotTerms(**slot) for slot in fields["slot"]),
        threshold=matching["threshold"],
        segments=tuple(segments),
        fields=tuple(disclosure["fields"]),
        automatic_share=disclosure["automatic_share"],
        runs_per_30_days=disclosure["runs_per_30_days"],
        min_change=fields["limits"]["min_change"],
    )
