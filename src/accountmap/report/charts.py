"""The page's charts, drawn as SVG with leather: shapes and text alone, so that the page's policy admits them.

Colours and type are the page's (report.css), so that charts follow light, dark and print. Every number in them
stands in a table or a sentence of the page as well.
"""

import re
from collections.abc import Sequence
from typing import Final

import leather
import pyarrow.compute as pc
from markupsafe import Markup

from accountmap.account_map import AccountMap
from accountmap.report.safe_text import visible

_WIDTH: Final = 640
_BAR: Final = 30
_MARGINS: Final = 90
"""What title and axis take of a chart's height."""

_OVERHANG: Final = 32
"""Room to the right: the last number of an axis is centred on its end, and a long one goes beyond the drawing."""

_MOST_BARS: Final = 8
_LABEL: Final = 24
"""Characters of a label; the table beside the chart has all of them."""

_OPENING: Final = re.compile(r'<svg width="\d+" height="\d+"')

Bars = Sequence[tuple[float, str]]
"""Lengths and labels, the longest first."""


def money_chart(account_map: AccountMap) -> Markup | None:
    """Draw the amounts of your list by play; None if there are less than two."""
    bars = [(play.amount, play.play) for play in account_map.summary.plays]
    return _bars(bars, "Amounts in your list by play") if len(bars) > 1 else None


def country_chart(account_map: AccountMap) -> Markup | None:
    """Draw the shared entities of the countries with most; None if there are less than two."""
    table = account_map.coverage
    known = table.filter(pc.is_valid(table["territory"])).group_by("territory").aggregate([("overlap", "sum")])
    rows = sorted(known.to_pylist(), key=lambda row: (-row["overlap_sum"], row["territory"]))
    bars = [(row["overlap_sum"], row["territory"]) for row in rows if row["overlap_sum"]]
    return _bars(bars[:_MOST_BARS], "Shared entities by country, the most") if len(bars) > 1 else None


def history_chart(account_map: AccountMap) -> Markup | None:
    """Draw the shared entities over time; None before the third session, for two points are no line to follow."""
    sessions = account_map.history.sessions.to_pylist()
    if len(sessions) < 3:
        return None
    # leather compares times without a zone; these are all in UTC.
    points = [(session["finished"].replace(tzinfo=None), session["overlap"]) for session in sessions]
    chart = leather.Chart()
    chart.add_line(points)
    chart.add_y_scale(0, max(1, *(shared for _, shared in points)))
    return _figure(chart, 3 * _MARGINS, "Shared entities over time")


def _bars(bars: Bars, title: str) -> Markup:
    chart = leather.Chart()
    chart.add_bars([(length, _label(label)) for length, label in bars])
    chart.add_x_axis(tick_formatter=lambda value, *_: f"{value:,.0f}")
    return _figure(chart, _MARGINS + _BAR * len(bars), title)


def _label(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LABEL else f"{shown[: _LABEL - 1]}…"


def _figure(chart: leather.Chart, height: int, title: str) -> Markup:
    """Make the drawing as wide as its place, and name it for those who hear the page."""
    opening = f'<svg viewBox="0 0 {_WIDTH + _OVERHANG} {height}" aria-hidden="true"'
    drawn = _OPENING.sub(opening, chart.to_svg(width=_WIDTH, height=height), count=1)
    # The drawing is leather's, which escapes text; nothing else is taken as it is.
    picture = Markup(drawn)  # noqa: S704 see above
    return Markup('<figure class="chart"><figcaption>{}</figcaption>{}</figure>').format(title, picture)
