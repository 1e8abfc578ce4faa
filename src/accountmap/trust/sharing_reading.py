"""Reading what an agreement lets the partners see, from what a partner wrote (trust-v1 §4.1, §4.3)."""

import re
from itertools import chain
from typing import Any, Final

from accountmap.errors import TrustError
from accountmap.trust import text
from accountmap.trust.roles import BOTH, INITIATOR, RESPONDER, ROLES
from accountmap.trust.sharing import COUNTS, NAMES, Disclosure, JointFilter, Lead, Rectangle, Sharing
from accountmap.trust.terms import SHARED_FIELDS, Terms
from accountmap.trust.visible import check_line

MOST_RULES: Final = 200
MOST_INDUSTRIES: Final = 200
MOST_EMPLOYEES: Final = 1_000_000_000
MOST_SUPPRESSED: Final = 1_000

_HINTS: Final = {
    "rest_shown_by": "Other accounts can be counted only where some pair of segments reveals matches.",
    "rest_named_by": "Names of other accounts can be shown by a side only if each of its segments reveals matches "
    "with all segments of the other, or with none: else they tell what a pair keeps to itself.",
}

_COUNTRY: Final = re.compile("[A-Z]{2}")


def read_sharing(fields: dict[str, Any]) -> Sharing:
    """Read sharing matrix and filter.

    Raises:
        TrustError: a key is missing, unknown or of another type.
    """
    return Sharing(
        rectangles=tuple(map(_rectangle, fields["rectangle"])),
        rest_shown_by=text.strings(fields["disclosure"]["rest_shown_by"]),
        rest_named_by=text.strings(fields["disclosure"]["rest_named_by"]),
        smallest_cell=fields["disclosure"]["smallest_cell"],
        joint_filter=_filter(fields["filter"]),
    )


def read_leads(engagement: dict[str, Any]) -> tuple[Lead, ...]:
    """Read the rules of engagement.

    Raises:
        TrustError: as `read_sharing`.
    """
    text.check_keys(engagement, {"rules": list}, "agreement, engagement")
    return tuple(map(_lead, engagement["rules"]))


def check_sharing(terms: Terms) -> None:
    """Refuse a sharing matrix, filter or rules that say nothing that could be kept.

    Raises:
        TrustError: naming what is out of range.
    """
    sharing, joint = terms.sharing, terms.sharing.joint_filter
    kept = {
        "rectangle": _are_disjoint(sharing) and all(_fits(r.segments, terms) for r in sharing.rectangles),
        "level": all(_is_level(r.disclosure) for r in sharing.rectangles),
        "fields": all(_are_fields(names) for r in sharing.rectangles for names in r.disclosure.fields),
        "rest_shown_by": _is_choice(sharing.rest_shown_by, (INITIATOR, RESPONDER)) and _may_show_rest(sharing),
        "rest_named_by": _is_choice(sharing.rest_named_by, sharing.rest_shown_by)
        and all(_may_name_rest(ROLES.index(role), terms) for role in sharing.rest_named_by),
        "smallest_cell": 1 <= sharing.smallest_cell <= MOST_SUPPRESSED,
        "countries": _are_countries(joint.countries),
        "industries": len(joint.industries) <= MOST_INDUSTRIES,
        "employees": _is_band(joint.employees),
        "engagement": len(terms.leads) <= MOST_RULES and all(_is_rule(lead, terms) for lead in terms.leads),
    }
    for key, holds in kept.items():
        if not holds:
            raise TrustError(f"agreement: {key} is out of range", _HINTS.get(key, ""))
    for word in joint.industries:
        check_line(word, "agreement: an industry")


def _rectangle(table: object) -> Rectangle:
    lists = dict.fromkeys(("initiator", "responder", "initiator_shows", "responder_shows"), list)
    read = _table(table, {"level": str, **lists}, "agreement, rectangle")
    initiator, responder, shows, partner_shows = (text.strings(read[name]) for name in lists)
    return Rectangle(Disclosure(read["level"], (shows, partner_shows)), (initiator, responder))


def _filter(table: object) -> JointFilter:
    types = {"countries": list, "industries": list, "employees_from": int, "employees_to": int}
    read = _table(table, types, "agreement, filter")
    return JointFilter(
        countries=text.strings(read["countries"]),
        industries=text.strings(read["industries"]),
        employees=(read["employees_from"], read["employees_to"]),
    )


def _lead(table: object) -> Lead:
    lists = dict.fromkeys(("initiator", "responder", "countries"), list)
    read = _table(table, {"leads": str, **lists}, "agreement, engagement")
    initiator, responder, countries = (text.strings(read[name]) for name in lists)
    return Lead((initiator, responder), countries, read["leads"])


def _table(table: object, types: dict[str, type], where: str) -> dict[str, Any]:
    text.check_keys(table, types, where)
    return dict(table) if isinstance(table, dict) else {}


def _are_disjoint(sharing: Sharing) -> bool:
    cells = list(chain.from_iterable(rectangle.cells for rectangle in sharing.rectangles))
    return 0 < len(cells) == len(set(cells))


def _may_show_rest(sharing: Sharing) -> bool:
    """A rest leaves with the fields of matches: somewhere there must be some."""
    return not sharing.rest_shown_by or any(r.disclosure.level == NAMES for r in sharing.rectangles)


def _may_name_rest(role: int, terms: Terms) -> bool:
    """Naming what does not match must not name what may match in a cell that shows less."""
    for own in terms.segments:
        cells = [(own, other) if role == 0 else (other, own) for other in terms.segments]
        shown = [terms.sharing.disclosure(cell) for cell in cells]
        levels = {each.level if each else None for each in shown}
        if NAMES in levels and levels != {NAMES}:
            return False
    return True


def _fits(segments: tuple[tuple[str, ...], tuple[str, ...]], terms: Terms) -> bool:
    return all(names and _is_choice(names, terms.segments) for names in segments)


def _is_choice(names: tuple[str, ...], of: tuple[str, ...]) -> bool:
    return len(set(names)) == len(names) and set(names) <= set(of)


def _is_level(shown: Disclosure) -> bool:
    return shown.level == NAMES or (shown.level == COUNTS and not any(shown.fields))


def _are_fields(names: tuple[str, ...]) -> bool:
    return _is_choice(names, SHARED_FIELDS)


def _are_countries(codes: tuple[str, ...]) -> bool:
    return len(set(codes)) == len(codes) and all(map(_COUNTRY.fullmatch, codes))


def _is_band(employees: tuple[int, int]) -> bool:
    least, most = employees
    return 0 <= least <= MOST_EMPLOYEES and (most == 0 or least <= most <= MOST_EMPLOYEES)


def _is_rule(lead: Lead, terms: Terms) -> bool:
    return (
        lead.leads in (INITIATOR, RESPONDER, BOTH)
        and _fits(lead.segments, terms)
        and _are_countries(lead.countries)
    )
