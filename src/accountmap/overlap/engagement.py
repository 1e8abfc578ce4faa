"""Who leads where both have an account: the first rule of engagement that fits."""

from collections.abc import Iterable

import pyarrow as pa

from accountmap.overlap.result import EngagementRule


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


def leads(
    rules: tuple[EngagementRule, ...],
    segment: pa.ChunkedArray,
    their_segment: pa.ChunkedArray,
    territory: pa.ChunkedArray,
) -> pa.Array:
    """Say for each match who leads; few combinations differ."""
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
