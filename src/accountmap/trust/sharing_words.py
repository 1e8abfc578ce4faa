"""Sharing matrix, joint filter and rules of engagement in plain sentences."""

from collections.abc import Iterator, Sequence

from accountmap.trust.roles import BOTH, ROLES
from accountmap.trust.sharing import COUNTS, Disclosure, JointFilter, Lead, Sharing


def sharing_in_words(
    sharing: Sharing, leads: Sequence[Lead], names: tuple[str, str], segments: Sequence[str]
) -> tuple[str, ...]:
    """Say what both learn, who takes part and who leads.

    Args:
        names: of initiator and responder.
        segments: of the agreement.
    """
    return (
        *_rectangles(sharing, names, segments),
        *_rest(sharing, names),
        *_filter(sharing.joint_filter),
        *_leads(leads, names, segments),
    )


def _rectangles(sharing: Sharing, names: tuple[str, str], segments: Sequence[str]) -> Iterator[str]:
    for rectangle in sharing.rectangles:
        yield f"{_place(rectangle.segments, names, segments)}: {_shown(rectangle.disclosure, names)}."
    hidden: dict[tuple[str, ...], list[str]] = {}
    for one in segments:
        others = tuple(other for other in segments if sharing.disclosure((one, other)) is None)
        hidden.setdefault(others, []).append(one)
    for others, ones in hidden.items():
        if others:
            yield f"{_place((tuple(ones), others), names, segments)}: hidden, never compared."


def _place(pair: tuple[Sequence[str], Sequence[str]], names: tuple[str, str], segments: Sequence[str]) -> str:
    if all(set(side) == set(segments) for side in pair):
        return "All segments by all segments"
    return " by ".join(
        f"{_all_or_listed(side, segments)} of {name}" for side, name in zip(pair, names, strict=True)
    )


def _all_or_listed(side: Sequence[str], segments: Sequence[str]) -> str:
    return "every segment" if set(side) == set(segments) else " and ".join(side)


def _shown(shown: Disclosure, names: tuple[str, str]) -> str:
    if shown.level == COUNTS:
        return "only how many entities match, by the preview kind alone"
    which = "after both agree, each learns which of its own accounts the other has and in which segment"
    ours, theirs = shown.fields
    if ours == theirs:
        return f"{which}; both show {_listed(ours)} of these"
    each = " and ".join(f"{name} {_listed(fields)}" for name, fields in zip(names, shown.fields, strict=True))
    return f"{which}; not the same both ways: of these shows {each}"


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(fields).replace("_", " ") or "nothing more"


def _rest(sharing: Sharing, names: tuple[str, str]) -> Iterator[str]:
    for role, name in zip(ROLES, names, strict=True):
        if role in sharing.rest_shown_by:
            yield (
                f"{name} also shows how many other entities it has, by country, industry and size, and so its "
                f"true sizes; counts below {sharing.smallest_cell} are put together with others."
            )
        if role in sharing.rest_named_by:
            yield f"{name} also shows the names of all these others: accounts that the two do not share."


def _filter(joint: JointFilter) -> Iterator[str]:
    least, most = joint.employees
    parts = []
    if joint.countries:
        parts.append(f"in {', '.join(joint.countries)}")
    if joint.industries:
        parts.append(f"of the industries {', '.join(map(_quoted, joint.industries))}")
    if least or most:
        parts.append(f"with {f'{least:,} to {most:,}' if most else f'{least:,} or more'} employees")
    if parts:
        yield f"Of both lists only accounts {', '.join(parts)} take part."


def _quoted(word: str) -> str:
    """Show where a word of the partner begins and ends: it could hold a sentence."""
    return f"“{word.replace('“', chr(39)).replace('”', chr(39))}”"


def _leads(leads: Sequence[Lead], names: tuple[str, str], segments: Sequence[str]) -> Iterator[str]:
    for number, lead in enumerate(leads):
        before = "Where none of the rules before fits: " if number else ""
        who = "both may call" if lead.leads == BOTH else f"{names[ROLES.index(lead.leads)]} leads"
        where = f" in {', '.join(lead.countries)}" if lead.countries else ""
        yield f"{before}{_place(lead.segments, names, segments)}{where}: {who}."
