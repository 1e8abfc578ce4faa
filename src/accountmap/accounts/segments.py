"""Reading the segment from a CRM's stage, type or status."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.headings import fold
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError

WEAKEST: Final = SEGMENTS[-1]


def _load() -> dict[str, tuple[str, ...]]:
    text = files("accountmap.accounts").joinpath("segments.toml").read_text("utf-8")
    return {segment: tuple(values) for segment, values in tomllib.loads(text).items()}


SEGMENT_VALUES: Final[Mapping[str, tuple[str, ...]]] = _load()
"""Segment -> the values that mean it."""

_BUILT_IN: Final = {fold(value): segment for segment, values in SEGMENT_VALUES.items() for value in values}


def segment_of(value: str) -> str | None:
    """Give the segment that a stage, type or status is known to mean, or None."""
    return _BUILT_IN.get(fold(value))


def _check(segments: Mapping[str, str]) -> dict[str, str]:
    for segment in segments.values():
        if segment not in SEGMENTS:
            raise InputError(f"There is no segment {segment!r}.", f"Use one of: {', '.join(SEGMENTS)}.")
    return {fold(value): segment for value, segment in segments.items()}


def read_segments(
    column: pa.ChunkedArray | None, heading: str, length: int, segments: Mapping[str, str] | None = None
) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read segments: the user's own values first, then the built-in ones; all else is the weakest.

    Args:
        column: cleaned text, or None if the list has no such column.
        heading: where the column stands, for notes.
        length: the number of accounts.
        segments: the owner's value -> segment; wins over the built-in table.

    Returns:
        The segments, never null, and notes.

    Raises:
        InputError: `segments` names a segment that does not exist.
    """
    meaning = _BUILT_IN | _check(segments or {})
    if column is None:
        note = f"No column says what an account is to you: all count as {WEAKEST}."
        return pa.chunked_array([pa.repeat(WEAKEST, length)], pa.string()), (note,)
    counts = {entry["values"]: entry["counts"] for entry in column.drop_null().value_counts().to_pylist()}
    values = pa.array(counts, pa.string())
    answers = pa.array([meaning.get(fold(value), WEAKEST) for value in counts] + [WEAKEST], pa.string())
    named = answers.take(pc.fill_null(pc.index_in(column, value_set=values), len(values)))
    unknown = [value for value in counts if fold(value) not in meaning]
    if not unknown:
        return named, ()
    rows = sum(counts[value] for value in unknown)
    return named, (
        f"'{heading}': rows whose value is not known as a segment, read as {WEAKEST}: {rows}; different values: "
        f'{len(unknown)}. Say what they mean with segments={{"value": "customer"}} or --segment value=customer.',
    )
