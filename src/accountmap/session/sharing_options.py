"""What a user types to say what is shared, who takes part and who leads.

Segments are written from the user's side: own segment first. Whoever makes an agreement is its initiator.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError
from accountmap.linkage.places import country_code
from accountmap.model import LEADERS, SHARED_FIELDS, WHO, Level
from accountmap.trust.sharing import Cell, Fields, JointFilter, Lead, Sharing, rectangles_of

LEVELS: Final = tuple(level.value for level in Level)


@dataclass(frozen=True)
class SharingOptions:
    """What was typed.

    Attributes:
        share: `MINE:THEIRS=LEVEL`; later ones override earlier ones; cells that none names show all fields.
        we_show, they_show: comma-separated fields, or "none".
        totals: who shows noisy totals of its list, a key of WHO.
        names_of_unmatched: who shows the names of its accounts that do not match, a key of WHO.
        countries, industries: of the joint filter.
        employees: `FROM-TO`, either may be missing.
    """

    share: tuple[str, ...] = ()
    we_show: str = "name"
    they_show: str = "name"
    totals: str = "both"
    names_of_unmatched: str = "nobody"
    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    employees: str = ""

    def to_sharing(self) -> Sharing:
        """Read the options.

        Raises:
            InputError: one is malformed; it is named.
        """
        least, most = employees_band(self.employees)
        return Sharing(
            rectangles=rectangles_of(self._matrix()),
            totals_shown_by=WHO[self.totals],
            unmatched_named_by=WHO[self.names_of_unmatched],
            joint_filter=JointFilter(
                countries=countries(self.countries),
                industries=tuple(dict.fromkeys(word.strip() for word in self.industries)),
                employees_from=least,
                employees_to=most,
            ),
        )

    def _matrix(self) -> dict[Cell, tuple[Fields, Fields]]:
        fields = field_names(self.we_show), field_names(self.they_show)
        matrix = dict.fromkeys(_cells(SEGMENTS, SEGMENTS), fields)
        for typed in self.share:
            place, equals, level = typed.partition("=")
            if not equals or level not in LEVELS:
                raise InputError(
                    f"--share {typed} cannot be understood",
                    f"Write MINE:THEIRS=LEVEL with one of {', '.join(LEVELS)}: customer:prospect=names",
                )
            for cell in _cells(*segment_pair(place)):
                if level == Level.HIDDEN:
                    matrix.pop(cell, None)
                else:
                    matrix[cell] = fields if level == Level.FIELDS else ((), ())
        if not matrix:
            raise InputError("nothing is shared: all pairs of segments are hidden", "Share at least one pair.")
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
            f"{place!r} is not a pair of segments", "Write customer:prospect, or all:customer,opportunity"
        )
    return _segments(mine), _segments(theirs)


def field_names(typed: str) -> Fields:
    """Read a comma-separated list of fields; "none" and an empty text stand for no fields.

    Raises:
        InputError: there is no such field.
    """
    names = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip() not in ("", "none")))
    for name in names:
        if name not in SHARED_FIELDS:
            raise InputError(f"there is no field {name!r} to show", f"Fields: {', '.join(SHARED_FIELDS)}")
    return names


def countries(typed: Iterable[str]) -> tuple[str, ...]:
    """Read countries as ISO codes, in alphabetical order.

    Raises:
        InputError: one is not known.
    """
    codes = set()
    for name in typed:
        code = country_code(name)
        if code is None:
            raise InputError(
                f"{name!r} is not a country that accountmap knows", "Write its two-letter code, such as DE."
            )
        codes.add(code)
    return tuple(sorted(codes))


def _lead(typed: str) -> Lead:
    place, _, leader = typed.partition("=")
    pair, territory = place.rsplit(":", 1) if place.count(":") == 2 else (place, "")
    if leader not in LEADERS:
        raise InputError(f"{typed!r} does not say who leads", "Write customer:prospect=us, or all:all:DE,AT=them")
    return Lead(*segment_pair(pair), countries(c for c in territory.split(",") if c), LEADERS[leader])


def _segments(typed: str) -> tuple[str, ...]:
    wanted = {name.strip() for name in typed.split(",")}
    if wanted == {"all"}:
        return SEGMENTS
    if not wanted <= set(SEGMENTS):
        raise InputError(f"{typed!r} is not a segment", f"Segments: {', '.join(SEGMENTS)}, or all")
    return tuple(name for name in SEGMENTS if name in wanted)


def _cells(mine: Sequence[str], theirs: Sequence[str]) -> list[Cell]:
    return [(one, other) for one in mine for other in theirs]


def employees_band(typed: str) -> tuple[int, int]:
    """Read `FROM-TO`; either may be missing. An empty text is no bound.

    Raises:
        InputError: it is malformed.
    """
    least, _, most = typed.partition("-")
    if not typed:
        return 0, 0
    try:
        band = int(least or 0), int(most or 0)
    except ValueError as error:
        raise InputError(f"{typed!r} is not a range of employees", "Write 50-5000, 1000- or -200.") from error
    if band[1] and band[0] > band[1]:
        raise InputError(f"{typed!r} is not a range of employees: it ends before it begins", "Write 50-5000.")
    return band
