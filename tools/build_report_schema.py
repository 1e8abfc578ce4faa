"""Write the JSON Schema of report.json from the tables of the code.

    python tools/build_report_schema.py [--check]

With --check nothing is written; the exit code tells whether the schema is up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from accountmap.account_map import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CHANGE_SCHEMA,
    CHANGES,
    CONFLICT_SCHEMA,
    COVERAGE_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    PLAYS,
    REASONS,
    REST_SCHEMA,
    SCORE_PARTS,
    SESSION_SCHEMA,
    TIERS,
    WHITESPACE_SCHEMA,
    WHY_NOT,
)
from accountmap.accounts.schema import SEGMENTS
from accountmap.report.json_export import FORMAT

FILE: Final = Path(__file__).parents[1] / "src/accountmap/report/templates/report-v1.schema.json"

Schema = dict[str, Any]

TEXT: Final = {"type": "string"}
COUNTING: Final = {"type": "integer", "minimum": 0}
WEIGHT: Final = {"type": "number", "minimum": 0}
SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
DIGEST: Final = {"type": "string", "pattern": "^[0-9a-f]+$"}
LEADS: Final = ["me", "them", "both"]

TYPES: Final = {
    pa.string(): TEXT,
    pa.bool_(): {"type": "boolean"},
    pa.int64(): {"type": "integer"},
    pa.float64(): {"type": "number"},
    pa.date32(): {"type": "string", "format": "date"},
    pa.timestamp("us", "UTC"): {"type": "string", "format": "date-time"},
}

SEGMENT_COLUMNS: Final = (
    *("segment", "their_segment", "account_segment"),
    *("segment_before", "their_segment_before"),
)
CODED: Final = {
    "match_id": DIGEST,
    "session_id": DIGEST,
    **{name: {"enum": list(SEGMENTS)} for name in SEGMENT_COLUMNS},
    "play": {"enum": list(dict.fromkeys(play.name for play in PLAYS.values()))},
    "tier": {"enum": list(TIERS)},
    "lead": {"enum": LEADS},
    "change": {"enum": [*CHANGES, "same"]},
    "reason": {"enum": list(REASONS)},
    "why_not": {"enum": list(WHY_NOT)},
    "review": {"enum": ["kept", "rejected"]},
}
"""Columns with few values, or of one form."""

TABLES: Final = {
    "cell": MATRIX_SCHEMA,
    "overlap": OVERLAP_SCHEMA,
    "conflict": CONFLICT_SCHEMA,
    "whitespace": WHITESPACE_SCHEMA,
    "rest": REST_SCHEMA,
    "coverage": COVERAGE_SCHEMA,
    "campaign": CAMPAIGN_SCHEMA,
    "budget": BUDGET_SCHEMA,
    "session": SESSION_SCHEMA,
    "change": CHANGE_SCHEMA,
}


def several(of: Schema) -> Schema:
    """Describe an array."""
    return {"type": "array", "items": of}


def defined(name: str) -> Schema:
    """Point to a definition."""
    return {"$ref": f"#/$defs/{name}"}


def whole(**properties: Schema) -> Schema:
    """Describe an object that has all of its properties."""
    return {"type": "object", "required": list(properties), "properties": properties}


def row(schema: pa.Schema) -> Schema:
    """Describe a row of a table: what is null is left out."""
    return {
        "type": "object",
        "required": [field.name for field in schema if not field.nullable],
        "properties": {field.name: CODED.get(field.name, TYPES[field.type]) for field in schema},
    }


def definitions() -> Schema:
    """Describe what stands in several places, and the rows."""
    segment, count = CODED["segment"], defined("count")
    return {
        "count": whole(accounts=COUNTING, entities=COUNTING),
        "own_segment": whole(segment=segment, listed=count, overlap=count, whitespace=count, not_compared=count),
        "their_segment": whole(segment=segment, at_most=COUNTING, matches=COUNTING, overlap=COUNTING),
        "play_money": whole(play=CODED["play"], count=count, amount={"type": "number"}),
        "rule": whole(
            segments=several(segment),
            their_segments=several(segment),
            countries=several(TEXT),
            lead=CODED["lead"],
        ),
        "weights": whole(
            **dict.fromkeys(SCORE_PARTS, WEIGHT),
            worth=several(whole(segment=segment, their_segment=segment, worth=SHARE)),
            stages={"type": "object", "additionalProperties": SHARE},
            ideal=whole(countries=several(TEXT), industries=several(TEXT), employees=several(COUNTING)),
        ),
        **{name: row(schema) for name, schema in TABLES.items()},
    }


def document() -> Schema:
    """Describe the whole document."""
    segment = CODED["segment"]
    summary = whole(
        own=several(defined("own_segment")),
        theirs=several(defined("their_segment")),
        matches=COUNTING,
        introductions_to_get=defined("count"),
        introductions_to_give=defined("count"),
        plays=several(defined("play_money")),
    )
    model = whole(
        format={"const": FORMAT},
        session_id=DIGEST,
        receipt={"type": "string", "pattern": "^[0-9a-f]*$"},
        own_name=TEXT,
        partner_name=TEXT,
        finished={"type": "string", "format": "date-time"},
        sentences=several(TEXT),
        summary=summary,
        matrix=several(defined("cell")) | {"minItems": 9, "maxItems": 9},
        weights=defined("weights"),
        score_parts=several({"enum": list(SCORE_PARTS)}),
        overlap=several(defined("overlap")),
        conflicts=several(defined("conflict")),
        whitespace=several(defined("whitespace")),
        theirs_without_me={"anyOf": [{"type": "null"}, several(defined("rest"))]},
        coverage=several(defined("coverage")),
        campaign=several(defined("campaign")),
        budget=several(defined("budget")),
        history=whole(sessions=several(defined("session")), changes=several(defined("change"))),
        rules=several(defined("rule")),
        shown_fields=several(
            whole(segment=segment, their_segment=segment, own=several(TEXT), theirs=several(TEXT))
        ),
        smallest_cell=COUNTING,
        reveals=several(TEXT),
        notes=several(TEXT),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "accountmap report, version 1",
        "description": "docs/reports.md says what each number counts and each column holds. A row leaves out the "
        "columns that it has no value in.",
        **model,
        "$defs": definitions(),
    }


def main(arguments: list[str]) -> int:
    """Write or check the schema."""
    text = json.dumps(document(), indent=2) + "\n"
    if "--check" in arguments:
        return int(FILE.read_text("utf-8") != text)
    FILE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
