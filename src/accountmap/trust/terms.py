"""The terms of an agreement: the sharing matrix, the joint filter, and the limits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Self

from accountmap.trust.kem import SUITE_NAME
from accountmap.trust.roles import OTHER

COUNTS: Final = "counts"
NAMES: Final = "names"

Cell = tuple[str, str]
"""A segment of the initiator and one of the responder."""

Fields = tuple[str, ...]


@dataclass(frozen=True)
class Disclosure:
    """What is shown in one cell of the sharing matrix.

    Attributes:
        level: COUNTS, or NAMES: each learns which of its own entities the other has.
        fields: what the initiator and the responder show of each match besides; none at the level of counts.
    """

    level: str
    fields: tuple[Fields, Fields] = ((), ())


@dataclass(frozen=True)
class Rectangle:
    """Cells with one disclosure: some segments of the initiator by some of the responder."""

    disclosure: Disclosure
    segments: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def cells(self) -> Iterator[Cell]:
        """All cells of the rectangle."""
        return ((one, other) for one in self.segments[0] for other in self.segments[1])


@dataclass(frozen=True)
class JointFilter:
    """Which entities of both lists take part. What an account does not say cannot let it in.

    Attributes:
        countries: ISO 3166 alpha-2 codes; empty for all.
        industries: words, compared without regard to case; empty for all.
        employees: at least, and at most so many; 0 for no bound.
    """

    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    employees: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Sharing:
    """What both learn.

    Attributes:
        rectangles: disjoint; a cell in none is hidden: it is never computed.
        rest_shown_by: the roles that show how many other entities they have, by country, industry and size.
        rest_named_by: those of them that show the names of these entities too.
        smallest_cell: counts below are not put into what `rest_shown_by` is about. Of cells at the level of counts
            they are not shown to people: a rule for the display, for the partner's program holds the exact count.
        joint_filter: which entities take part.
    """

    rectangles: tuple[Rectangle, ...]
    rest_shown_by: tuple[str, ...] = ()
    rest_named_by: tuple[str, ...] = ()
    smallest_cell: int = 1
    joint_filter: JointFilter = field(default_factory=JointFilter)

    @classmethod
    def uniform(cls, segments: Sequence[str], fields: tuple[Fields, Fields]) -> Self:
        """Reveal matches in all cells, and show these fields of them.

        Args:
            fields: of the initiator and of the responder.
        """
        return cls((Rectangle(Disclosure(NAMES, fields), (tuple(segments), tuple(segments))),))

    def rest_of(self, role: str) -> str:
        """Return what a role shows of its other entities: NAMES, COUNTS, or nothing."""
        if role in self.rest_named_by:
            return NAMES
        return COUNTS if role in self.rest_shown_by else ""

    def mirrored(self) -> Self:
        """Return the same with initiator and responder exchanged; their names in `rest_shown_by` too."""
        return replace(
            self,
            rectangles=tuple(
                Rectangle(Disclosure(r.disclosure.level, r.disclosure.fields[::-1]), r.segments[::-1])
                for r in self.rectangles
            ),
            rest_shown_by=tuple(OTHER[role] for role in self.rest_shown_by),
            rest_named_by=tuple(OTHER[role] for role in self.rest_named_by),
        )

    def disclosure(self, cell: Cell) -> Disclosure | None:
        """Return what a cell shows, or None if it is hidden."""
        return next((r.disclosure for r in self.rectangles if cell in r.cells), None)


@dataclass(frozen=True)
class Lead:
    """A rule of engagement: who leads where both have an account. The first that fits holds.

    Attributes:
        segments: of the initiator and of the responder.
        countries: ISO 3166 alpha-2 codes for which it holds; empty for all.
        leads: "initiator", "responder" or "both".
    """

    segments: tuple[tuple[str, ...], tuple[str, ...]]
    countries: tuple[str, ...]
    leads: str

    def mirrored(self) -> "Lead":
        """Return the same with initiator and responder exchanged."""
        return Lead(self.segments[::-1], self.countries, OTHER.get(self.leads, self.leads))


def rectangles_of(matrix: Mapping[Cell, Disclosure]) -> tuple[Rectangle, ...]:
    """Cover a sharing matrix with few rectangles: rows that show the same in the same columns go together.

    Args:
        matrix: what each cell shows; those that are absent are hidden.
    """
    columns: dict[tuple[str, Disclosure], list[str]] = {}
    for (one, other), disclosure in matrix.items():
        columns.setdefault((one, disclosure), []).append(other)
    rows: dict[tuple[tuple[str, ...], Disclosure], list[str]] = {}
    for (one, disclosure), others in columns.items():
        rows.setdefault((tuple(others), disclosure), []).append(one)
    return tuple(Rectangle(disclosure, (tuple(ones), others)) for (others, disclosure), ones in rows.items())


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
