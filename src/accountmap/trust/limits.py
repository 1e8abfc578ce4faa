"""Rules that each side enforces alone: sizes that need a person, and what a partner could have learned.

A partner that cheats can test as many keys as it has rows times slots, and its copy of our sketch says something
about each of them (trust-v2 §4.5, account-psi-v2 §12.2, §12.4). So sizes are watched, and what each partner got is
added up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final

from accountmap.model import Role
from accountmap.trust.agreement import Agreement
from accountmap.trust.sharing import Rectangle

TIMES_OWN: Final = 10
MOST_ROWS: Final = 10_000_000
"""A partner with more rows needs a confirmation, unless the workspace sets another limit."""

MOST_EPSILON: Final = Fraction(2)
"""More ε than this, of the own sketches that leave within a year, needs a confirmation."""


class Concern(Enum):
    """Why a size needs a person."""

    ABOVE_OWN = "above own"
    ABOVE_LIMIT = "above limit"
    GROWTH = "growth"


@dataclass(frozen=True)
class SizeConcern:
    """A size of the partner that a person has to confirm.

    Attributes:
        of_sketch: whether it is the size of its sketch; otherwise that of its rows in sessions.
        rows: padded rows.
        compared_with: our entities, the limit, or the smallest such size within a year and of the last agreement.
    """

    concern: Concern
    of_sketch: bool
    rows: int
    compared_with: int


def size_concerns(
    agreement: Agreement, own: Role, own_entities: int, earlier: Sequence[Agreement], limit: int = MOST_ROWS
) -> list[SizeConcern]:
    """Return what a person has to confirm before we sign an agreement, or accept one that came back signed.

    Args:
        own: role of this side.
        own_entities: how many entities of our list take part.
        earlier: agreements that the partner signed within twelve months, by the time of arrival here, and the
        last.

    Returns:
        Nothing as long as the partner has not signed, since its sizes are not known.
    """
    partner = own.other
    if partner >= len(agreement.parties):
        return []
    alarm = min(one.terms.growth_alarm for one in (agreement, *earlier))
    found = []
    for of_sketch in (False, True):
        rows = _rows(agreement, partner, of_sketch=of_sketch)
        before = [
            _rows(one, _role_of(agreement.terms.names[partner], one), of_sketch=of_sketch) for one in earlier
        ]
        smallest = min((size for size in before if size), default=0)
        checks = (
            (Concern.ABOVE_OWN, TIMES_OWN * own_entities < rows, own_entities),
            (Concern.ABOVE_LIMIT, limit < rows, limit),
            (Concern.GROWTH, 0 < alarm * smallest <= rows, smallest),
        )
        found += [SizeConcern(why, of_sketch, rows, beside) for why, raised, beside in checks if raised]
    return found


def _rows(agreement: Agreement, role: Role, *, of_sketch: bool) -> int:
    party = agreement.parties[role]
    return party.sketch.total if of_sketch else sum(party.rows.values())


def _role_of(name: str, agreement: Agreement) -> Role:
    """Return the role of a company by its name: its card may have been replaced since, its name never is."""
    return Role(agreement.terms.names.index(name))


def epsilon_needs_confirmation(spent: Fraction, added: Fraction) -> bool:
    """Return whether a person has to confirm another sketch.

    Args:
        spent: ε of the own sketches of the last 365 days.
        added: ε of the one that is to leave.
    """
    return spent + added > MOST_EPSILON


def reach(agreement: Agreement, own: Role) -> int:
    """Return how many keys the partner could have tested in a session: rows times sent slots of all rectangles."""
    return _rows_in_rectangles(agreement, own.other) * len(agreement.terms.sent_slots)


def could_identify(agreement: Agreement, own: Role) -> int:
    """Return how many of our companies a partner that cheats could have identified in a session.

    As the responder, it can test every cell of its table against ours; as the initiator, it learns of at most one
    of ours for each of its rows, where we claim a match (account-psi-v2 §12.4). It cannot find more than there
    are.
    """
    rows = _rows_in_rectangles(agreement, own.other)
    tested = rows if own is Role.RESPONDER else rows * len(agreement.terms.sent_slots)
    return min(tested, _rows_in_rectangles(agreement, own))


def _rows_in_rectangles(agreement: Agreement, role: Role) -> int:
    return sum(_padded(agreement.sizes[role], each, role) for each in agreement.terms.sharing.rectangles)


def _padded(sizes: Mapping[str, int], rectangle: Rectangle, role: Role) -> int:
    return sum(sizes[segment] for segment in rectangle.segments[role])


@dataclass(frozen=True)
class PartnerBudget:
    """What one partner got, over all agreements with it, and what it could have learned from that.

    Attributes:
        sessions: how many sessions there were in which our points left.
        keys: how many keys it could have tested, rows times slots.
        identified: how many of our companies it could have identified with them.
        epsilon: of the own sketches that it has, added up.
        totals: how many of the sessions showed it our totals.
    """

    sessions: int
    keys: int
    identified: int
    epsilon: Fraction
    totals: int


def budget_of(sessions: Iterable[tuple[Agreement, Role]], epsilon: Fraction) -> PartnerBudget:
    """Add up what a partner got.

    Args:
        sessions: of each in which our points left, its agreement and our role.
        epsilon: of the own sketches that it has, added up.
    """
    counted = list(sessions)
    return PartnerBudget(
        sessions=len(counted),
        keys=sum(reach(*each) for each in counted),
        identified=sum(could_identify(*each) for each in counted),
        epsilon=epsilon,
        totals=sum(own in agreement.terms.sharing.totals_shown_by for agreement, own in counted),
    )
