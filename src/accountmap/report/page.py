"""The account map as one HTML page that needs nothing else: no network, no server, no other file."""

import base64
import hashlib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap import DOUBTS, PLAYS, AccountMap
from accountmap.report.charts import country_chart, history_chart, money_chart
from accountmap.report.columns import TERMS, TIER_MEANINGS
from accountmap.report.page_data import Rows, page_rows, script_json
from accountmap.report.page_sections import (
    budget_tables,
    matrix,
    new_since_last_time,
    rest_tables,
    rest_totals,
    rule_sentences,
    territories,
)
from accountmap.report.page_tables import named_rest
from accountmap.report.safe_text import visible
from accountmap.report.sentences import (
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
