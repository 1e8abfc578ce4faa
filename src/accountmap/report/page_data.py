"""The rows that the page's script shows, as JSON that is safe inside a script element."""

import json
from collections.abc import Container
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap import CHANGES, PLAYS, THEIR_PREFIX, TIERS, AccountMap
from accountmap.report.columns import LABELS
from accountmap.report.page_columns import shown_column
from accountmap.report.safe_text import visible_column

SHOWN_OVERLAP: Final = 50_000
SHOWN_WHITESPACE: Final = 10_000
SHOWN_CHANGES: Final = 10_000
"""The most rows that a page holds, so that it opens at once; the CSV and Parquet files hold all."""

_THEIRS: Final = "theirs: "
_BEFORE: Final = "before: "
"""What goes before a value that stands below another one, to say whose or of when it is."""

_ORDER: Final = {
    "segment": SEGMENTS,
    "their_segment": SEGMENTS,
    "play": list(dict.fromkeys(play.name for play in sorted(PLAYS.values(), key=lambda play: play.rank))),
    "tier": TIERS,
    "change": CHANGES,
}
"""Columns whose values have an order of their own."""

_OVERLAP: Final = {
    "name": "",
    "domain": "name",
    "their_name": "name",
    "segment": "",
    "their_segment": "",
    "change": "their_segment",
    "play": "",
    "score": "",
    "score_parts": "score",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "industry": "",
    "amount": "",
    "their_amount": "amount",
    "tier": "",
    "evidence": "tier",
    "account_id": "",
    "match_id": "account_id",
}
_CHANGES: Final = {
    "name": "",
    "their_name": "name",
    "change": "",
    "why": "change",
    "segment": "",
    "segment_before": "segment",
    "their_segment": "",
    "their_segment_before": "their_segment",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "amount": "",
    "account_id": "",
}
_WHITESPACE: Final = {
    "name": "",
    "domain": "name",
    "segment": "",
    "compared_with": "",
    "owner_name": "",
    "country": "",
    "industry": "",
    "amount": "",
    "account_id": "",
}
"""The columns of each table in order, and which one a column stands small below, if that one is there."""

Rows = dict[str, Any]
"""The number of rows, and their columns: each with its heading and its values."""


def page_rows(account_map: AccountMap) -> dict[str, Rows]:
    """Take the first rows of each table of accounts, column by column."""
    changes = account_map.history.changes
    return ({"changes": _table(changes.slice(0, SHOWN_CHANGES), _CHANGES)} if changes.num_rows else {}) | {
        "overlap": _table(account_map.overlap.slice(0, SHOWN_OVERLAP), _OVERLAP),
        "whitespace": _table(account_map.whitespace.slice(0, SHOWN_WHITESPACE), _WHITESPACE),
    }


def script_json(value: object) -> str:
    """Encode as JSON that cannot end a script element: without < > & and the Unicode line separators."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _table(table: pa.Table, places: dict[str, str]) -> Rows:
    every = {name: shown_column(name, table) for name in places}
    columns = {name: column for name, column in every.items() if _says_something(name, column)}
    return {
        "rows": table.num_rows,
        "columns": [
            _column(name, column, _place(name, places[name], columns)) for name, column in columns.items()
        ],
    }


def _says_something(name: str, column: pa.ChunkedArray) -> bool:
    """Leave out what the owner's list does not have, and a comparison that was the same for all."""
    if name == "compared_with":
        return bool(pc.any(pc.not_equal(column, "+".join(SEGMENTS))).as_py())
    return name == "name" or column.null_count < len(column)


def _place(name: str, above: str, columns: Container[str]) -> dict[str, str]:
    """Say below which column this one stands, and what goes before its values there."""
    if above not in columns:
        return {}
    if name.endswith("_before"):
        return {"below": above, "before": _BEFORE}
    return {"below": above} | ({"before": _THEIRS} if name.startswith(THEIR_PREFIX) else {})


def _column(name: str, column: pa.ChunkedArray, place: dict[str, str]) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "label": LABELS[name], **place}
    if name in _ORDER:
        described["order"] = _ORDER[name]
    if pa.types.is_floating(column.type):
        numbers = [int(x) if x is not None and x.is_integer() else x for x in column.to_pylist()]
        return described | {"numeric": True, "values": numbers}
    coded = visible_column(column).combine_chunks().dictionary_encode()
    if 2 * len(coded.dictionary) > len(coded):
        return described | {"values": coded.to_pylist()}
    return described | {"words": coded.dictionary.to_pylist(), "codes": coded.indices.to_pylist()}
