"""What is shared, who takes part and who leads, in the short words of the command line, as terms of an agreement.

Segments are written as the one who types sees them: own segment first. The one who makes an agreement is its
initiator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from accountmap.accounts.schema import SEGMENTS
from accountmap.canonical.places import country_code
from accountmap.errors import InputError
from accountmap.trust.roles import BOTH, INITIATOR, RESPONDER
from accountmap.trust.sharing import (
    COUNTS,
    NAMES,
    Cell,
    Disclosure,
    Fields,
    JointFilter,
    Lead,
    Sharing,
    rectangles_of,
)
from accountmap.trust.terms import SHARED_FIELDS

HIDDEN: Final = "hidden"
FIELDS: Final = "fields"
LEVELS: Final = {"hidden": HIDDEN, "counts": COUNTS, "names": NAMES, "fields": FIELDS}
REST: Final = {"nobody": (), "us": (INITIATOR,), "them": (RESPONDER,), "both": (INITIATOR, RESPONDER)}
LEADERS: Final = {"us": INITIATOR, "them": RESPONDER, "both": BOTH}


@dataclass(frozen=True)
class SharingOptions:
    """What was typed.

    Attributes:
        share: `MINE:THEIRS=LEVEL`, later ones override earlier ones; a cell that none names shows all fields.
        we_show, they_show: comma-separated fields, or "none".
        rest, names_of_rest: who shows counts, and names, of accounts that do not match: keys of REST.
        smallest_cell: as in trust.sharing.Sharing.
        countries, industries: of the joint filter.
        employees: `FROM-TO`, either may be missing.
    """

    share: tuple[str, ...] = ()
    we_show: str = ""
    they_show: str = ""
    rest: str = "nobody"
    names_of_rest: str = "nobody"
    smallest_cell: int = 1
    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    employees: str = ""

    def to_sharing(self) -> Sharing:
        """Read them.

        Raises:
            InputError: saying which is malformed.
        """
        return Sharing(
            rectangles=rectangles_of(self._matrix()),
            rest_shown_by=self._rest_shown_by(),
            rest_named_by=REST[self.names_of_rest],
            smallest_cell=self.smallest_cell,
            joint_filter=JointFilter(
                countries=countries(self.countries),
                industries=tuple(dict.fromkeys(word.strip() for word in self.industries)),
                employees=_band(self.employees),
            ),
        )

    def _rest_shown_by(self) -> tuple[str, ...]:
        """Return who shows counts: whoever shows names does."""
        shown = {*REST[self.rest], *REST[self.names_of_rest]}
        return tuple(role for role in REST["both"] if role in shown)

    def _matrix(self) -> dict[Cell, Disclosure]:
        fields = field_names(self.we_show), field_names(self.they_show)
        matrix = dict.fromkeys(_cells(SEGMENTS, SEGMENTS), Disclosure(NAMES, fields))
        for typed in self.share:
            place, equals, level = typed.partition("=")
            if not equals or level not in LEVELS:
                raise InputError(
                    f"--share {typed} says nothing that can be kept",
                    f"Write MINE:THEIRS=LEVEL with one of {', '.join(LEVELS)}: customer:prospect=names",
                )
            for cell in _cells(*segment_pair(place)):
                if level == HIDDEN:
                    matrix.pop(cell, None)
                else:
                    shown = Disclosure(NAMES, fields) if level == FIELDS else Disclosure(level)
                    matrix[cell] = shown
        if not matrix:
            raise InputError("nothing is shared: all pairs of segments are hidden", "Leave one pair at least.")
        return matrix


def read_leads(typed: Iterable[str]) -> tuple[Lead, ...]:
    """Read rules of engagement, `MINE:THEIRS=us` or `MINE:THEIRS:DE,AT=them`.

    Raises:
        InputError: one is malformed.
    """
    return tuple(map(_lead, typed))


def segment_pair(place: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `MINE:THEIRS`; either may be `all`, or several segments with commas.

    Raises:
        InputError: it is malformed.
    """
    mine, colon, theirs = place.partition(":")
    if not colon:
        raise InputError(
            f"{place!r} is no pair of segments", "Write customer:prospect, or all:customer,opportunity"
        )
    return _segments(mine), _segments(theirs)


def field_names(typed: str) -> Fields:
    """Read a comma-separated list of fields; "none" or nothing is none.

    Raises:
        InputError: there is no such field.
    """
    names = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip() not in ("", "none")))
    for name in names:
        if name not in SHARED_FIELDS:
            raise InputError(f"there is no field {name!r} to show", f"Fields: {', '.join(SHARED_FIELDS)}")
    return names


def countries(typed: Iterable[str]) -> tuple[str, ...]:
    """Read countries as ISO codes, in the order of the alphabet.

    Raises:
        InputError: one is not known.
    """
    codes = set()
    for name in typed:
        code = country_code(name)
        if code is None:
            raise InputError(
                f"{name!r} is no country that is known here", "Write its two-letter code, such as DE."
            )
        codes.add(code)
    return tuple(sorted(codes))


def _lead(typed: str) -> Lead:
    place, _, leader = typed.partition("=")
    pair, territory = place.rsplit(":", 1) if place.count(":") == 2 else (place, "")
    if leader not in LEADERS:
        raise InputError(
            f"--lead {typed} does not say who leads", "Write customer:prospect=us, or all:all:DE,AT=them"
        )
    return Lead(segment_pair(pair), countries(c for c in territory.split(",") if c), LEADERS[leader])


def _segments(typed: str) -> tuple[str, ...]:
    wanted = {name.strip() for name in typed.split(",")}
    if wanted == {"all"}:
        return SEGMENTS
    if not wanted <= set(SEGMENTS):
        raise InputError(f"{typed!r} is no segment", f"Segments: {', '.join(SEGMENTS)}, or all")
    return tuple(name for name in SEGMENTS if name in wanted)


def _cells(mine: Sequence[str], theirs: Sequence[str]) -> list[Cell]:
    return [(one, other) for one in mine for other in theirs]


def _band(typed: str) -> tuple[int, int]:
    least, _, most = typed.partition("-")
    if not typed:
        return 0, 0
    try:
        band = int(least or 0), int(most or 0)
    except ValueError as error:
        raise InputError(f"--employees {typed} is no range", "Write 50-5000, 1000- or -200.") from error
    if band[1] and band[0] > band[1]:
        raise InputError(f"--employees {typed} is no range: it ends before it begins", "Write 50-5000.")
    return band
