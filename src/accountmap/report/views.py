"""The views of the report: each one table, from which page, workbook, CSV, Parquet, JSON and SQL follow.

A new view is one entry in `VIEWS`, and a label in `columns` for each new column. Only a section of the page
that shows more than a table of rows has a template of its own, `templates/sections/<name>.html.j2`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CHANGE_SCHEMA,
    CONFLICT_SCHEMA,
    COVERAGE_SCHEMA,
    ESTIMATE_SCHEMA,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    POSSIBLE_SCHEMA,
    QUALIFICATION_SCHEMA,
    REVIEW_SCHEMA,
    SESSION_SCHEMA,
    UNMATCHED_SCHEMA,
    WHITESPACE_SCHEMA,
    AccountMap,
    matches_to_review,
)

HIDDEN: Final = "hidden"
"""Marks a column that the page holds, for links and for saved rows, but does not show."""

Layout = Mapping[str, str]
"""The columns of a table on the page, in order: each with the one that it is written below, "" or HIDDEN."""

SHOWN_OVERLAP: Final = 50_000
SHOWN_OTHERS: Final = 10_000
"""The most rows that the page holds, so that it opens at once; the CSV and Parquet files hold all."""


Source = TypeVar("Source")
"""What the tables of a report are taken from, such as an account map."""


def _always(_: object) -> bool:
    return True


@dataclass(frozen=True, repr=False)
class View(Generic[Source]):
    """One table of the report.

    Attributes:
        name: of its files, its table in a database, its key in the JSON document, and its section of the page.
        title: what people call it; also the name of its sheet, so at most 31 characters.
        schema: of `rows`.
        rows: its table.
        about: what it holds and what to do with it, in one or two sentences.
        layout: its columns on the page; empty if its section, or that of another view, shows it in another form.
        noun: what a row is, one and several.
        nothing: what the page says if it has no rows.
        of_overlap: whether each row belongs to a row of the overlap, whose columns the page can show beside it.
        most: the most rows that the page holds.
        shown: whether page and workbook have it at all.
        listed: those of its rows that the page lists one by one; all of them if it is None.
    """

    name: str
    title: str
    schema: pa.Schema
    rows: Callable[[Source], pa.Table]
    about: str
    layout: Layout = field(default_factory=dict)
    noun: tuple[str, str] = ("account", "accounts")
    nothing: str = ""
    of_overlap: bool = False
    most: int = SHOWN_OTHERS
    shown: Callable[[Source], bool] = _always
    listed: Callable[[Source], pa.Table] | None = None


_OWNERS: Final = {
    "owner_name": "",
    "their_owner_name": "owner_name",
    "their_owner_email": HIDDEN,
}
_IDS: Final = {"account_id": "", "match_id": "account_id"}
_BOTH: Final = {
    "segment": "",
    "stage": "segment",
    "their_segment": "",
    "their_stage": "their_segment",
}
_NAMES: Final = {"name": "", "domain": "name", "their_name": "name"}


def _theirs_without_me(account_map: AccountMap) -> pa.Table:
    found = account_map.theirs_without_me
    return UNMATCHED_SCHEMA.empty_table() if found is None else found


def _named_without_me(account_map: AccountMap) -> pa.Table:
    table = _theirs_without_me(account_map)
    return table.filter(pc.equal(table["by"], "name"))


def has_history(account_map: AccountMap) -> bool:
    """Return whether there was an earlier session to compare with."""
    return bool(account_map.history.sessions.num_rows > 1)


VIEWS: Final[tuple[View[AccountMap], ...]] = (
    View(
        name="matrix",
        title="Where you meet",
        schema=MATRIX_SCHEMA,
        rows=lambda account_map: account_map.matrix,
        about="Shared companies by what they are to you and to them.",
        noun=("cell", "cells"),
    ),
    View(
        name="estimates",
        title="Estimates before the reveal",
        schema=ESTIMATE_SCHEMA,
        rows=lambda account_map: account_map.estimates,
        about="How many of your companies are on their list, as the sketches said before anything was revealed.",
        noun=("segment", "segments"),
        shown=lambda account_map: account_map.estimates.num_rows > 0,
    ),
    View(
        name="overlap",
        title="Accounts you share",
        schema=OVERLAP_SCHEMA,
        rows=lambda account_map: account_map.overlap,
        about="Each row is an account of yours whose company is on both lists. Work them in this order.",
        layout={
            **_NAMES,
            "account_id": "name",
            **_BOTH,
            "change": "their_segment",
            "play": "",
            "lead": "play",
            "score": "",
            "score_parts": "score",
            **_OWNERS,
            "country": "",
            "industry": "country",
            "amount": "",
            "currency": "amount",
            "their_amount": "amount",
            "strength": "",
            "evidence": "strength",
            "match_id": "strength",
        },
        nothing="No account of yours is known to be shared.",
        of_overlap=True,
        most=SHOWN_OVERLAP,
    ),
    View(
        name="qualification",
        title="Likely to buy, and ideal",
        schema=QUALIFICATION_SCHEMA,
        rows=lambda account_map: account_map.qualification,
        about="The accounts that you share: how likely a deal opened with each now is to be won, judging by your "
        "own past deals, and whether its company fits the profiles of the ideal customer.",
        layout={
            **_NAMES,
            **_BOTH,
            "probability": "",
            "reasons": "probability",
            "agreed_fit": "",
            "agreed_points": "agreed_fit",
            "own_fit": "",
            "own_points": "own_fit",
            "their_fit": "",
            "their_points": "their_fit",
            "disagreement": "their_fit",
            **_OWNERS,
            **_IDS,
        },
        nothing="No account of yours is known to be shared.",
        of_overlap=True,
        most=SHOWN_OVERLAP,
        shown=lambda account_map: account_map.qualification.num_rows > 0,
    ),
    View(
        name="possible",
        title="Possible matches",
        schema=POSSIBLE_SCHEMA,
        rows=lambda account_map: account_map.possible,
        about="These may be the same company, but the evidence is not good enough to reveal them: neither of you "
        "has seen the other's account, and no number above counts them. Ask your partner with accountmap ask: "
        "if a person there answers “same”, the match moves to the accounts you share.",
        layout={
            "name": "",
            "domain": "name",
            "answer": "",
            "evidence": "",
            "doubt": "evidence",
            "match_score": "",
            "segment": "",
            "their_segment": "",
            "owner_name": "",
            "country": "",
            "amount": "",
            "currency": "amount",
            **_IDS,
        },
        nothing="There are none.",
    ),
    View(
        name="conflicts",
        title="Settle before anyone calls",
        schema=CONFLICT_SCHEMA,
        rows=lambda account_map: account_map.conflicts,
        about="Each row is a match and one reason to talk about it first. A match with two reasons has two rows.",
        layout={
            "reason": "",
            "next_step": "reason",
            "name": "",
            "their_name": "name",
            **_BOTH,
            "lead": "",
            **_OWNERS,
            "country": "",
            "their_country": "country",
            "registered_deal": "",
            "their_registered_deal": "registered_deal",
            **_IDS,
        },
        noun=("conflict", "conflicts"),
        nothing="No conflict was found: no account on which both of you are selling, no registered deal, and no "
        "company that one of you lists several times.",
        of_overlap=True,
    ),
    View(
        name="their_customers",
        title="Their customers, your prospects",
        schema=OVERLAP_SCHEMA,
        rows=lambda account_map: account_map.their_customers,
        about="They serve these companies, and you are not in yet. They are part of the accounts you share.",
        layout={**_NAMES, "score": "", **_OWNERS, "country": "", "industry": "", "strength": "", **_IDS},
        nothing="There are none among the accounts you share.",
        of_overlap=True,
    ),
    View(
        name="changes",
        title="Since last time",
        schema=CHANGE_SCHEMA,
        rows=lambda account_map: account_map.history.changes,
        about="A company is recognised by the IDs of your accounts. “Moved” means that your segment or theirs has "
        "changed.",
        layout={
            "name": "",
            "their_name": "name",
            "change": "",
            "why": "change",
            "segment": "",
            "segment_before": "segment",
            "their_segment": "",
            "their_segment_before": "their_segment",
            **_OWNERS,
            "country": "",
            "amount": "",
            "account_id": "",
        },
        nothing="Nothing has changed since last time.",
        shown=has_history,
    ),
    View(
        name="sessions",
        title="History",
        schema=SESSION_SCHEMA,
        rows=lambda account_map: account_map.history.sessions,
        about="Your sessions with this partner, the oldest first.",
        noun=("session", "sessions"),
        shown=has_history,
    ),
    View(
        name="campaign",
        title="Joint marketing",
        schema=CAMPAIGN_SCHEMA,
        rows=lambda account_map: account_map.campaign,
        about="Each row is a company that both of you prospect, or that one serves and the other prospects. "
        "Companies with an open deal on either side are left to the sellers.",
        layout={
            "name": "",
            "domain": "name",
            "territory": "",
            "industry": "",
            "size": "",
            "segment": "",
            "their_segment": "",
            **_OWNERS,
            "account_id": "",
        },
        noun=("company", "companies"),
        nothing="No shared company suits joint marketing: none is prospected by both, or served by one and "
        "prospected by the other.",
        of_overlap=True,
    ),
    View(
        name="budget",
        title="Joint marketing in numbers",
        schema=BUDGET_SCHEMA,
        rows=lambda account_map: account_map.budget,
        about="The companies for joint marketing, by country, industry and size.",
        noun=("line", "lines"),
    ),
    View(
        name="whitespace",
        title="Your accounts without a match",
        schema=WHITESPACE_SCHEMA,
        rows=lambda account_map: account_map.whitespace,
        about="",
        layout={
            "name": "",
            "domain": "name",
            "status": "",
            "why_not": "status",
            "segment": "",
            "compared_with": "",
            "counted_with": "compared_with",
            "owner_name": "",
            "country": "",
            "industry": "country",
            "amount": "",
            "currency": "amount",
            "account_id": "",
        },
        nothing="Every account on your list is shared, or may be.",
    ),
    View(
        name="theirs_without_me",
        title="Only on their list",
        schema=UNMATCHED_SCHEMA,
        rows=_theirs_without_me,
        about="",
        layout={"value": "", "their_segment": ""},
        listed=_named_without_me,
        noun=("name", "names"),
        nothing="They show nothing of the rest of their list.",
    ),
    View(
        name="coverage",
        title="Coverage by country",
        schema=COVERAGE_SCHEMA,
        rows=lambda account_map: account_map.coverage,
        about="Your companies by country. coverage.csv has them by segment too, with amounts.",
        noun=("line", "lines"),
        nothing="Your list is empty.",
    ),
    View(
        name="review",
        title="Matches in doubt",
        schema=REVIEW_SCHEMA,
        rows=lambda account_map: matches_to_review(account_map.to_review),
        about="Look at these before you act. Write “keep” or “reject” in review.csv, and give it to accountmap "
        "report review: a rejected match leaves this report, and stays out next time.",
        layout={
            **_NAMES,
            "doubt": "",
            "strength": "",
            "evidence": "strength",
            "match_score": "",
            "segment": "",
            "their_segment": "",
            "country": "",
            "their_country": "country",
            **_OWNERS,
            **_IDS,
        },
        noun=("match", "matches"),
        nothing="No match is in doubt.",
        of_overlap=True,
    ),
)
"""In the order of the page's sections and the workbook's sheets."""

VIEW: Final = {view.name: view for view in VIEWS}


def tables_of(account_map: AccountMap) -> dict[str, pa.Table]:
    """Return each view's table by its name, as docs/reports.md describes them."""
    return {view.name: view.rows(account_map) for view in VIEWS}
