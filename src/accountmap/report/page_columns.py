"""Columns of the page, written for people where programs want them otherwise."""

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.size_bands import size_band
from accountmap.overlap import SCORE_PARTS
from accountmap.overlap.columns import mapped

_MATCH_DIGITS: Final = 8
"""Enough of a match id to name an account to the partner on the phone."""

_LEADS: Final = {"me": "you lead", "them": "they lead", "both": "both lead"}


def shown_column(name: str, table: pa.Table) -> pa.ChunkedArray:
    """Take a column of the overlap or the whitespace as the page shows it."""
    return _WRITTEN[name](table) if name in _WRITTEN else table[name]


def _match(table: pa.Table) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(table["match_id"], 0, _MATCH_DIGITS)


def _domain(table: pa.Table) -> pa.ChunkedArray:
    """Show the website where a list has no domain."""
    host = pc.replace_substring_regex(table["website"], r"^(https?://)?(www\.)?|/$", "")
    return pc.coalesce(table["domain"], host)


def _their_name(table: pa.Table) -> pa.ChunkedArray:
    """Show their name only where it is another."""
    theirs = table["their_name"]
    same = pc.equal(pc.utf8_lower(theirs), pc.utf8_lower(table["name"]))
    return pc.if_else(pc.fill_null(same, False), pa.scalar(None, pa.string()), theirs)


def _their_owner(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["their_owner_name"], table["their_owner_email"])


def _change(table: pa.Table) -> pa.ChunkedArray:
    """Leave out that nothing has changed."""
    same = pc.equal(table["change"], "same")
    return pc.if_else(same, pa.scalar(None, pa.string()), table["change"])


def _score_parts(table: pa.Table) -> pa.ChunkedArray:
    """Write the points of the parts that the score has as "50 + 12.5 + 20"."""
    parts = [table[f"score_{part}"] for part in SCORE_PARTS]
    used = [part for part in parts if part.null_count < len(part)]
    if not used:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    points = [pc.replace_substring_regex(part.cast(pa.string()), r"\.0$", "") for part in used]
    return pc.binary_join_element_wise(*points, " + ")


def _lead(table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([mapped(table["lead"], _LEADS.get)])


def _size(table: pa.Table) -> pa.ChunkedArray:
    bands = [size_band(employees) for employees in table["employees"].to_pylist()]
    return pa.chunked_array([pa.array(bands, pa.string())])


def _segments(column: str) -> Callable[[pa.Table], pa.ChunkedArray]:
    """Leave out that there are none."""
    none = pa.scalar(None, pa.string())
    return lambda table: pc.if_else(pc.equal(table[column], ""), none, table[column])


def _evidence(table: pa.Table) -> pa.ChunkedArray:
    """Name the strongest shared key, and say how many more there are; few evidences differ."""
    coded = table["evidence"].combine_chunks().dictionary_encode()
    spoken = pa.array([_spoken(evidence) for evidence in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([spoken.take(coded.indices)])


def _spoken(evidence: str) -> str:
    strongest, *others = evidence.replace("_", " ").split("+")
    return f"{strongest}, {len(others)} more" if others else strongest


_WRITTEN: Final[dict[str, Callable[[pa.Table], pa.ChunkedArray]]] = {
    "match_id": _match,
    "domain": _domain,
    "their_name": _their_name,
    "their_owner_name": _their_owner,
    "change": _change,
    "lead": _lead,
    "score_parts": _score_parts,
    "size": _size,
    "compared_with": _segments("compared_with"),
    "counted_with": _segments("counted_with"),
    "evidence": _evidence,
}
