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

from accountmap.account_map import DOUBTS, PLAYS, AccountMap, Count, EngagementRule
from accountmap.account_map.schema import NAMES
from accountmap.accounts.schema import SEGMENTS
from accountmap.report import counts
from accountmap.report.charts import change_bars, country_bars, history_bars, money_bars, reach_bars
from accountmap.report.columns import COLUMNS, LEADS, before, for_people
from accountmap.report.safe_text import in_utc, visible, visible_column
from accountmap.report.views import HIDDEN, VIEW, VIEWS, Source, View, has_history
from accountmap.report.wording import (
    HOW_TO_TREAT,
    STATUS_MEANINGS,
    STRENGTH_MEANINGS,
    TERMS,
    cell_text,
    counted,
    estimate_sentences,
    headline,
    money,
    money_in_short,
    plural,
    receipt_sentence,
    score_sentences,
    shown_sentences,
    summary_sentences,
    what_they_learned,
)

Rows = dict[str, Any]
"""The number of rows, what a row is, and the columns: each with its heading and its values."""


def page_rows(account_map: AccountMap) -> dict[str, Rows]:
    """Take the rows of each view that has a table on the page and is not empty, and always those of the overlap.

    The other views of shared accounts point to rows of the overlap, so that the page holds their columns once.
    """
    overlap = table_rows(VIEW["overlap"], account_map.overlap)
    shared = {column["name"] for column in overlap["columns"]}
    found = {"overlap": overlap}
    for view in VIEWS:
        if view.layout and view.name != "overlap" and view.shown(account_map):
            table = (view.listed or view.rows)(account_map)
            if table.num_rows:
                found[view.name] = (
                    _rows_of_overlap(view, table, account_map.overlap, shared)
                    if view.of_overlap
                    else table_rows(view, table)
                )
    return found


def script_json(value: object) -> str:
    """Encode as JSON that cannot end a script element: without < > & and the Unicode line separators."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def table_rows(view: View[Any], table: pa.Table) -> Rows:
    """Take as many rows of a view's table as a page holds, in columns as people read them."""
    table = table.slice(0, view.most)
    every = {name: for_people(name, table) for name in view.layout}
    held = {name: column for name, column in every.items() if _says_something(name, column)}
    columns = [_column(name, column) | _place(view, name, held) for name, column in held.items()]
    columns = [each | (_as_money(each, table) if each["name"] == "deal_amount" else {}) for each in columns]
    return {"rows": table.num_rows, "noun": view.noun, "columns": columns}


def _as_money(column: dict[str, Any], table: pa.Table) -> dict[str, Any]:
    """Name the currency in the heading if there is only one; show cents for all amounts if any amount has them."""
    currencies = table["currency"].unique().to_pylist()
    alone = currencies[0] if len(currencies) == 1 else ""
    cents = any(isinstance(value, float) for value in column["values"])
    return ({"label": f"{column['label']}, {alone}"} if alone else {}) | ({"cents": True} if cents else {})


def _rows_of_overlap(view: View[Any], table: pa.Table, overlap: pa.Table, shared: Collection[str]) -> Rows:
    """Point to the rows of the overlap that the page holds; take other columns from the view, or else from the
    overlap."""
    at = _positions(table, overlap)
    held_rows = pc.less(at, VIEW["overlap"].most)
    table, at = table.filter(held_rows).slice(0, view.most), at.filter(held_rows).slice(0, view.most)
    beside = overlap.take(at)
    columns: list[dict[str, Any]] = []
    for name in view.layout:
        if name in shared:
            columns.append({"name": name})
        else:
            column = for_people(name, table if name in table.column_names else beside)
            columns += [_column(name, column)] if _says_something(name, column) else []
    held = {column["name"] for column in columns}
    return {
        "of": "overlap",
        "at": at.to_pylist(),
        "rows": len(at),
        "noun": view.noun,
        "columns": [column | _place(view, column["name"], held) for column in columns],
    }


def _positions(table: pa.Table, overlap: pa.Table) -> pa.Array:
    """Find the row of the overlap that each row belongs to: the first of its account, and of its match if it
    has one."""
    keys = [name for name in ("account_id", "match_id") if name in table.column_names]
    wanted, found = (
        pc.binary_join_element_wise(*(each[name].combine_chunks() for name in keys), "\0")
        for each in (table, overlap)
    )
    return pc.index_in(wanted, value_set=found).cast(pa.int64())


def _says_something(name: str, column: pa.ChunkedArray) -> bool:
    """Return whether a column is worth its place: not if it is blank, or has only the value that goes without
    saying."""
    if name == "compared_with":
        return column.null_count > 0 or bool(pc.any(pc.not_equal(column, ", ".join(SEGMENTS))).as_py())
    if name == "currency":
        return len(column.unique().drop_null()) > 1
    return name == "name" or column.null_count < len(column)


def _place(view: View[Any], name: str, held: Collection[str]) -> dict[str, str | bool]:
    above = view.layout[name]
    if above == HIDDEN:
        return {"hidden": True}
    return {"below": above, "before": before(name)} if above in held else {}


