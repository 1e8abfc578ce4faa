"""The page's charts: bars of plain rectangles, with their labels and numbers as text beside them.

Here a chart is data. It becomes HTML and SVG in the templates, where whatever is printed is escaped. Labels are
text of the page, so that they wrap, print and scale like all other text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow.compute as pc

from accountmap.account_map import AccountMap
from accountmap.report.wording import counted, money, plural

_MOST_BARS: Final = 8


@dataclass(frozen=True)
class Part:
    """A rectangle of a bar: its kind, and where it begins and how wide it is, in percent of the longest bar."""

    kind: str
    start: float
    width: float
    title: str = ""


@dataclass(frozen=True)
class Bar:
    """One line of a chart."""

    label: str
    parts: tuple[Part, ...]
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart of bars.

    Attributes:
        legend: kind and meaning of the parts of its bars; empty if a bar has one part.
    """

    title: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()


def _chart(title: str, lengths: Iterable[tuple[str, float, str]]) -> Chart | None:
    """Draw bars of one part each; None if there are fewer than two, which would show nothing."""
    rows = list(lengths)
    most = max([1.0, *(length for _, length, _ in rows)])
    bars = tuple(Bar(label, (Part("all", 0, 100 * length / most),), text) for label, length, text in rows)
    return Chart(title, bars) if len(bars) > 1 else None


_REACH: Final = {
    "overlap": "shared",
    "possible": "possible matches",
    "whitespace": "only on your list",
    "only_counted": "only counted",
    "not_compared": "not compared",
}


def reach_bars(account_map: AccountMap) -> Chart | None:
    """Draw for each own segment what became of its companies."""
    own = [row for row in account_map.summary.own if row.listed.entities]
    most = max([1, *(row.listed.entities for row in own)])
    bars, used = [], set()
    for row in own:
        parts, start = [], 0.0
        for kind, meaning in _REACH.items():
            count = getattr(row, kind).entities
            if count:
                width = 100 * count / most
                parts.append(Part(kind, start, width, f"{count:,} {meaning}"))
                start += width
                used.add(kind)
        share = f"{row.overlap.entities:,} of {row.listed.entities:,} shared"
        bars.append(Bar(f"Your {plural(row.segment, 2)}", tuple(parts), share))
    legend = tuple((kind, meaning) for kind, meaning in _REACH.items() if kind in used)
    return Chart("What became of your companies", tuple(bars), legend) if bars else None


def money_bars(account_map: AccountMap) -> Chart | None:
    """Draw the open amounts of your list by play."""
    return _chart(
        "Open amounts in your list by play",
        (
            (
                play.play.capitalize(),
                play.amount,
                f"{money(play.amount, account_map.currency)}, {counted(play.count.entities, 'company')}",
            )
            for play in account_map.summary.plays
        ),
    )


def country_bars(account_map: AccountMap) -> Chart | None:
    """Draw the shared companies of the countries with most."""
    table = account_map.coverage
    known = table.filter(pc.is_valid(table["territory"])).group_by("territory").aggregate([("overlap", "sum")])
    rows = sorted(known.to_pylist(), key=lambda row: (-row["overlap_sum"], row["territory"]))
    bars = [
        (row["territory"], row["overlap_sum"], f"{row['overlap_sum']:,}") for row in rows if row["overlap_sum"]
    ]
    return _chart("Shared companies by country", bars[:_MOST_BARS])


def change_bars(account_map: AccountMap) -> Chart | None:
    """Draw how the last overlap became the present one."""
    sessions = account_map.history.sessions
    if sessions.num_rows < 2:
        return None
    before, now = sessions.slice(sessions.num_rows - 2).to_pylist()
    most = max(1, before["overlap"] + now["new"], now["overlap"]) / 100
    rows = (
        (f"{before['finished']:%Y-%m-%d}", "all", 0, before["overlap"], f"{before['overlap']:,} shared"),
        ("Gone", "gone", before["overlap"] - now["gone"], now["gone"], f"{now['gone']:,}"),
        ("New", "new", now["overlap"] - now["new"], now["new"], f"{now['new']:,}"),
        (f"{now['finished']:%Y-%m-%d}", "all", 0, now["overlap"], f"{now['overlap']:,} shared"),
        ("Of these, moved", "moved", 0, now["moved"], f"{now['moved']:,} to another cell"),
    )
    bars = tuple(
        Bar(label, (Part(kind, max(start, 0) / most, width / most),), text)
        for label, kind, start, width, text in rows
    )
    return Chart("Since last time", bars)


def history_bars(account_map: AccountMap) -> Chart | None:
    """Draw the shared companies over time; None before the third session: `change_bars` shows two."""
    sessions = account_map.history.sessions.to_pylist()
    if len(sessions) < 3:
        return None
    return _chart(
        "Shared companies over time",
        ((f"{each['finished']:%Y-%m-%d}", each["overlap"], f"{each['overlap']:,}") for each in sessions[-12:]),
    )
