"""What both learn, who leads, and who is credited: sharing matrix, filter, rules (trust-v2 §4.1, §4.4, §4.10)."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from accountmap.model import SHARED_FIELDS, Level, Role, Sourcing
from accountmap.trust import terms_words as in_words
from accountmap.trust.term import choice, items, part, pattern, share, tables, term, whole, words

Cell = tuple[str, str]
"""A segment of the initiator and one of the responder."""

Fields = tuple[str, ...]

COUNTRIES: Final = items(pattern("[A-Z]{2}"))

_MOST_EMPLOYEES: Final = 1_000_000_000
_ROLES: Final = {role.label: role for role in Role}
_SEGMENTS: Final = items(words(), least=1)
_SHOWN: Final = items(choice({name: name for name in SHARED_FIELDS}))


@dataclass(frozen=True)
class Rectangle:
    """Cells whose matches are revealed: some segments of the initiator by some of the responder.

    Attributes:
        initiator_shows, responder_shows: fields that each shows of its matched accounts.
    """

    initiator: tuple[str, ...] = term("initiator", _SEGMENTS)
    responder: tuple[str, ...] = term("responder", _SEGMENTS)
    initiator_shows: Fields = term("initiator_shows", _SHOWN)
    responder_shows: Fields = term("responder_shows", _SHOWN)

    @property
    def segments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The segments of the initiator and of the responder."""
        return self.initiator, self.responder

    @property
    def fields(self) -> tuple[Fields, Fields]:
        """The fields that the initiator and the responder show."""
        return self.initiator_shows, self.responder_shows

    @property
    def cells(self) -> Iterator[Cell]:
        """All cells of the rectangle."""
        return ((one, other) for one in self.initiator for other in self.responder)

    def mirrored(self) -> "Rectangle":
        """Return the same with initiator and responder exchanged."""
        return Rectangle(self.responder, self.initiator, self.responder_shows, self.initiator_shows)


@dataclass(frozen=True)
class JointFilter:
    """Which entities of both lists take part. What an account does not say cannot let it in.

    Attributes:
        countries: ISO 3166 alpha-2 codes; empty for all.
        industries: words, compared without regard to case; empty for all.
        employees_from, employees_to: 0 for no bound.
    """

    countries: tuple[str, ...] = term(
        "filter.countries",
        COUNTRIES,
        "Who takes part",
        default=(),
        comment="Which accounts of both lists take part. An empty list, or 0, lets all in.",
        say=in_words.who_takes_part,
        facts=lambda terms: {"Who takes part": " ".join(in_words.who_takes_part(terms)) or "all accounts"},
    )
    industries: tuple[str, ...] = term("filter.industries", items(words(), most=200), default=())
    employees_from: int = term("filter.employees_from", whole(0, _MOST_EMPLOYEES), default=0)
    employees_to: int = term("filter.employees_to", whole(0, _MOST_EMPLOYEES), default=0)

    @property
    def employees(self) -> tuple[int, int]:
        """The lower and the upper bound; 0 for none."""
        return self.employees_from, self.employees_to


