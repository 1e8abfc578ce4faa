"""Account map, portfolio and influence as JSON documents, for programs, and the JSON Schemas that describe them.

Within version 1, columns and objects may be added; none is renamed, removed or given another meaning.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import (
    CELLS,
    SCORE_PARTS,
    AccountMap,
    Count,
    EngagementRule,
    Estimate,
    OwnSegment,
    Pipeline,
    PlayMoney,
    Summary,
    TheirSegment,
    Weights,
)
from accountmap.accounts.cells import has_bytes, utf8
from accountmap.accounts.schema import SEGMENTS
from accountmap.influence import Influence
from accountmap.influence.compare import DOES_NOT_SHOW
from accountmap.portfolio import Portfolio, Totals
from accountmap.report.influence_views import influence_tables
from accountmap.report.influence_words import board_numbers, influence_headline, influence_sentences
from accountmap.report.portfolio_views import PORTFOLIO_VIEWS, portfolio_tables
from accountmap.report.portfolio_words import portfolio_headline, portfolio_sentences
from accountmap.report.safe_text import by_value
from accountmap.report.views import VIEWS, View, tables_of
from accountmap.report.wording import headline, summary_sentences

FORMAT: Final = "accountmap-report-v1"

_BATCH_ROWS: Final = 16_384
"""How many rows are turned into text at a time: as text, a large table would take several times its memory."""

_ESCAPED: Final = bytes(range(0x20)) + b'"\\'
"""What JSON escapes in a text (RFC 8259, section 7)."""


PORTFOLIO_FORMAT: Final = "accountmap-portfolio-v1"


def portfolio_json(portfolio: Portfolio) -> Iterator[bytes]:
    """Write portfolio.json, in parts, as `to_json` writes report.json."""
    document = {
        "format": PORTFOLIO_FORMAT,
        "own_name": portfolio.own_name,
        "made": portfolio.made,
        "currency": portfolio.currency,
        "sentences": [portfolio_headline(portfolio), *portfolio_sentences(portfolio)],
        "totals": asdict(portfolio.totals),
        "notes": list(portfolio.notes),
        **portfolio_tables(portfolio),
    }
    return encode(document)


def to_json(account_map: AccountMap) -> Iterator[bytes]:
    """Write report.json, in parts: UTF-8, the text of names exact, every number finite."""
    return encode(_document(account_map))


def encode(document: dict[str, Any]) -> Iterator[bytes]:
    """Write a document of JSON values, days, moments and tables, in parts; a table as an array of its rows."""
    return _parts(document)


def _document(account_map: AccountMap) -> dict[str, Any]:
    """Return the account map as JSON values; days, moments and tables as themselves."""
    return {
        "format": FORMAT,
        "session_id": account_map.session_id,
        "receipt": account_map.receipt,
        "own_name": account_map.own_name,
        "partner_name": account_map.partner_name,
        "finished": account_map.finished,
        "currency": account_map.currency,
        "sentences": [headline(account_map), *summary_sentences(account_map)],
        "summary": asdict(account_map.summary),
        "weights": _weights(account_map.weights),
        "score_parts": list(account_map.score_parts),
        "rules": [_rule(rule) for rule in account_map.rules],
        "shown_fields": [
            {"segment": mine, "their_segment": theirs, "own": list(own), "theirs": list(others)}
            for (mine, theirs), (own, others) in sorted(account_map.shown_fields.items())
        ],
        "reveals": list(account_map.reveals),
        "notes": list(account_map.notes),
        **tables_of(account_map),
    }


def _weights(weights: Weights) -> dict[str, Any]:
    return asdict(weights) | {
        "worth": [
            {"segment": mine, "their_segment": theirs, "worth": worth}
            for (mine, theirs), worth in weights.worth.items()
        ],
    }


def _rule(rule: EngagementRule) -> dict[str, Any]:
    return {
        "segments": sorted(rule.segments),
        "their_segments": sorted(rule.their_segments),
        "countries": sorted(rule.countries),
        "lead": rule.lead,
    }


def _parts(value: object) -> Iterator[bytes]:
    """Write a value; a table as an array of its rows, batch by batch."""
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            yield f"{before}{_json(name)}: ".encode()
            yield from _parts(member)
            before = ", "
        yield b"}" if value else b"{}"
    elif isinstance(value, pa.Table):
        opening = b"["
        for start in range(0, value.num_rows, _BATCH_ROWS):
            yield opening
            yield _rows(value.slice(start, _BATCH_ROWS))
            opening = b", "
        yield b"]" if value.num_rows else b"[]"
    else:
        yield _json(value).encode()


def _rows(part: pa.Table) -> bytes:
    """Write the rows, each without the columns that it has no value in; joined by Arrow, column by column."""
    if all(column.null_count for column in part.columns):  # Arrow drops a row of which every member is skipped
        filled = ({name: value for name, value in row.items() if value is not None} for row in part.to_pylist())
        return ", ".join(map(_json, filled)).encode()
    held = zip(part.column_names, part.columns, strict=True)
    members = [_members(f"{_json(name)}: ", column) for name, column in held if column.null_count < len(column)]
    rows = pc.binary_join_element_wise(*members, ", ", null_handling="skip")
    joined = utf8(pc.binary_join_element_wise("{", rows.combine_chunks(), "}, ", ""))
    return joined.removesuffix(b", ")


def _members(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a member of each row: its name, and a value of a column; null stays null.

    `json` writes the values that Arrow would not write as JSON does.
    """
    kind = column.type
    if pa.types.is_date(kind) or (pa.types.is_string(kind) and not has_bytes(column, _ESCAPED)):
        return pc.binary_join_element_wise(f'{name}"', column.cast(pa.string()), '"', "")
    finite = pa.types.is_floating(kind) and pc.all(pc.is_finite(column)).as_py() is not False
    if finite or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return pc.binary_join_element_wise(name, column.cast(pa.string()), "")
    written = by_value(column, _one_by_one) if pa.types.is_string(kind) else _one_by_one(column)
    return pc.binary_join_element_wise(name, written, "")


