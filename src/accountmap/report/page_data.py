"""The rows that the page's script shows, as JSON that is safe inside a script element."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.accounts.size_bands import SIZE_BANDS
from accountmap.overlap import CHANGES, PLAYS, REASONS, THEIR_PREFIX, TIERS, AccountMap
from accountmap.report.columns import LABELS
from accountmap.report.page_columns import shown_column
from accountmap.report.page_tables import PageTable, PageView, page_tables, page_views
from accountmap.report.safe_text import visible_column

_THEIRS: Final = "theirs: "
_BEFORE: Final = "before: "
_COUNTED: Final = "only counted: "
"""What goes before a value that stands below another one, to say whose or of when it is."""

_ORDER: Final[Mapping[str, Collection[str]]] = {
    "segment": SEGMENTS,
    "their_segment": SEGMENTS,
    "play": list(dict.fromkeys(play.name for play in sorted(PLAYS.values(), key=lambda play: play.rank))),
    "tier": TIERS,
    "change": CHANGES,
    "size": SIZE_BANDS,
    "reason": REASONS,
}
"""Columns whose values have an order of their own."""

Rows = dict[str, Any]
"""The number of rows, what a row is, and the columns: each with its heading and its values."""


def page_rows(account_map: AccountMap) -> dict[str, Rows]:
    """Take the rows of each table, column by column; of a view, which rows of the overlap it has."""
    tables = {name: _table(table) for name, table in page_tables(account_map).items()}
    shared = {column["name"]: column for column in tables["overlap"]["columns"]}
    return tables | {name: _view(view, shared) for name, view in page_views(account_map).items()}


def script_json(value: object) -> str:
    """Encode as JSON that cannot end a script element: without < > & and the Unicode line separators."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _table(shown: PageTable) -> Rows:
    every = {name: shown_column(name, shown.table) for name in (*shown.places, *shown.hidden)}
    columns = {name: column for name, column in every.items() if _says_something(name, column)}
    return {
        "rows": shown.table.num_rows,
        "noun": shown.noun,
        "columns": [
            _column(name, column)
            | (_place(name, shown.places[name], columns) if name in shown.places else {"hidden": True})
            for name, column in columns.items()
        ],
    }


def _view(view: PageView, shared: Mapping[str, object]) -> Rows:
    held = [name for name in view.places if name in view.own.column_names or name in shared]
    return {
        "of": "overlap",
        "at": view.at.to_pylist(),
        "rows": len(view.at),
        "noun": view.noun,
        "columns": [
            (_column(name, view.own[name]) if name in view.own.column_names else {"name": name})
            | _place(name, view.places[name], held)
            for name in held
        ],
    }


def _says_something(name: str, column: pa.ChunkedArray) -> bool:
    """Leave out what the owner's list does not have, and a comparison that was the same for all."""
    if name == "compared_with":
        return column.null_count > 0 or bool(pc.any(pc.not_equal(column, "+".join(SEGMENTS))).as_py())
    return name == "name" or column.null_count < len(column)


def _place(name: str, above: str, columns: Collection[str]) -> dict[str, str]:
    """Say below which column this one stands, and what goes before its values there."""
    if above not in columns:
        return {}
    if name.endswith("_before"):
        return {"below": above, "before": _BEFORE}
    if name == "counted_with":
        return {"below": above, "before": _COUNTED}
    return {"below": above} | ({"before": _THEIRS} if name.startswith(THEIR_PREFIX) else {})


def _column(name: str, column: pa.ChunkedArray) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "label": LABELS[name]}
    if name in _ORDER:
        described["order"] = _ORDER[name]
    if pa.types.is_floating(column.type):
        numbers = [int(x) if x is not None and x.is_integer() else x for x in column.to_pylist()]
        return described | {"numeric": True, "values": numbers}
    coded = visible_column(column).combine_chunks().dictionary_encode()
    if 2 * len(coded.dictionary) > len(coded):
        return described | {"values": coded.to_pylist()}
    return described | {"words": coded.dictionary.to_pylist(), "codes": coded.indices.to_pylist()}
