"""Words that several parts share: roles, levels, strengths, outcomes, steps, and fields that agreements show."""

from enum import IntEnum, IntFlag, StrEnum
from fractions import Fraction
from typing import Final, Self


class Role(IntEnum):
    """What a party does in a session. The number is the one on the wire (message-v2 §2)."""

    INITIATOR = 0
    RESPONDER = 1

    @property
    def label(self) -> str:
        """Its name in an agreement."""
        return self.name.lower()

    @property
    def other(self) -> "Role":
        """The role of the partner."""
        return Role(1 - self)

    @classmethod
    def of(cls, label: str) -> Self:
        """Return the role of that name.

        Raises:
            KeyError: there is none.
        """
        return cls[label.upper()]


WHO: Final[dict[str, tuple[Role, ...]]] = {
    "nobody": (),
    "us": (Role.INITIATOR,),
    "them": (Role.RESPONDER,),
    "both": (Role.INITIATOR, Role.RESPONDER),
}
"""What the company that proposes an agreement types to say who shows something."""

LEADERS: Final[dict[str, Role | None]] = {"us": Role.INITIATOR, "them": Role.RESPONDER, "both": None}
"""What it types to say who leads."""


class Level(StrEnum):
    """What a cell of the sharing matrix shows of matches."""

    HIDDEN = "hidden"
    NAMES = "names"
    FIELDS = "fields"


class Strength(IntEnum):
    """How much a match key says: a strong one names a company, a weak one only hints at it.

    The number is the one in the receipt (account-psi-v2 §7.10).
    """

    STRONG = 1
    WEAK = 2

    @property
    def label(self) -> str:
        """Its name in an agreement."""
        return self.name.lower()


class WeakSlots(StrEnum):
    """What may become of matches by weak keys alone. With NONE, weak keys are not sent."""

    NONE = "none"
    ASK = "ask"
    REVEAL = "reveal"


class Assistants(StrEnum):
    """What an assistant based on a language model may read of the matches with a partner."""

    NONE = "none"
    OWN = "own"
    SHARED = "shared"


class Sourcing(StrEnum):
    """What shows that a partner brought a deal."""

    INTRODUCTION = "introduction"
    REGISTERED = "registered deal"
    SOURCE_FIELD = "source field"


class Outcome(IntEnum):
    """What becomes of a match. The number is the one in the receipt (account-psi-v2 §7.10)."""

    DROP = 0
    REVEAL = 1
    ASK = 2


class Models(StrEnum):
    """What a model that predicts outcomes may learn from the matches with a partner."""

    NONE = "none"
    SEGMENT = "segment"


class Says(StrEnum):
    """What a slot says about a company, for presence bits and contradictions."""

    NAME = "name"
    DOMAIN = "domain"
    COUNTRY = "country"
    OTHER = "other"


class Contradiction(IntFlag):
    """Kinds of values that two matched rows both have, but that differ."""

    NONE = 0
    DOMAIN = 1
    COUNTRY = 2


class MatchProfile(StrEnum):
    """How freely matches are revealed."""

    CAREFUL = "careful"
    BALANCED = "balanced"
    WIDE = "wide"


class PreviewKind(StrEnum):
    """What a sketch shows: a company's presence, or also its segment."""

    SKETCH = "sketch"
    SEGMENTS = "segments"


class Epsilon(StrEnum):
    """How much a sketch may shift the odds that a company is on the list: by at most e to this power."""

    TWO = "2"
    ONE = "1"
    HALF = "1/2"
    QUARTER = "1/4"

    @property
    def fraction(self) -> Fraction:
        """The number."""
        return Fraction(self.value)


class Leader(StrEnum):
    """Who leads on an account that both have, as one side sees it."""

    ME = "me"
    THEM = "them"
    BOTH = "both"


class Answer(StrEnum):
    """What was answered to a question about a possible match."""

    OPEN = "open"
    SAME = "same"
    NO = "no"


class Topic(IntEnum):
    """What an entry is about. The number is the one of the message's kind (conversation-v1 §1)."""

    INTRODUCTION = 5
    LEAD = 6
    DEAL = 7
    NOTE = 8


class Step(StrEnum):
    """What an entry says, and the state that it leads to."""

    ASKED = "asked"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MADE = "made"
    OUTCOME = "outcome"
    PROPOSED = "proposed"
    AGREED = "agreed"
    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"
    NOTED = "noted"


class Result(IntEnum):
    """What came of an introduction. The number is the entry's value."""

    NOTHING = 1
    MEETING = 2
    OPPORTUNITY = 3
    WON = 4
    LOST = 5

    @property
    def label(self) -> str:
        """Its name for people and files."""
        return self.name.lower()


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


SEGMENT_NOUNS: Final = {
    "customer": ("customer", "customers"),
    "opportunity": ("open opportunity", "open opportunities"),
    "prospect": ("prospect", "prospects"),
}


def segment_noun(segment: str) -> str:
    """Name a segment in the plural."""
    return SEGMENT_NOUNS.get(segment, (segment, segment))[1]


def segment_count(segment: str, count: int) -> str:
    """Count the companies of a segment: 1 customer, 2 open opportunities."""
    one, many = SEGMENT_NOUNS.get(segment, (segment, segment))
    return f"{count:,} {one if count == 1 else many}"
