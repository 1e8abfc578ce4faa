"""What the page shows besides its tables of accounts: the matrix, and counts by country, industry and size."""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.accounts.size_bands import SIZE_BANDS
from accountmap.overlap import PLAYS, AccountMap, Count, EngagementRule
from accountmap.report.sentences import cell_count, plural

_TINTS: Final = 4
"""Shades that tell full cells of the matrix from nearly empty ones."""

_LINES: Final = 15
"""The most lines of a table of counts; the CSV and Parquet files hold all."""

_LEADS: Final = {"me": "you lead", "them": "they lead", "both": "both lead"}
_KINDS: Final = {"territory": "country", "country": "country", "industry": "industry", "size": "size"}


def matrix(account_map: AccountMap) -> dict[str, Any]:
    """Lay the cells out by own segment, each with a play and a tint by its number of entities, and add them up.

    A row counts own entities, each once; a column counts matches.
    """
    cells = account_map.matrix.to_pylist()
    most = max(1, *(cell["entities"] or 0 for cell in cells))
    for cell in cells:
        cell["sentence"] = PLAYS[cell["segment"], cell["their_segment"]].sentence
        cell["tint"] = -(-_TINTS * (cell["entities"] or 0) // most)
        cell["counted"] = cell_count(cell) if cell["compared"] else ""
    rows = [[cell for cell in cells if cell["segment"] == mine] for mine in SEGMENTS]
    return {
        "rows": [
            {"segment": own.segment, "cells": row, "entities": own.overlap.entities}
            for own, row in zip(account_map.summary.own, rows, strict=True)
        ],
        "columns": [theirs.matches for theirs in account_map.summary.theirs],
    }


def new_since_last_time(account_map: AccountMap) -> Count:
    """Count what is new in the overlap."""
    new = account_map.overlap.filter(pc.equal(account_map.overlap["change"], "new"))
    return Count(*(pc.count_distinct(new[name]).as_py() for name in ("account_id", "entity_id")))


def territories(account_map: AccountMap) -> dict[str, Any]:
    """Add the coverage up by territory, the largest first."""
    names = ("listed", "overlap", "their_customers", "whitespace", "not_compared")
    sums: dict[str | None, dict[str, int]] = {}
    for row in account_map.coverage.to_pylist():
        held = sums.setdefault(row["territory"], dict.fromkeys(names, 0))
        for name in names:
            held[name] += row[name]
    lines = [{"territory": territory, **held} for territory, held in sums.items()]
    return {"lines": lines[:_LINES], "more": len(lines) - len(lines[:_LINES])}


def budget_tables(account_map: AccountMap) -> list[dict[str, Any]]:
    """Give the joint-marketing list in numbers, one table each for territory, industry and size."""
    return [
        _counts(by, [row for row in account_map.budget.to_pylist() if row["by"] == by])
        for by in ("territory", "industry", "size")
    ]


def rest_tables(account_map: AccountMap) -> list[dict[str, Any]]:
    """Give theirs without me, one table each for country, industry and size; each line with a count a segment."""
    rest = account_map.rest
    if rest is None:
        return []
    return [_counts(by, _by_value(rest, by)) for by in ("country", "industry", "size")]


def rest_totals(account_map: AccountMap) -> dict[str, int]:
    """Give theirs without me by segment; a segment that has too few is absent."""
    if account_map.rest is None:
        return {}
    rows = account_map.rest.filter(pc.equal(account_map.rest["by"], "all")).to_pylist()
    return {row["their_segment"]: row["entities"] for row in rows}


def rule_sentences(rules: tuple[EngagementRule, ...]) -> list[str]:
    """Say who leads where, in the order in which the rules hold."""
    return [
        f"Your {_several(rule.segments)} by their {_several(rule.their_segments)}"
        f"{' in ' + ', '.join(sorted(rule.countries)) if rule.countries else ''}: {_LEADS[rule.lead]}."
        for rule in rules
    ]


def _several(segments: frozenset[str]) -> str:
    return " and ".join(plural(segment, 2) for segment in SEGMENTS if segment in segments)


def _counts(by: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    if by == "size":
        rows.sort(
            key=lambda row: SIZE_BANDS.index(row["value"]) if row["value"] in SIZE_BANDS else len(SIZE_BANDS)
        )
    lines = rows[:_LINES]
    return {"by": _KINDS[by], "lines": lines, "more": len(rows) - len(lines)}


def _by_value(rest: pa.Table, by: str) -> list[dict[str, Any]]:
    """Put the counts of the segments side by side, the largest sum first and what is not known last."""
    found: dict[str | None, dict[str, int]] = {}
    for row in rest.filter(pc.equal(rest["by"], by)).to_pylist():
        found.setdefault(row["value"], {})[row["their_segment"]] = row["entities"]
    rows = [
        {"value": value, "segments": counts, "entities": sum(counts.values())} for value, counts in found.items()
    ]
    return sorted(rows, key=lambda row: (row["value"] is None, -row["entities"], row["value"] or ""))
