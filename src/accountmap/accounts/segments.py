"""What the values of a stage, type or status column say about the relationship to an account."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.headings import fold
from accountmap.accounts.schema import IGNORE, SEGMENTS, Remark, SegmentValue
from accountmap.errors import InputError

WEAKEST: Final = SEGMENTS[-1]
_MEANINGS: Final = (*SEGMENTS, IGNORE)


def _load() -> dict[str, tuple[str, ...]]:
    text = files("accountmap.accounts").joinpath("segments.toml").read_text("utf-8")
    return {segment: tuple(values) for segment, values in tomllib.loads(text).items()}


SEGMENT_VALUES: Final[Mapping[str, tuple[str, ...]]] = _load()
"""Segment -> the values that mean it."""

_BUILT_IN: Final = {fold(value): segment for segment, values in SEGMENT_VALUES.items() for value in values}


def segment_of(value: str) -> str | None:
    """Return the segment that a stage, type or status is known to mean, or None."""
    return _BUILT_IN.get(fold(value))


@dataclass(frozen=True)
class Segments:
    """The segments of the rows of a list.

    Attributes:
        column: one of SEGMENTS for each row.
        ignored: the rows whose value the user wants to be ignored; they are left out.
        values: what each value was taken for, the most frequent first.
        notes: what was decided, one sentence each.
        remarks: what the owner should look at.
    """

    column: pa.ChunkedArray
    ignored: npt.NDArray[np.bool_]
    values: tuple[SegmentValue, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()


def _check(segments: Mapping[str, str]) -> dict[str, str]:
    for segment in segments.values():
        if segment not in _MEANINGS:
            raise InputError(f"There is no segment '{segment}'.", f"Use one of: {', '.join(_MEANINGS)}.")
    return {fold(value): segment for value, segment in segments.items()}


def read_segments(
    column: pa.ChunkedArray | None, heading: str, length: int, segments: Mapping[str, str] | None = None
) -> Segments:
    """Read segments: the user's own values first, then the built-in ones; others are the weakest, with a remark.

    Args:
        column: cleaned text, or None if the list has no such column.
        heading: the heading of the column, for notes.
        length: the number of accounts.
        segments: the owner's value -> segment or IGNORE; takes precedence over the built-in table.

    Raises:
        InputError: `segments` names a segment that does not exist.
    """
    meaning = _BUILT_IN | _check(segments or {})
    if column is None:
        return _without_column(length)
    counts = {entry["values"]: entry["counts"] for entry in column.drop_null().value_counts().to_pylist()}
    known = {value: _meaning(value, meaning) for value in counts}
    answers = pa.array([known[value] or WEAKEST for value in counts] + [WEAKEST], pa.string())
    at = pc.fill_null(pc.index_in(column, value_set=pa.array(counts, pa.string())), len(counts))
    found = answers.take(at)
    ignored: npt.NDArray[np.bool_] = pc.equal(found, IGNORE).to_numpy()
    notes = (
        (f"'{heading}': rows with values that you ignore, left out: {ignored.sum():,}.",) if ignored.any() else ()
    )
    unknown = {value: counts[value] for value in counts if known[value] is None}
    return Segments(
        pc.if_else(pc.equal(found, IGNORE), WEAKEST, found),
        ignored,
        _described(counts, known, column.null_count),
        notes,
        _unknown(unknown, heading),
    )


_BETWEEN_LABELS: Final = re.compile(r"[,;|]")


def _meaning(value: str, meaning: Mapping[str, str]) -> str | None:
    """Return what a value means; of several labels in one cell, IGNORE if there is one, else the strongest."""
    whole = meaning.get(fold(value))
    if whole or not _BETWEEN_LABELS.search(value):
        return whole
    of_parts = {meaning.get(fold(part)) for part in _BETWEEN_LABELS.split(value)}
    return next((each for each in (IGNORE, *SEGMENTS) if each in of_parts), None)


def _without_column(length: int) -> Segments:
    remark = Remark(
        "no_segments",
        f"No column says what an account is to you: all count as {WEAKEST}.",
        "Name the column: --map segment=HEADING. Without one, your customers count as prospects too.",
        length,
    )
    everything = pa.chunked_array([pa.repeat(WEAKEST, length)], pa.string())
    return Segments(everything, np.zeros(length, bool), remarks=(remark,))


def _described(counts: Mapping[str, int], known: Mapping[str, str | None], blank: int) -> tuple[SegmentValue, ...]:
    """Put the spellings of one value together."""
    by_fold: dict[str, SegmentValue] = {}
    for value in sorted(counts, key=lambda each: (-counts[each], each)):
        before = by_fold.get(fold(value))
        count = counts[value] + (before.count if before else 0)
        segment = known[value]
        shown = before.value if before else value
        by_fold[fold(value)] = SegmentValue(shown, count, segment or WEAKEST, segment is not None)
    values = sorted(by_fold.values(), key=lambda each: -each.count)
    return (*values, *([SegmentValue(None, blank, WEAKEST, known=True)] if blank else []))


_EXAMPLES: Final = 20


def _unknown(unknown: Mapping[str, int], heading: str) -> tuple[Remark, ...]:
    if not unknown:
        return ()
    most = sorted(unknown, key=lambda value: (-unknown[value], value))
    return (
        Remark(
            "unknown_segment",
            f"Rows that count as {WEAKEST}, because it is not known which segment their '{heading}' means "
            f"({'1 value' if len(unknown) == 1 else f'{len(unknown):,} different values'})",
            "Say for each what it means: --segment 'VALUE=customer', or =opportunity, =prospect, =ignore.",
            sum(unknown.values()),
            tuple(f"{value} ({unknown[value]:,})" for value in most[:_EXAMPLES]),
        ),
    )
