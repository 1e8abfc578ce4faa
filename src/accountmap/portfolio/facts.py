"""What is known about one partner, and about nobody else: a portfolio is made from this."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pyarrow as pa

from accountmap.portfolio.maturity import Assessment
from accountmap.portfolio.profile import PartnerProfile

MAPPED: Final = "mapped"
PREVIEW: Final = "preview only"
UNKNOWN: Final = "nothing yet"
STATES: Final = (MAPPED, PREVIEW, UNKNOWN)
"""How well a partner is known: from a session, from a preview alone, or not at all."""

LINK_SCHEMA: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("strength", pa.string(), nullable=False),
        pa.field("evidence", pa.string(), nullable=False),
        pa.field("doubt", pa.string()),
        pa.field("their_name", pa.string()),
        pa.field("their_owner_name", pa.string()),
        pa.field("their_owner_email", pa.string()),
    ]
)
"""One row for each own account of a shared company and each of its matches, as in the overlap of the session's
report. Matches that the user has rejected are left out."""

PREVIEW_SCHEMA: Final = pa.schema(
    [
        pa.field("segment", pa.string()),
        pa.field("entities", pa.int64(), nullable=False),
        pa.field("estimate", pa.int64(), nullable=False),
        pa.field("at_least", pa.int64(), nullable=False),
        pa.field("at_most", pa.int64(), nullable=False),
        pa.field("amount", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("made", pa.timestamp("us", "UTC"), nullable=False),
    ]
)
"""What a preview says of a segment (null: of the whole list): how many own companies it has, about how many of
them are on the partner's list, the interval that holds the true number in 95 of 100 cases, and the open amount of
these own companies."""

INTRODUCE: Final = "introduce"
QUESTION: Final = "question"
US: Final = "us"
THEM: Final = "them"


@dataclass(frozen=True)
class Exchange:
    """One thing that one side asked of the other, about one match.

    Attributes:
        match_id: hex.
        kind: QUESTION about a possible match, INTRODUCE, or another that conversations have.
        ours: whether we asked, or offered.
        asked, answered: when; None if there is no answer yet.
        made_by: who made the introduction that it came to: US, THEM, or empty.
    """

    match_id: str
    kind: str
    ours: bool
    asked: datetime
    answered: datetime | None = None
    made_by: str = ""


@dataclass(frozen=True, repr=False)
class Mapping:
    """What one session with a partner found: when, and which own companies are shared, by the entity ids of its
    list."""

    finished: datetime
    entity_ids: pa.Array


@dataclass(frozen=True, repr=False)
class PartnerFacts:
    """One partner.

    Attributes:
        slug, name: of the partner in the workspace.
        profile: what the user wrote about the partnership.
        links: LINK_SCHEMA, of the last session.
        mappings: the sessions that found something, oldest first.
        preview: PREVIEW_SCHEMA. Used only while there is no session.
        exchanges: what was asked, either way.
        assessment: both sides' answers about the maturity of the partnership, or None before both were opened.
    """

    slug: str
    name: str
    profile: PartnerProfile = field(default_factory=PartnerProfile)
    links: pa.Table = field(default_factory=LINK_SCHEMA.empty_table)
    mappings: tuple[Mapping, ...] = ()
    preview: pa.Table = field(default_factory=PREVIEW_SCHEMA.empty_table)
    exchanges: tuple[Exchange, ...] = ()
    assessment: Assessment | None = None

    @property
    def state(self) -> str:
        """One of STATES."""
        if self.mappings:
            return MAPPED
        return PREVIEW if self.preview.num_rows else UNKNOWN

    @property
    def known_since(self) -> datetime | None:
        """When its list was last looked at: by a session, or else by a preview."""
        if self.mappings:
            return self.mappings[-1].finished
        made: datetime | None = self.preview["made"][0].as_py() if self.preview.num_rows else None
        return made