@dataclass(frozen=True)
class Sharing:
    """What both learn.

    Attributes:
        totals_shown_by: the roles that show noisy totals of their lists, by country, industry and size.
        unmatched_named_by: the roles that name those of their accounts that did not match.
        rectangles: disjoint; a cell in none of them is hidden, and never compared.
        joint_filter: which entities take part.
    """

    totals_shown_by: tuple[Role, ...] = term(
        "disclosure.totals_shown_by",
        items(choice(_ROLES)),
        "Totals",
        default=(),
        say=in_words.totals,
    )
    unmatched_named_by: tuple[Role, ...] = term(
        "disclosure.unmatched_named_by",
        items(choice(_ROLES)),
        "Other accounts",
        default=(),
        say=in_words.unmatched,
    )
    rectangles: tuple[Rectangle, ...] = term(
        "rectangle",
        tables(Rectangle, 1, 256),
        default=(),
        comment="Pairs of segments whose matches are revealed after both consent: each learns which of its own\n"
        "accounts the other has, and the fields that the other shows of these. A pair in no rectangle is never\n"
        "compared.",
        facts=in_words.cells,
    )
    joint_filter: JointFilter = part(JointFilter)

    @classmethod
    def uniform(cls, segments: Sequence[str], fields: tuple[Fields, Fields]) -> Self:
        """Reveal matches in all cells, and show these fields of them.

        Args:
            fields: of the initiator and of the responder.
        """
        return cls(rectangles=(Rectangle(tuple(segments), tuple(segments), *fields),))

    def mirrored(self) -> "Sharing":
        """Return the same with initiator and responder exchanged."""
        return replace(
            self,
            rectangles=tuple(each.mirrored() for each in self.rectangles),
            totals_shown_by=tuple(role.other for role in self.totals_shown_by),
            unmatched_named_by=tuple(role.other for role in self.unmatched_named_by),
        )

    def rectangle(self, cell: Cell) -> Rectangle | None:
        """Return the rectangle that a cell lies in, or None if it is hidden."""
        return next((each for each in self.rectangles if cell in each.cells), None)

    def level(self, cell: Cell) -> Level:
        """Return what a cell shows."""
        found = self.rectangle(cell)
        if found is None:
            return Level.HIDDEN
        return Level.FIELDS if any(found.fields) else Level.NAMES


@dataclass(frozen=True)
class Lead:
    """A rule of engagement: who leads where both have an account. The first rule that fits decides.

    Attributes:
        countries: ISO 3166 alpha-2 codes of the countries that it is for; empty for all.
        leads: None for both.
    """

    initiator: tuple[str, ...] = term("initiator", _SEGMENTS)
    responder: tuple[str, ...] = term("responder", _SEGMENTS)
    countries: tuple[str, ...] = term("countries", COUNTRIES)
    leads: Role | None = term("leads", choice({**_ROLES, "both": None}))

    @property
    def segments(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The segments of the initiator and of the responder."""
        return self.initiator, self.responder

    def mirrored(self) -> "Lead":
        """Return the same with initiator and responder exchanged."""
        leads = None if self.leads is None else self.leads.other
        return Lead(self.responder, self.initiator, self.countries, leads)


_MOST_DAYS: Final = 36_500
_WORDS: Final = items(words(), most=100)


@dataclass(frozen=True)
class CreditRule:
    """How both credit each other for deals; the fields are those of `influence.InfluenceRules`."""

    sourced_by: tuple[str, ...] = term("sourced_by", items(choice({each.value: each.value for each in Sourcing})))
    introduction_days: int = term("introduction_days", whole(0, _MOST_DAYS))
    registration_days: int = term("registration_days", whole(0, _MOST_DAYS))
    source_values: tuple[str, ...] = term("source_values", _WORDS)
    kinds: tuple[str, ...] = term("kinds", _WORDS)
    before_days: int = term("before_days", whole(0, _MOST_DAYS))
    not_after_stages: tuple[str, ...] = term("not_after_stages", _WORDS)
    half_life_days: int = term("half_life_days", whole(1, _MOST_DAYS))
    position: tuple[float, ...] = term("position", items(share(), 3, 3, distinct=False))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of its values as trust-v2 §4.10 writes them. The reports of both sides name it."""
        text = "".join(
            f"{each.name} = {_in_digest(getattr(self, each.name))}\n" for each in dataclasses.fields(self)
        )
        return hashlib.sha256(text.encode()).hexdigest()


def _in_digest(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_in_digest, value))}]"
    return f"{value:.6f}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def rectangles_of(matrix: Mapping[Cell, tuple[Fields, Fields]]) -> tuple[Rectangle, ...]:
    """Cover a sharing matrix with few rectangles, by joining rows that show the same in the same columns.

    Args:
        matrix: the fields that both show in each cell; cells that are absent are hidden.
    """
    columns: dict[tuple[str, tuple[Fields, Fields]], list[str]] = {}
    for (one, other), fields in matrix.items():
        columns.setdefault((one, fields), []).append(other)
    rows: dict[tuple[tuple[str, ...], tuple[Fields, Fields]], list[str]] = {}
    for (one, fields), others in columns.items():
        rows.setdefault((tuple(others), fields), []).append(one)
    return tuple(Rectangle(tuple(ones), others, *fields) for (others, fields), ones in rows.items())
