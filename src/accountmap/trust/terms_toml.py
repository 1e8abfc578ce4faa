"""Reading and writing the terms of an agreement as TOML (trust-v1 §4.1)."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any, Final

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.display_safety import MAX_PURPOSE, check_line, check_name
from accountmap.trust.roles import BOTH, INITIATOR, RESPONDER, ROLES
from accountmap.trust.terms import (
    AGREEMENT_FORMAT,
    COUNTS,
    MOST_CHANGE,
    MOST_GROWTH,
    MOST_RUNS,
    NAMES,
    PROTOCOL,
    SHARED_FIELDS,
    Disclosure,
    JointFilter,
    Lead,
    Rectangle,
    Sharing,
    SlotTerms,
    Terms,
)
from accountmap.trust.toml_text import quote as q

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
        rest_shown_by=toml_text.strings(fields["disclosure"]["rest_shown_by"]),
        rest_named_by=toml_text.strings(fields["disclosure"]["rest_named_by"]),
        smallest_cell=fields["disclosure"]["smallest_cell"],
        joint_filter=_filter(fields["filter"]),
    )


def read_leads(engagement: dict[str, Any]) -> tuple[Lead, ...]:
    """Read the rules of engagement.

    Raises:
        TrustError: as `read_sharing`.
    """
    toml_text.check_keys(engagement, {"rules": list}, "agreement, engagement")
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
    initiator, responder, shows, partner_shows = (toml_text.strings(read[name]) for name in lists)
    return Rectangle(Disclosure(read["level"], (shows, partner_shows)), (initiator, responder))


def _filter(table: object) -> JointFilter:
    types = {"countries": list, "industries": list, "employees_from": int, "employees_to": int}
    read = _table(table, types, "agreement, filter")
    return JointFilter(
        countries=toml_text.strings(read["countries"]),
        industries=toml_text.strings(read["industries"]),
        employees=(read["employees_from"], read["employees_to"]),
    )


def _lead(table: object) -> Lead:
    lists = dict.fromkeys(("initiator", "responder", "countries"), list)
    read = _table(table, {"leads": str, **lists}, "agreement, engagement")
    initiator, responder, countries = (toml_text.strings(read[name]) for name in lists)
    return Lead((initiator, responder), countries, read["leads"])


def _table(table: object, types: dict[str, type], where: str) -> dict[str, Any]:
    toml_text.check_keys(table, types, where)
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


_MOST_SEGMENTS: Final = 16
_MOST_SLOTS: Final = 32
_MOST_WEIGHT: Final = 2**62
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def read_terms(fields: dict[str, Any]) -> Terms:
    """Read the terms from the parsed first part of an agreement, strictly.

    Raises:
        TrustError: a key is missing, unknown, of another type or out of range, or words could mislead on a screen.
    """
    _check_shape(fields)
    parties, matching, disclosure = fields["parties"], fields["matching"], fields["disclosure"]
    terms = Terms(
        created=fields["created"],
        valid_until=fields["valid_until"],
        purpose=fields["purpose"],
        names=_pair(parties["names"]),
        cards=_pair(parties["cards"]),
        canonical=fields["canonical"]["version"],
        data=dict(
            zip(fields["canonical"]["data"], toml_text.strings(fields["canonical"]["data"].values()), strict=True)
        ),
        profile=matching["profile"],
        slots=tuple(SlotTerms(**slot) for slot in fields["slot"]),
        threshold=matching["threshold"],
        segments=toml_text.strings(disclosure["segments"]),
        sharing=read_sharing(fields),
        leads=read_leads(fields["engagement"]),
        automatic_share=disclosure["automatic_share"],
        runs_per_30_days=disclosure["runs_per_30_days"],
        min_change=fields["limits"]["min_change"],
        growth_alarm=fields["limits"]["growth_alarm"],
    )
    _check_words(terms)
    _check_ranges(terms)
    check_sharing(terms)
    return terms


def _check_shape(fields: dict[str, Any]) -> None:
    check = toml_text.check_keys
    top = {"format": str, "created": datetime, "valid_until": date, "purpose": str}
    arrays = dict.fromkeys(("slot", "rectangle"), list)
    names = ("parties", "protocol", "canonical", "matching", "disclosure", "filter", "engagement", "limits")
    tables = dict.fromkeys((*names, INITIATOR), dict)
    check(fields, {**top, **arrays, **tables}, "agreement")
    check(fields["parties"], {"names": list, "cards": list}, "agreement, parties")
    check(fields["canonical"], {"version": str, "data": dict}, "agreement, canonical")
    check(fields["matching"], {"profile": str, "threshold": int}, "agreement, matching")
    shown = {"segments": list, "rest_shown_by": list, "rest_named_by": list, "smallest_cell": int}
    runs = {"automatic_share": float, "runs_per_30_days": int}
    check(fields["disclosure"], {**shown, **runs}, "agreement, disclosure")
    check(fields["limits"], {"min_change": int, "growth_alarm": int}, "agreement, limits")
    for slot in fields["slot"]:
        check(slot, {"name": str, "space": str, "weight": int, "tier": str}, "agreement, slot")
    if fields["protocol"] != PROTOCOL:
        raise TrustError(
            "the agreement asks for another protocol than this version has", "Use the same version on both sides."
        )


def _pair(values: list[Any]) -> tuple[str, str]:
    found = toml_text.strings(values)
    if len(found) != 2:
        raise TrustError("agreement: it is not between two parties")
    return found[0], found[1]


def _check_words(terms: Terms) -> None:
    """Refuse words that could show something else, on the screen on which somebody signs, than they hold."""
    for name in terms.names:
        check_name(name)
    check_line(terms.purpose, "the purpose of an agreement", MAX_PURPOSE)
    slots = chain.from_iterable((slot.name, slot.space, slot.tier) for slot in terms.slots)
    tables = chain.from_iterable(terms.data.items())
    for words in (terms.canonical, terms.profile, *slots, *tables, *terms.segments):
        check_line(words, "agreement: a text")


def _check_ranges(terms: Terms) -> None:
    weights = [slot.weight for slot in terms.slots]
    kept = {
        "names": terms.names[0] != terms.names[1],
        "cards": terms.cards[0] != terms.cards[1] and all(map(_DIGEST.fullmatch, terms.cards)),
        "slot": 1 <= len(terms.slots) <= _MOST_SLOTS,
        "weight": all(1 <= weight < _MOST_WEIGHT for weight in weights),
        "threshold": 1 <= terms.threshold < _MOST_WEIGHT,
        "segments": 1 <= len(terms.segments) == len(set(terms.segments)) <= _MOST_SEGMENTS,
        "automatic_share": 0 <= terms.automatic_share <= 1,
        "runs_per_30_days": 1 <= terms.runs_per_30_days <= MOST_RUNS,
        "min_change": 0 <= terms.min_change <= MOST_CHANGE,
        "growth_alarm": 2 <= terms.growth_alarm <= MOST_GROWTH,
    }
    for key, holds in kept.items():
        if not holds:
            raise TrustError(f"agreement: {key} is out of range")


def write_terms(terms: Terms) -> str:
    """Write the terms as the first part of an agreement."""
    data = "".join(f"{q(name)} = {q(digest)}\n" for name, digest in terms.data.items())
    sharing = terms.sharing
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
{"".join(map(_slot, terms.slots))}
# What is shown. Counts: how many entities match at least. Names: after both consent, each learns which of its own
# accounts the other has, and of these the fields that the other shows. A pair of segments that stands in no
# rectangle is hidden: it is never compared.
[disclosure]
segments = {q(list(terms.segments))}
rest_shown_by = {q(list(sharing.rest_shown_by))}
rest_named_by = {q(list(sharing.rest_named_by))}
smallest_cell = {sharing.smallest_cell}
automatic_share = {terms.automatic_share}
runs_per_30_days = {terms.runs_per_30_days}
{"".join(map(_rectangle_toml, sharing.rectangles))}
# Which accounts of both lists take part; an empty list, or 0, lets all in.
[filter]
{_filter_toml(sharing.joint_filter)}
# Who leads where both have an account: the first rule that fits.
[engagement]
rules = [{_rules(terms.leads)}]

# Two sessions whose lists differ by few entities give these away: a list stays as it was, or changes by so many.
# A list that grows so many times may hold companies that are not its owner's.
[limits]
min_change = {terms.min_change}
growth_alarm = {terms.growth_alarm}
"""


def _slot(slot: SlotTerms) -> str:
    return f"""
[[slot]]
name = {q(slot.name)}
space = {q(slot.space)}
weight = {slot.weight}
tier = {q(slot.tier)}
"""


def _rectangle_toml(rectangle: Rectangle) -> str:
    shown = rectangle.disclosure
    return f"""
[[rectangle]]
level = {q(shown.level)}
initiator = {q(list(rectangle.segments[0]))}
responder = {q(list(rectangle.segments[1]))}
initiator_shows = {q(list(shown.fields[0]))}
responder_shows = {q(list(shown.fields[1]))}
"""


def _filter_toml(joint: JointFilter) -> str:
    return f"""countries = {q(list(joint.countries))}
industries = {q(list(joint.industries))}
employees_from = {joint.employees[0]}
employees_to = {joint.employees[1]}
"""


def _rules(leads: Iterable[Lead]) -> str:
    rules = [
        f"  {{ initiator = {q(list(lead.segments[0]))}, responder = {q(list(lead.segments[1]))}, "
        f"countries = {q(list(lead.countries))}, leads = {q(lead.leads)} }},\n"
        for lead in leads
    ]
    return f"\n{''.join(rules)}" if rules else ""
