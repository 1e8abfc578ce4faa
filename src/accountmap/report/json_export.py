"""The whole account map as one JSON document, for programs.

templates/report-v1.schema.json describes it (JSON Schema, draft 2020-12). Within version 1, columns and objects
may be added; none is renamed, removed or given another meaning.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import pyarrow as pa

from accountmap.account_map import AccountMap, EngagementRule, Weights
from accountmap.report.wording import headline, summary_sentences

FORMAT: Final = "accountmap-report-v1"

_BATCH_ROWS: Final = 2_000
"""Rows that are Python objects at a time: as those, a large table would take tens of times its memory."""


def to_json(account_map: AccountMap) -> Iterator[bytes]:
    """Write report.json, in parts: UTF-8, the text of names exact, every number finite."""
    return (part.encode() for part in _parts(_model(account_map)))


def _model(account_map: AccountMap) -> dict[str, Any]:
    """Give the account map as JSON values; days, moments and tables as themselves."""
    history = account_map.history
    return {
        "format": FORMAT,
        "session_id": account_map.session_id,
        "receipt": account_map.receipt,
        "own_name": account_map.own_name,
        "partner_name": account_map.partner_name,
        "finished": account_map.finished,
        "sentences": [headline(account_map), *summary_sentences(account_map)],
        "summary": asdict(account_map.summary),
        "matrix": account_map.matrix,
        "weights": _weights(account_map.weights),
        "score_parts": list(account_map.score_parts),
        "overlap": account_map.overlap,
        "conflicts": account_map.conflicts,
        "whitespace": account_map.whitespace,
        "theirs_without_me": account_map.rest,
        "coverage": account_map.coverage,
        "campaign": account_map.campaign,
        "budget": account_map.budget,
        "history": {"sessions": history.sessions, "changes": history.changes},
        "rules": [_rule(rule) for rule in account_map.rules],
        "shown_fields": [
            {"segment": mine, "their_segment": theirs, "own": list(own), "theirs": list(others)}
            for (mine, theirs), (own, others) in sorted(account_map.shown_fields.items())
        ],
        "smallest_cell": account_map.smallest_cell,
        "reveals": list(account_map.reveals),
        "notes": list(account_map.notes),
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


def _parts(value: object) -> Iterator[str]:
    """Write a value; a table as an array of its rows, batch by batch."""
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            yield f"{before}{_json(name)}: "
            yield from _parts(member)
            before = ", "
        yield "}" if value else "{}"
    elif isinstance(value, pa.Table):
        before = "["
        for batch in value.to_batches(max_chunksize=_BATCH_ROWS):
            if batch.num_rows:
                yield before + _json(_rows(batch))[1:-1]
                before = ", "
        yield "]" if before != "[" else "[]"
    else:
        yield _json(value)


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Give the rows, each without the columns that it has no value in."""
    return [{name: value for name, value in row.items() if value is not None} for row in batch.to_pylist()]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_iso)


def _iso(value: object) -> str:
    """Write a day or a moment as ISO 8601 has it; the model holds nothing else that JSON does not know."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} does not belong in the model")
