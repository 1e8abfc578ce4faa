"""What an agreement shares, and what differs between two agreements, in plain sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from accountmap.trust.agreement import Agreement
from accountmap.trust.roles import BOTH, ROLES
from accountmap.trust.terms import COUNTS, NAMES, Disclosure, JointFilter, Lead, Sharing, Terms


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
        *_filter_sentence(sharing.joint_filter),
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


def _filter_sentence(joint: JointFilter) -> Iterator[str]:
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


def differences(one: Agreement, other: Agreement) -> tuple[str, ...]:
    """Say what the other agreement changes; nothing if only the time of writing and the signatures differ."""
    found = [*_parties(one.terms, other.terms), *_terms(one.terms, other.terms)]
    for role, was, is_now in zip(ROLES, one.sizes, other.sizes, strict=False):
        found += _table(f"Padded size of the {role}", was, is_now)
    if one.complete != other.complete:
        found.append(f"Signed: {_signed(one)}, now {_signed(other)}.")
    return tuple(found)


def _signed(agreement: Agreement) -> str:
    return "by both" if agreement.complete else "by the initiator alone"


def _parties(one: Terms, other: Terms) -> Iterator[str]:
    if one.names == other.names[::-1] and one.cards == other.cards[::-1]:
        yield f"Roles: {other.names[0]} begins sessions, before it was {one.names[0]}."
        return
    for n, role in enumerate(ROLES):
        if one.names[n] != other.names[n]:
            yield f"The {role}: {one.names[n]}, now {other.names[n]}."
        elif one.cards[n] != other.cards[n]:
            yield f"The {role}, {other.names[n]}, has another card."


def _terms(one: Terms, other: Terms) -> Iterator[str]:
    pairs = {
        "Purpose": (one.purpose, other.purpose),
        "Sessions may begin until": (one.valid_until, other.valid_until),
        "Sessions in 30 days, at most": (one.runs_per_30_days, other.runs_per_30_days),
        "Programs reveal without asking up to": (f"{one.automatic_share:.0%}", f"{other.automatic_share:.0%}"),
        "A partner's list raises the alarm when it grows": (_times(one), _times(other)),
        "Counts are shown from": (one.sharing.smallest_cell, other.sharing.smallest_cell),
        "A list that changes does so by at least": (_entities(one.min_change), _entities(other.min_change)),
        "Profile of match keys": (one.profile, other.profile),
        "Evidence that makes a match": (one.threshold, other.threshold),
        "Version of the canonicaliser": (one.canonical, other.canonical),
        "Segments": (", ".join(one.segments), ", ".join(other.segments)),
    }
    for what, (was, is_now) in pairs.items():
        if was != is_now:
            yield f"{what}: {was}, now {is_now}."
    yield from _sharing(one, other)
    yield from _slots(one, other)
    for table in sorted(one.data.keys() | other.data.keys()):
        if one.data.get(table) != other.data.get(table):
            yield f"The table {table} for recognising companies is another one."


def _times(terms: Terms) -> str:
    return f"{terms.growth_alarm} times"


def _sharing(one: Terms, other: Terms) -> Iterator[str]:
    """Compare what is said of sharing, filter and engagement, sentence by sentence."""
    if one.names == other.names[::-1]:
        # Each company keeps its side, whoever begins sessions now.
        leads = tuple(lead.mirrored() for lead in one.leads)
        one = replace(one, names=other.names, sharing=one.sharing.mirrored(), leads=leads)
    was, is_now = _same_everywhere(one), _same_everywhere(other)
    if was is not None and is_now is not None:
        yield from _members("Shown of matched accounts", was, is_now)
        other = replace(other, sharing=replace(other.sharing, rectangles=one.sharing.rectangles))
    # One of them may have another name now; what is said of a side is compared under the same one.
    before, after = (
        sharing_in_words(terms.sharing, terms.leads, one.names, one.segments) for terms in (one, other)
    )
    yield from (f"No longer: {sentence}" for sentence in before if sentence not in after)
    yield from (f"New: {sentence}" for sentence in after if sentence not in before)


def _same_everywhere(terms: Terms) -> tuple[str, ...] | None:
    """Return the fields that both show in all cells, if it is so simple."""
    first = terms.sharing.rectangles[0]
    ours, theirs = first.disclosure.fields
    simple = first.disclosure.level == NAMES and ours == theirs
    whole = all(set(side) == set(terms.segments) for side in first.segments)
    return ours if simple and whole else None


def _entities(count: int) -> str:
    return f"{count:,} entities of a segment" if count else "nothing"


def _slots(one: Terms, other: Terms) -> Iterator[str]:
    before, after = ({s.name: s for s in terms.slots} for terms in (one, other))
    yield from _members("Compared", tuple(before), tuple(after))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"The match key {name} counts otherwise: {before[name].weight}, now {after[name].weight}."
    if one.slots[0].name != other.slots[0].name:
        yield f"The preview counts by {other.slots[0].name}, before by {one.slots[0].name}."


def _members(what: str, one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    added, dropped = [n for n in other if n not in one], [n for n in one if n not in other]
    if added:
        yield f"{what}, new: {', '.join(added).replace('_', ' ')}."
    if dropped:
        yield f"{what}, no longer: {', '.join(dropped).replace('_', ' ')}."


def _table(what: str, one: Mapping[str, int], other: Mapping[str, int]) -> Iterator[str]:
    for name in sorted(one.keys() | other.keys()):
        was, is_now = one.get(name), other.get(name)
        if was != is_now:
            shown = ("none" if n is None else f"{n:,}" for n in (was, is_now))
            yield f"{what}, {name}: {', now '.join(shown)}."
