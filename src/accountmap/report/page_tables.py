"""The tables of accounts on the page: which rows and which columns, written for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import SCORE_PARTS, AccountMap
from accountmap.account_map.schema import mapped
from accountmap.accounts.schema import size_band

_MATCH_DIGITS: Final = 8
"""Enough of a match id to name an account to the partner on the phone."""

_LEADS: Final = {"me": "you lead", "them": "they lead", "both": "both lead"}


def shown_column(name: str, table: pa.Table) -> pa.ChunkedArray:
    """Take a column of the overlap or the whitespace as the page shows it."""
    return _WRITTEN[name](table) if name in _WRITTEN else table[name]


def _match(table: pa.Table) -> pa.ChunkedArray:
    return pc.utf8_slice_codeunits(table["match_id"], 0, _MATCH_DIGITS)


def _domain(table: pa.Table) -> pa.ChunkedArray:
    """Show the website where a list has no domain."""
    host = pc.replace_substring_regex(table["website"], r"^(https?://)?(www\.)?|/$", "")
    return pc.coalesce(table["domain"], host)


def _their_name(table: pa.Table) -> pa.ChunkedArray:
    """Show their name only where it is another."""
    theirs = table["their_name"]
    same = pc.equal(pc.utf8_lower(theirs), pc.utf8_lower(table["name"]))
    return pc.if_else(pc.fill_null(same, False), pa.scalar(None, pa.string()), theirs)


def _their_owner(table: pa.Table) -> pa.ChunkedArray:
    return pc.coalesce(table["their_owner_name"], table["their_owner_email"])


def _change(table: pa.Table) -> pa.ChunkedArray:
    """Leave out that nothing has changed."""
    same = pc.equal(table["change"], "same")
    return pc.if_else(same, pa.scalar(None, pa.string()), table["change"])


def _score_parts(table: pa.Table) -> pa.ChunkedArray:
    """Write the points of the parts that the score has as "50 + 12.5 + 20"."""
    parts = [table[f"score_{part}"] for part in SCORE_PARTS]
    used = [part for part in parts if part.null_count < len(part)]
    if not used:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    points = [pc.replace_substring_regex(part.cast(pa.string()), r"\.0$", "") for part in used]
    return pc.binary_join_element_wise(*points, " + ")


def _lead(table: pa.Table) -> pa.ChunkedArray:
    return pa.chunked_array([mapped(table["lead"], _LEADS.get)])


def _size(table: pa.Table) -> pa.ChunkedArray:
    bands = [size_band(employees) for employees in table["employees"].to_pylist()]
    return pa.chunked_array([pa.array(bands, pa.string())])


def _segments(column: str) -> Callable[[pa.Table], pa.ChunkedArray]:
    """Leave out that there are none."""
    none = pa.scalar(None, pa.string())
    return lambda table: pc.if_else(pc.equal(table[column], ""), none, table[column])


def _evidence(table: pa.Table) -> pa.ChunkedArray:
    """Name the strongest shared key, and say how many more there are; few evidences differ."""
    coded = table["evidence"].combine_chunks().dictionary_encode()
    spoken = pa.array([_spoken(evidence) for evidence in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([spoken.take(coded.indices)])


def _spoken(evidence: str) -> str:
    strongest, *others = evidence.replace("_", " ").split("+")
    return f"{strongest}, {len(others)} more" if others else strongest


_WRITTEN: Final[dict[str, Callable[[pa.Table], pa.ChunkedArray]]] = {
    "match_id": _match,
    "domain": _domain,
    "their_name": _their_name,
    "their_owner_name": _their_owner,
    "change": _change,
    "lead": _lead,
    "score_parts": _score_parts,
    "size": _size,
    "compared_with": _segments("compared_with"),
    "counted_with": _segments("counted_with"),
    "evidence": _evidence,
}


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