def _one_by_one(column: pa.ChunkedArray) -> pa.ChunkedArray:
    written = [None if value is None else _json(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(written, pa.string())])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_iso)


def _iso(value: object) -> str:
    """Write a day or a moment as in ISO 8601; the document holds nothing else that JSON does not know."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} does not belong in the document")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of report.json."""
    segment = {"enum": list(SEGMENTS)}
    cell = {"segment": segment, "their_segment": segment}
    members = {
        "format": {"const": FORMAT},
        "session_id": _TEXT,
        "receipt": _TEXT | {"description": "hex digest that both signed; empty if nothing was revealed"},
        "own_name": _TEXT,
        "partner_name": _TEXT,
        "finished": _TEXT | {"format": "date-time"},
        "currency": _TEXT | {"description": "currency of the sums of amounts (ISO 4217), or empty"},
        "sentences": _array(_TEXT),
        "summary": _summary_schema(),
        "weights": _weights_schema(cell),
        "score_parts": _array({"enum": list(SCORE_PARTS)}),
        "rules": _array(
            _object(
                {
                    "segments": _array(segment),
                    "their_segments": _array(segment),
                    "countries": _array(_TEXT),
                    "lead": {"enum": ["me", "them", "both"]},
                }
            )
        ),
        "shown_fields": _array(_object({**cell, "own": _array(_TEXT), "theirs": _array(_TEXT)})),
        "reveals": _array(_TEXT),
        "notes": _array(_TEXT),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        **_object(members | _tables_schema(VIEWS)),
    }


