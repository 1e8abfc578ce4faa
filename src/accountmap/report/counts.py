"""The page's small tables of numbers, all text: the name of each line, and its counts as people read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.compute as pc

from accountmap.account_map import AccountMap, OwnSegment, Summary
from accountmap.accounts.schema import SIZE_BANDS
from accountmap.report.columns import COLUMNS
from accountmap.report.wording import about, plural

_LINES: Final = 15
"""The most lines of a table; the CSV and Parquet files hold all."""

_SESSIONS: Final = 24
"""The most sessions that are listed: two years, month by month."""

_NOT_KNOWN: Final = "not known"


@dataclass(frozen=True)
class CountsTable:
    """One table.

    Attributes:
        headings: one per column, beginning with the column of the lines' names.
        rows: the name of each line, and its cells.
        more: how many lines are left out.
        file: the CSV file that has them.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int = 0
    file: str = ""


def _table(caption: str, headings: Sequence[str], rows: Iterable[tuple[str, ...]], file: str = "") -> CountsTable:
    lines = tuple(rows)
    return CountsTable(caption, tuple(headings), lines[:_LINES], len(lines[_LINES:]), file)


def _numbers(row: dict[str, Any], *names: str) -> tuple[str, ...]:
    return tuple("–" if row[name] is None else f"{row[name]:,}" for name in names)


def estimates(account_map: AccountMap) -> CountsTable | None:
    """Put each estimate over the whole of their list beside what is shared; None if there is none."""
    summary = account_map.summary
    lines = [(plural(each.segment, 2), each.estimate, each.overlap) for each in summary.own]
    rows = [
        (name, f"{estimate.entities:,}", about(vars(estimate)), f"{shared.entities:,}")
        for name, estimate, shared in (*lines, ("all", summary.estimate, summary.overlap))
        if estimate is not None
    ]
    headings = ("Your segment", "Companies", "Estimated", "Shared")
    return _table("Your companies on their list: estimated and known", headings, rows) if rows else None


def sessions(account_map: AccountMap) -> CountsTable:
    """Return the sessions with this partner, the oldest first."""
    names = ("listed", "their_listed_at_most", "overlap", "new", "moved", "gone")
    every = account_map.history.sessions.to_pylist()[-_SESSIONS:]
    return CountsTable(
        f"Sessions with {account_map.partner_name}: companies",
        ("Day", "Your list", "Their list, at most", "Shared", "New", "Moved", "Gone"),
        tuple((f"{row['finished']:%Y-%m-%d}", *_numbers(row, *names)) for row in every),
    )


def budget(account_map: AccountMap) -> list[CountsTable]:
    """Return the joint-marketing list in numbers, one table each for country, industry and size."""
    lines = account_map.budget.to_pylist()
    tables = []
    for by, word in (("territory", "country"), ("industry", "industry"), ("size", "size")):
        rows = _by_size([row for row in lines if row["by"] == by])
        tables.append(
            _table(
                f"Joint marketing by {word}",
                (word.capitalize(), "Companies", "Accounts", "Employees"),
                (
                    (row["value"] or _NOT_KNOWN, *_numbers(row, "entities", "accounts", "employees"))
                    for row in rows
                ),
                "budget",
            )
        )
    return tables


def unmatched(account_map: AccountMap) -> list[CountsTable]:
    """Return theirs without me, one table each for country, size and industry, as far as they show it."""
    table = account_map.theirs_without_me
    lines = [] if table is None else table.to_pylist()
    return [
        _table(
            f"Only on their list, by {by}",
            (by.capitalize(), "Their list", "Matched", "Only on their list"),
            (
                (row["value"], f"about {row['listed']:,}", f"{row['matched']:,}", about(row, "entities"))
                for row in _by_size([row for row in lines if row["by"] == by])
            ),
            "theirs_without_me",
        )
        for by in ("country", "size", "industry")
        if any(row["by"] == by for row in lines)
    ]


def unmatched_total(account_map: AccountMap) -> str:
    """Return about how many of their companies are only on their list, or nothing if they do not show it."""
    table = account_map.theirs_without_me
    rows = [] if table is None else table.filter(pc.equal(table["by"], "all")).to_pylist()
    return about(rows[0], "entities") if rows else ""


def _by_size(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put size bands in their order, unknown sizes last; leave other lines as they are."""
    if rows and rows[0]["by"] == "size":
        return sorted(rows, key=lambda row: SIZE_BANDS.index(row["value"]) if row["value"] else len(SIZE_BANDS))
    return rows


def coverage(account_map: AccountMap) -> CountsTable:
    """Add the coverage up by country, the largest first."""
    names = ("listed", "overlap", "their_customers", "possible", "whitespace", "only_counted", "not_compared")
    sums: dict[str | None, dict[str, int]] = {}
    for row in account_map.coverage.to_pylist():
        held = sums.setdefault(row["territory"], dict.fromkeys(names, 0))
        for name in names:
            held[name] += row[name]
    rows = (
        (
            territory or _NOT_KNOWN,
            *_numbers(row, "listed", "overlap"),
            f"{row['overlap'] / row['listed']:.0%}",
            *_numbers(row, *names[2:]),
        )
        for territory, row in sums.items()
    )
    headings = [COLUMNS[name].label for name in names]
    headings[2:2] = ["Share"]
    return _table("Your companies by country", ("Country", *headings), rows, "coverage")


def own_list(account_map: AccountMap) -> CountsTable:
    """Return what became of the own list, by segment, in companies and accounts."""
    summary = account_map.summary
    rows = []
    parts: list[tuple[str, OwnSegment | Summary]] = [(plural(each.segment, 2), each) for each in summary.own]
    for name, part in (*parts, ("all", summary)):
        counts = (
            part.listed,
            part.overlap,
            part.possible,
            part.whitespace,
            part.only_counted,
            part.not_compared,
        )
        rows.append((name, *(f"{count.entities:,} ({count.accounts:,})" for count in counts)))
    headings = ("Your segment", "On the list", "Shared", "Possible matches", "Only on your list", "Only counted")
    return _table("Your list: companies (accounts)", (*headings, "Not compared"), rows)


def their_list(account_map: AccountMap) -> CountsTable:
    """Return what is known about the partner's list, by segment."""
    summary = account_map.summary
    rows = [
        (plural(each.segment, 2), f"{each.at_most:,}", f"{each.matches:,}", f"at most {each.without_me_at_most:,}")
        for each in summary.theirs
    ]
    without = sum(each.without_me_at_most for each in summary.theirs)
    rest = unmatched_total(account_map) or f"at most {without:,}"
    rows.append(("all", f"{summary.partner_at_most:,}", f"{summary.matches:,}", rest))
    return _table(
        "Their list: companies", ("Their segment", "Announced, at most", "Matches", "Only on their list"), rows
    )
