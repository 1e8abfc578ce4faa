"""The account map as one HTML page that needs nothing else: no network, no server, no other file."""

import base64
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined

from accountmap.account_map import (
    CHANGES,
    DOUBTS,
    PLAYS,
    REASONS,
    THEIR_PREFIX,
    TIERS,
    AccountMap,
    Count,
    EngagementRule,
)
from accountmap.accounts.schema import SEGMENTS, SIZE_BANDS
from accountmap.report.charts import country_chart, history_chart, money_chart
from accountmap.report.columns import LABELS, TERMS, TIER_MEANINGS
from accountmap.report.page_tables import PageTable, PageView, named_rest, page_tables, page_views, shown_column
from accountmap.report.safe_text import visible, visible_column
from accountmap.report.wording import (
    cell_count,
    counted,
    disclosure_sentences,
    headline,
    plural,
    receipt_sentence,
    score_sentences,
    shown_sentences,
    summary_sentences,
    what_they_learned,
)

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


_RECEIPT_DIGITS = 16
"""Enough of the receipt to compare on the phone."""

_SESSIONS = 24
"""The most sessions that are listed: two years, month by month."""


def render_page(account_map: AccountMap) -> str:
    """Render report.html.

    The content security policy admits this page's own script and style by their digests and nothing else, so that
    text that slipped through the escaping could neither run nor load anything.
    """
    style, script = _asset("report.css"), _asset("report.js")
    rows = page_rows(account_map)
    sessions = account_map.history.sessions.to_pylist()[-_SESSIONS:]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            map=account_map,
            style=style,
            script=script,
            policy=_content_security_policy(style, script),
            data=script_json(rows),
            headline=headline(account_map),
            sentences=summary_sentences(account_map),
            matrix=matrix(account_map),
            charts={
                "money": money_chart(account_map),
                "countries": country_chart(account_map),
                "history": history_chart(account_map),
            },
            plays=sorted(PLAYS.items(), key=lambda item: item[1].rank),
            introductions={play.introduces: play.name for play in PLAYS.values() if play.introduces},
            segments=SEGMENTS,
            sessions=sessions,
            most_shared=max([1, *(session["overlap"] for session in sessions)]),
            new=new_since_last_time(account_map),
            rules=rule_sentences(account_map.rules),
            territories=territories(account_map),
            budget=budget_tables(account_map),
            rest=rest_tables(account_map),
            rest_totals=rest_totals(account_map),
            reveals=what_they_learned(account_map),
            receipt=receipt_sentence(replace(account_map, receipt=account_map.receipt[:_RECEIPT_DIGITS])),
            disclosures=[*shown_sentences(account_map), *disclosure_sentences(account_map)],
            tier_meanings=TIER_MEANINGS,
            terms=TERMS,
            doubts=DOUBTS,
            scores=score_sentences(account_map),
            tables=_headed(account_map, rows),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("accountmap.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Names of companies and notes come from outside: whatever is printed is made visible first.
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["counted"] = counted
    environment.filters["noun"] = lambda number, noun: plural(noun, number)
    return environment


@cache
def _asset(name: str) -> str:
    return files("accountmap.report").joinpath("templates", name).read_text("utf-8")


def _content_security_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _headed(account_map: AccountMap, rows: dict[str, Rows]) -> dict[str, dict[str, Any]]:
    """Say for each table of accounts what it holds, of how many rows, and which files have them all."""
    files = {"prospects": "their_customers", "quality": "review", "rest-accounts": "theirs_without_me"}
    totals = {
        **({} if account_map.rest is None else {"rest-accounts": named_rest(account_map.rest)}),
        "overlap": account_map.overlap,
        "changes": account_map.history.changes,
        "whitespace": account_map.whitespace,
        "conflicts": account_map.conflicts,
        "campaign": account_map.campaign,
        "prospects": account_map.their_customers,
        "quality": account_map.to_review,
    }
    return {
        name: {
            "file": files.get(name, name),
            "shown": table["rows"],
            "total": totals[name].num_rows,
            "noun": table["noun"][1],
        }
        for name, table in rows.items()
    }
