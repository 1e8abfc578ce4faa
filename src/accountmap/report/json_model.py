"""The whole account map as one JSON document, for programs.

templates/report-v1.schema.json describes it (JSON Schema, draft 2020-12). Within version 1, columns and objects
may be added; none is renamed, removed or given another meaning.
"""

import json
from dataclasses import asdict
from datetime import date
from typing import Any, Final

import pyarrow as pa

from accountmap.overlap import AccountMap, EngagementRule, Weights
from accountmap.report.sentences import headline, summary_sentences

FORMAT: Final = "accountmap-report-v1"


def to_json(account_map: AccountMap) -> bytes:
    """Write report.json: UTF-8, the text of names exact, every number finite."""
    model = report_model(account_map)
    return json.dumps(model, ensure_ascii=False, allow_nan=False, default=_iso).encode()


def report_model(account_map: AccountMap) -> dict[str, Any]:
    """Give the account map as JSON values, and days and moments as themselves.

    A row leaves out the columns that it has no value in.
    """
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
        "matrix": _rows(account_map.matrix),
        "weights": _weights(account_map.weights),
        "score_parts": list(account_map.score_parts),
        "overlap": _rows(account_map.overlap),
        "conflicts": _rows(account_map.conflicts),
        "whitespace": _rows(account_map.whitespace),
        "theirs_without_me": None if account_map.rest is None else _rows(account_map.rest),
        "coverage": _rows(account_map.coverage),
        "campaign": _rows(account_map.campaign),
        "budget": _rows(account_map.budget),
        "history": {"sessions": _rows(history.sessions), "changes": _rows(history.changes)},
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


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]


def _iso(value: object) -> str:
    """Write a day or a moment as ISO 8601 has it; the model holds nothing else that JSON does not know."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} does not belong in the model")
