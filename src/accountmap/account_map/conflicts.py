"""Rules of engagement, and matches where the two sides may get in each other's way."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import codes, first_of_entity, mapped
from accountmap.account_map.schema import (
    BOTH,
    CONFLICT_SCHEMA,
    ME,
    THEM,
    EngagementRule,
)
from accountmap.accounts.segments import segment_of
from accountmap.linkage.places import country_code


def leader(rules: Iterable[EngagementRule], segment: str, their_segment: str, territory: str | None) -> str | None:
    """Say who leads, or None if no rule fits.

    Args:
        rules: in their order.
        territory: ISO 3166 code; None fits only rules for all countries.
    """
    for rule in rules:
        in_cell = segment in rule.segments and their_segment in rule.their_segments
        if in_cell and (not rule.countries or territory in rule.countries):
            return rule.lead
    return None


def certain_leader(rules: Iterable[EngagementRule], segment: str, their_segment: str) -> str | None:
    """Say who leads in a cell if the country of the account cannot change it; None if it can, or if no rule fits.

    Both sides get the same answer, although their lists may name different countries.

    Args:
        rules: in their order.
    """
    found: set[str | None] = set()
    for rule in rules:
        if segment in rule.segments and their_segment in rule.their_segments:
            found.add(rule.lead)
            if not rule.countries:
                return rule.lead if len(found) == 1 else None
    return None


def leads(
    rules: tuple[EngagementRule, ...],
    segment: pa.ChunkedArray,
    their_segment: pa.ChunkedArray,
    territory: pa.ChunkedArray,
) -> pa.Array:
    """Say for each match who leads, looking up each combination once."""
    if not rules:
        return pa.nulls(len(segment), pa.string())
    found: dict[tuple[str, str, str | None], str | None] = {}
    rows = zip(segment.to_pylist(), their_segment.to_pylist(), territory.to_pylist(), strict=True)
    answers = []
    for row in rows:
        if row not in found:
            found[row] = leader(rules, *row)
        answers.append(found[row])
    return pa.array(answers, pa.string())


SEVERAL: Final = "several of theirs"
BOTH_SELL: Final = "both are selling"
BOTH_REGISTERED: Final = "both registered a deal"
THEY_REGISTERED: Final = "they registered a deal"
YOU_REGISTERED: Final = "you registered a deal"
TERRITORY: Final = "the country decides who leads"

_WHO_LEADS: Final = {ME: "you lead", THEM: "they lead", BOTH: "both lead", None: "nobody is named"}
_NEXT_STEP_SALE: Final = {
    ME: "By your rules you lead: tell their owner before either of you calls.",
    THEM: "By your rules they lead: call only once their owner agrees.",
    BOTH: "Your rules let both sell: agree on the next step with their owner.",
    None: "No rule says who leads: agree with their owner before either of you calls.",
}
_NEXT_STEP: Final = {
    BOTH_REGISTERED: "Each side has registered a deal: compare them, and agree which one counts.",
    THEY_REGISTERED: "They have registered a deal: ask their owner before you sell here.",
    YOU_REGISTERED: "You have registered a deal: make sure that their owner knows.",
    SEVERAL: "You list this company once, they list it several times: find out which of their accounts is meant.",
}
REASONS: Final = (BOTH_SELL, BOTH_REGISTERED, THEY_REGISTERED, YOU_REGISTERED, TERRITORY, SEVERAL)

Flags = npt.NDArray[np.bool_]


def conflicts(overlap: pa.Table, rules: tuple[EngagementRule, ...]) -> pa.Table:
    """List the matches that the two sides have to talk about, each with its reasons.

    Both are selling if both have an open deal: by segment, or by a stage that is known to be an open one. Where
    only a stage says so for one of them, it is a conflict unless a rule names one side.

    Args:
        overlap: OVERLAP_SCHEMA.

    Returns:
        CONFLICT_SCHEMA.
    """
    matches = _matches(overlap)
    found = [*_sales(matches), *_registrations(matches), *_territories(matches, rules), *_several(matches)]
    found.sort(key=lambda each: (each[0], REASONS.index(each[1])))
    rows, reasons, next_steps = zip(*found, strict=True) if found else ((), (), ())
    table = matches.take(pa.array(rows, pa.int64()))
    table = table.append_column("reason", pa.array(reasons, pa.string()))
    table = table.append_column("next_step", pa.array(next_steps, pa.string()))
    return table.select(CONFLICT_SCHEMA.names).cast(CONFLICT_SCHEMA)


_Found = list[tuple[int, str, str]]
"""Row of the match, reason, next step."""


def _matches(overlap: pa.Table) -> pa.Table:
    """Take the first row of each match, with the first stage and registered deal that any of its accounts has."""
    match, size = codes(overlap["match_id"])
    table = overlap.take(pa.array(np.unique(match, return_index=True)[1]))
    for name in ("stage", "registered_deal"):
        column = first_of_entity(overlap[name].combine_chunks(), match, size)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def _open(segment: pa.ChunkedArray, stage: pa.ChunkedArray) -> Flags:
    by_segment = pc.equal(segment, "opportunity")
    by_stage = pc.equal(mapped(stage, segment_of), "opportunity").fill_null(False)
    flags: Flags = np.asarray(by_segment.to_numpy()) | by_stage.to_numpy(zero_copy_only=False)
    return flags


def _sales(matches: pa.Table) -> _Found:
    both = _open(matches["segment"], matches["stage"]) & _open(matches["their_segment"], matches["their_stage"])
    rows = np.flatnonzero(both)
    columns = (matches[name].take(pa.array(rows)).to_pylist() for name in ("lead", "segment", "their_segment"))
    return [
        (row, BOTH_SELL, _NEXT_STEP_SALE[lead])
        for row, lead, mine, theirs in zip(rows.tolist(), *columns, strict=True)
        if mine == theirs or lead in (BOTH, None)
    ]


def _registrations(matches: pa.Table) -> _Found:
    mine, theirs = (matches[name].is_valid().to_numpy() for name in ("registered_deal", "their_registered_deal"))
    kinds = {BOTH_REGISTERED: mine & theirs, THEY_REGISTERED: theirs & ~mine, YOU_REGISTERED: mine & ~theirs}
    return [
        (row, reason, _NEXT_STEP[reason])
        for reason, flags in kinds.items()
        for row in np.flatnonzero(flags).tolist()
    ]


def _territories(matches: pa.Table, rules: tuple[EngagementRule, ...]) -> _Found:
    if not any(rule.countries for rule in rules):
        return []
    theirs = mapped(matches["their_country"], country_code)
    by_theirs = leads(rules, matches["segment"], matches["their_segment"], pa.chunked_array([theirs]))
    rows = zip(
        matches["territory"].to_pylist(),
        theirs.to_pylist(),
        matches["lead"].to_pylist(),
        by_theirs.to_pylist(),
        strict=True,
    )
    return [
        (
            row,
            TERRITORY,
            f"By your account's country ({here or 'not known'}) {_WHO_LEADS[lead]}, by theirs ({there}) "
            f"{_WHO_LEADS[other]}: agree which one counts.",
        )
        for row, (here, there, lead, other) in enumerate(rows)
        if there is not None and lead != other
    ]


def _several(matches: pa.Table) -> _Found:
    entity, entities = codes(matches["entity_id"])
    many = np.bincount(entity, minlength=entities)[entity] > 1
    return [(row, SEVERAL, _NEXT_STEP[SEVERAL]) for row in np.flatnonzero(many).tolist()]
