"""The account map as one HTML page that needs nothing else: no network, no server, no other file."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap import PLAYS, AccountMap, Count
from accountmap.report.columns import TERMS, TIER_MEANINGS
from accountmap.report.page_data import page_rows, script_json
from accountmap.report.safe_text import visible
from accountmap.report.sentences import (
    counted,
    disclosure_sentences,
    headline,
    plural,
    score_sentences,
    summary_sentences,
    what_they_learned,
)

_SESSIONS = 24
"""The most sessions that are listed: two years, month by month."""

_TINTS = 4
"""Shades that tell full cells of the matrix from nearly empty ones."""


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
            matrix=_matrix(account_map),
            plays=sorted(PLAYS.items(), key=lambda item: item[1].rank),
            introductions={play.introduces: play.name for play in PLAYS.values() if play.introduces},
            segments=SEGMENTS,
            sessions=sessions,
            most_shared=max([1, *(session["overlap"] for session in sessions)]),
            new=_new(account_map),
            reveals=what_they_learned(account_map),
            disclosures=disclosure_sentences(account_map),
            tier_meanings=TIER_MEANINGS,
            terms=TERMS,
            score_sentences=score_sentences(account_map.weights),
            shown={name: table["rows"] for name, table in rows.items()},
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


def _new(account_map: AccountMap) -> Count:
    """Count what is new in the overlap."""
    new = account_map.overlap.filter(pc.equal(account_map.overlap["change"], "new"))
    return Count(new.num_rows, pc.count_distinct(new["entity_id"]).as_py())


def _matrix(account_map: AccountMap) -> dict[str, Any]:
    """Lay the cells out by own segment, each with a play and a tint by its number of entities, and add them up."""
    cells = account_map.matrix.to_pylist()
    most = max(1, *(cell["entities"] for cell in cells))
    for cell in cells:
        cell["sentence"] = PLAYS[cell["segment"], cell["their_segment"]].sentence
        cell["tint"] = -(-_TINTS * cell["entities"] // most)
    rows = [[cell for cell in cells if cell["segment"] == mine] for mine in SEGMENTS]
    return {
        "rows": [
            {"segment": mine, "cells": row, "entities": sum(cell["entities"] for cell in row)}
            for mine, row in zip(SEGMENTS, rows, strict=True)
        ],
        "columns": [sum(cell["entities"] for cell in column) for column in zip(*rows, strict=True)],
    }