def _column(name: str, column: pa.ChunkedArray) -> dict[str, Any]:
    meaning = COLUMNS[name]
    described: dict[str, Any] = {"name": name, "label": meaning.label}
    described |= {"order": meaning.order} if meaning.order else {}
    described |= {"choose": True} if meaning.choose else {}
    described |= {"mail": meaning.mail} if meaning.mail else {}
    described |= {"parts": True} if meaning.parts else {}
    described |= {"opens": meaning.opens} if meaning.opens else {}
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        numbers = [int(x) if isinstance(x, float) and x.is_integer() else x for x in column.to_pylist()]
        return described | {"numeric": True, "values": numbers}
    if pa.types.is_temporal(column.type):
        column = pc.strftime(in_utc(column), "%Y-%m-%d")
    coded = visible_column(column).combine_chunks().dictionary_encode()
    if 2 * len(coded.dictionary) > len(coded):
        return described | {"values": coded.to_pylist()}
    return described | {"words": coded.dictionary.to_pylist(), "codes": coded.indices.to_pylist()}


_TINTS: Final = 6
"""Shades of the heat map."""


def matrix(account_map: AccountMap) -> dict[str, Any]:
    """Lay the cells out by own segment, each with its play and a tint by its number of companies, and add them up.

    A row counts own entities, each once; a column counts matches.
    """
    cells = account_map.matrix.to_pylist()
    most = max(1, *(cell["entities"] or 0 for cell in cells))
    for cell in cells:
        cell["sentence"] = PLAYS[cell["segment"], cell["their_segment"]].sentence
        cell["tint"] = -(-_TINTS * (cell["entities"] or 0) // most)
        cell["text"] = "" if cell["level"] == NAMES else cell_text(cell)
        cell["money"] = money(cell["amount"], account_map.currency) if cell["amount"] else ""
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


def rule_sentences(rules: tuple[EngagementRule, ...]) -> list[str]:
    """Say who leads where, in the order in which the rules apply."""
    return [
        f"Your {_several(rule.segments)} by their {_several(rule.their_segments)}"
        f"{' in ' + ', '.join(sorted(rule.countries)) if rule.countries else ''}: {LEADS[rule.lead]}."
        for rule in rules
    ]


def _several(segments: frozenset[str]) -> str:
    return " and ".join(plural(segment, 2) for segment in SEGMENTS if segment in segments)


_RECEIPT_DIGITS: Final = 16
"""Enough of the receipt to compare on the phone."""


def render_page(account_map: AccountMap) -> str:
    """Render report.html."""
    rows = page_rows(account_map)
    return render(
        "report.html.j2",
        rows,
        map=account_map,
        views=[view for view in VIEWS if view.shown(account_map) and view.name not in _SHOWN_INSIDE],
        tables=sizes(VIEW, account_map, rows),
        has_history=has_history(account_map),
        **_words(account_map),
        **_figures(account_map),
    )


def render(template: str, rows: Mapping[str, Rows], **values: object) -> str:
    """Render a page that needs nothing else.

    The content security policy admits this page's own script and style by their digests and nothing else, so that
    text that slipped through the escaping could neither run nor load anything.

    Args:
        rows: of the tables that the script shows, by the name of their section.
        values: what the template uses.
    """
    style, script = _asset("report.css"), _asset("report.js")
    page = _environment().get_template(template)
    policy = _content_security_policy(style, script)
    return page.render(style=style, script=script, policy=policy, data=script_json(rows), **values)


_SHOWN_INSIDE: Final = ("estimates", "sessions", "budget")
"""Views that are shown in the section of another one: of matrix, changes and campaign."""


def _words(account_map: AccountMap) -> Mapping[str, object]:
    return {
        "headline": headline(account_map),
        "sentences": summary_sentences(account_map),
        "estimates": estimate_sentences(account_map),
        "rules": rule_sentences(account_map.rules),
        "reveals": what_they_learned(account_map),
        "receipt": receipt_sentence(replace(account_map, receipt=account_map.receipt[:_RECEIPT_DIGITS])),
        "disclosures": [*shown_sentences(account_map), HOW_TO_TREAT],
        "strength_meanings": STRENGTH_MEANINGS,
        "status_meanings": STATUS_MEANINGS,
        "terms": TERMS,
        "doubts": DOUBTS,
        "scores": score_sentences(account_map),
        "plays": sorted(PLAYS.items(), key=lambda item: item[1].rank),
        "introductions": {play.introduces: play.name for play in PLAYS.values() if play.introduces},
        "segments": SEGMENTS,
    }


def _figures(account_map: AccountMap) -> Mapping[str, object]:
    return {
        "matrix": matrix(account_map),
        "charts": {
            "reach": reach_bars(account_map),
            "money": money_bars(account_map),
            "countries": country_bars(account_map),
            "change": change_bars(account_map),
            "history": history_bars(account_map),
        },
        "pipeline": money_in_short(account_map.summary.pipeline.amount, account_map.currency),
        "new": new_since_last_time(account_map),
        "counts": {
            "estimates": counts.estimates(account_map),
            "sessions": counts.sessions(account_map),
            "budget": counts.budget(account_map),
            "unmatched": counts.unmatched(account_map),
            "coverage": counts.coverage(account_map),
            "own_list": counts.own_list(account_map),
            "their_list": counts.their_list(account_map),
        },
        "unmatched_total": counts.unmatched_total(account_map),
    }


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


def sizes(
    views: Mapping[str, View[Source]], source: Source, rows: Mapping[str, Rows]
) -> dict[str, dict[str, Any]]:
    """Return for each table how many of its rows the page holds."""
    return {
        name: {
            "shown": table["rows"],
            "total": (views[name].listed or views[name].rows)(source).num_rows,
            "noun": table["noun"][1],
        }
        for name, table in rows.items()
    }