def portfolio_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of portfolio.json."""
    members = {
        "format": {"const": PORTFOLIO_FORMAT},
        "own_name": _TEXT,
        "made": _TEXT | {"format": "date-time"},
        "currency": _TEXT | {"description": "currency of the sums of amounts (ISO 4217), or empty"},
        "sentences": _array(_TEXT),
        "totals": _counts_schema(Totals),
        "notes": _array(_TEXT),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": PORTFOLIO_FORMAT,
        **_object(members | _tables_schema(PORTFOLIO_VIEWS)),
    }


def _tables_schema(views: Sequence[View[Any]]) -> dict[str, dict[str, Any]]:
    return {view.name: _array(_row_schema(view.schema)) | {"description": view.title} for view in views}


_Schema = dict[str, Any]

_TEXT: Final[_Schema] = {"type": "string"}
_WHOLE: Final[_Schema] = {"type": "integer", "minimum": 0}
_NUMBER: Final[_Schema] = {"type": "number"}


def _array(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _object(members: dict[str, _Schema], optional: tuple[str, ...] = ()) -> _Schema:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required}


def _row_schema(schema: pa.Schema) -> _Schema:
    """Describe a row: a column without a value is absent."""
    nullable = tuple(column.name for column in schema if column.nullable)
    return _object({column.name: _value_schema(column.type) for column in schema}, nullable)


def _value_schema(of: pa.DataType) -> _Schema:
    if pa.types.is_timestamp(of):
        return _TEXT | {"format": "date-time"}
    if pa.types.is_date(of):
        return _TEXT | {"format": "date"}
    if pa.types.is_integer(of):
        return {"type": "integer"}
    return _NUMBER if pa.types.is_floating(of) else _TEXT


def _counts_schema(of: type) -> _Schema:
    """Describe a class of counts: text, whole numbers, other numbers, `Count`, or an estimate that may be null."""
    known = {"str": _TEXT, "int": _WHOLE, "float": _NUMBER, "datetime": _TEXT | {"format": "date-time"}}
    members = {}
    for member in fields(of):
        if member.type is Count:
            members[member.name] = _object({"accounts": _WHOLE, "entities": _WHOLE})
        elif member.type == Estimate | None:
            members[member.name] = {"anyOf": [{"type": "null"}, _counts_schema(Estimate)]}
        else:
            members[member.name] = known[getattr(member.type, "__name__", "")]
    return _object(members)


def _summary_schema() -> _Schema:
    count, estimate = _counts_schema(OwnSegment)["properties"], _counts_schema(Estimate)
    return _object(
        {
            "own": _array(_counts_schema(OwnSegment)),
            "theirs": _array(_counts_schema(TheirSegment)),
            "matches": _WHOLE,
            "introductions_to_get": count["listed"],
            "introductions_to_give": count["listed"],
            "plays": _array(_counts_schema(PlayMoney)),
            "pipeline": _counts_schema(Pipeline),
            "estimate": {"anyOf": [{"type": "null"}, estimate]},
        }
    ) | {"description": ", ".join(member.name for member in fields(Summary))}


def _weights_schema(cell: dict[str, _Schema]) -> _Schema:
    points = {part: _NUMBER | {"minimum": 0} for part in SCORE_PARTS}
    share = _NUMBER | {"minimum": 0, "maximum": 1}
    worth = _array(_object({**cell, "worth": share})) | {"minItems": len(CELLS), "maxItems": len(CELLS)}
    stages = {"type": "object", "additionalProperties": share}
    return _object({**points, "worth": worth, "stages": stages})


INFLUENCE_FORMAT: Final = "accountmap-influence-v1"


def influence_to_json(influence: Influence) -> Iterator[bytes]:
    """Write influence.json, in parts. Within version 1, members may be added; none is renamed or removed."""
    since, until = influence.period
    return encode(
        {
            "format": INFLUENCE_FORMAT,
            "own_name": influence.own_name,
            "as_of": influence.as_of,
            "since": since,
            "until": until,
            "currency": influence.currency,
            "rule": influence.rules.text,
            "rule_digest": influence.rules.digest,
            "agreed": [asdict(each) for each in influence.agreed],
            "sentences": [influence_headline(influence), *influence_sentences(influence), DOES_NOT_SHOW],
            "numbers": [asdict(number) for number in board_numbers(influence)],
            "sensitivity": {name: list(amounts) for name, amounts in influence.sensitivity.items()},
            "notes": list(influence.notes),
            **influence_tables(influence),
        }
    )
