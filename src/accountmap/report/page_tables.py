"""The tables of accounts on the page: which rows of which table, and which columns in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.overlap import AccountMap

SHOWN_OVERLAP: Final = 50_000
SHOWN_WHITESPACE: Final = 10_000
SHOWN_CHANGES: Final = 10_000
SHOWN_REST: Final = 10_000
"""The most rows that a page holds, so that it opens at once; the CSV and Parquet files hold all."""

Places = Mapping[str, str]
"""The columns of a table in order, and which one a column stands small below, if that one is there."""

_OVERLAP: Final = {
    "name": "",
    "domain": "name",
    "their_name": "name",
    "segment": "",
    "stage": "segment",
    "their_segment": "",
    "their_stage": "their_segment",
    "change": "their_segment",
    "play": "",
    "lead": "play",
    "score": "",
    "score_parts": "score",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "industry": "",
    "amount": "",
    "their_amount": "amount",
    "tier": "",
    "evidence": "tier",
    "account_id": "",
    "match_id": "account_id",
}
_ONLY_IN_VIEWS: Final = ("doubt", "territory", "size", "registered_deal", "their_registered_deal", "their_country")
_CONFLICTS: Final = {
    "reason": "",
    "settle": "reason",
    "name": "",
    "their_name": "name",
    "segment": "",
    "stage": "segment",
    "their_segment": "",
    "their_stage": "their_segment",
    "lead": "",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "their_country": "country",
    "registered_deal": "",
    "their_registered_deal": "registered_deal",
    "account_id": "",
    "match_id": "account_id",
}
_THEIR_CUSTOMERS: Final = {
    "name": "",
    "domain": "name",
    "their_name": "name",
    "score": "",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "industry": "",
    "tier": "",
    "account_id": "",
    "match_id": "account_id",
}
_CAMPAIGN: Final = {
    "name": "",
    "domain": "name",
    "territory": "",
    "industry": "",
    "size": "",
    "segment": "",
    "their_segment": "",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "account_id": "",
}
_REVIEW: Final = {
    "name": "",
    "domain": "name",
    "their_name": "name",
    "doubt": "",
    "tier": "",
    "evidence": "tier",
    "segment": "",
    "their_segment": "",
    "country": "",
    "their_country": "country",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "account_id": "",
    "match_id": "account_id",
}
_CHANGES: Final = {
    "name": "",
    "their_name": "name",
    "change": "",
    "why": "change",
    "segment": "",
    "segment_before": "segment",
    "their_segment": "",
    "their_segment_before": "their_segment",
    "owner_name": "",
    "their_owner_name": "owner_name",
    "country": "",
    "amount": "",
    "account_id": "",
}
_WHITESPACE: Final = {
    "name": "",
    "domain": "name",
    "segment": "",
    "compared_with": "",
    "counted_with": "compared_with",
    "why_not": "",
    "owner_name": "",
    "country": "",
    "industry": "",
    "amount": "",
    "account_id": "",
}

_REST: Final = {"name": "", "their_segment": ""}

_ROWS: Final = ("row", "rows")
_ACCOUNTS: Final = ("account", "accounts")


@dataclass(frozen=True, repr=False)
class PageTable:
    """One table of the page with rows of its own.

    Attributes:
        table: the rows that the page holds.
        total: how many there are in all.
        places: the columns that are shown.
        hidden: columns that only views of it show.
        noun: what a row is, one and several.
    """

    table: pa.Table
    total: int
    places: Places
    noun: tuple[str, str]
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class PageView:
    """A table that shows rows of the overlap.

    Attributes:
        at: which rows of the overlap; those that the page does not hold are left out.
        own: columns of the view alone, row for row with `at`.
    """

    at: pa.Array
    places: Places
    noun: tuple[str, str]
    own: pa.Table = field(default_factory=lambda: pa.table({}))


def page_tables(account_map: AccountMap) -> dict[str, PageTable]:
    """Give the tables with rows of their own by the section that they stand in."""
    overlap, changes, whitespace = account_map.overlap, account_map.history.changes, account_map.whitespace
    once = overlap.num_rows == account_map.summary.overlap.accounts
    tables = {
        "overlap": _first(overlap, SHOWN_OVERLAP, _OVERLAP, _ACCOUNTS if once else _ROWS, _ONLY_IN_VIEWS),
        "changes": _first(changes, SHOWN_CHANGES, _CHANGES, _ACCOUNTS),
        "whitespace": _first(whitespace, SHOWN_WHITESPACE, _WHITESPACE, _ACCOUNTS),
    }
    if account_map.rest is not None:
        named = named_rest(account_map.rest)
        tables["rest-accounts"] = _first(named, SHOWN_REST, _REST, _ACCOUNTS)
    optional = ("changes", "rest-accounts")
    return {name: table for name, table in tables.items() if table.total or name not in optional}


def named_rest(rest: pa.Table) -> pa.Table:
    """Give theirs without me by name, as columns `name` and `their_segment`; no rows if they did not opt in.

    Args:
        rest: REST_SCHEMA.
    """
    rows = rest.filter(pc.and_(pc.equal(rest["by"], "account"), rest["value"].is_valid()))
    return pa.table({"name": rows["value"], "their_segment": rows["their_segment"]})


def page_views(account_map: AccountMap) -> dict[str, PageView]:
    """Give the views of the overlap that have rows, by the section that they stand in."""
    overlap, conflicts = account_map.overlap, account_map.conflicts
    rows = pa.array(range(overlap.num_rows), pa.int64())
    prospects = pc.and_(pc.equal(overlap["segment"], "prospect"), pc.equal(overlap["their_segment"], "customer"))
    doubtful = pc.and_(overlap["doubt"].is_valid(), overlap["review"].is_null())
    views = {
        "conflicts": PageView(
            _rows_of(conflicts["match_id"], overlap["match_id"]),
            _CONFLICTS,
            ("conflict", "conflicts"),
            conflicts.select(["reason", "settle"]),
        ),
        "prospects": PageView(rows.filter(prospects.combine_chunks()), _THEIR_CUSTOMERS, _ACCOUNTS),
        "campaign": PageView(
            _rows_of(account_map.campaign["account_id"], overlap["account_id"]), _CAMPAIGN, ("entity", "entities")
        ),
        "quality": PageView(rows.filter(doubtful.combine_chunks()), _REVIEW, _ACCOUNTS),
    }
    return {name: _held(view) for name, view in views.items() if len(view.at)}


def _first(
    table: pa.Table, most: int, places: Places, noun: tuple[str, str], hidden: tuple[str, ...] = ()
) -> PageTable:
    return PageTable(table.slice(0, most), table.num_rows, places, noun, hidden)


def _rows_of(wanted: pa.ChunkedArray, among: pa.ChunkedArray) -> pa.Array:
    """Find the first row of each value."""
    return pc.index_in(wanted, value_set=among.combine_chunks()).combine_chunks().cast(pa.int64())


def _held(view: PageView) -> PageView:
    held = pc.less(view.at, SHOWN_OVERLAP)
    own = view.own.filter(held) if view.own.num_columns else view.own
    return PageView(view.at.filter(held), view.places, view.noun, own)
