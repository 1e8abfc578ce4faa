"""The portfolio as a workbook: one sheet a view, with charts of reach and over time."""

from typing import Any, Final

from xlsxwriter import Workbook

from accountmap.portfolio import MAPPED, Portfolio
from accountmap.portfolio.together import matrix
from accountmap.report.portfolio_views import PORTFOLIO_VIEW, PORTFOLIO_VIEWS
from accountmap.report.portfolio_words import (
    FOR_OWN_EYES,
    TERMS,
    measure_rows,
    portfolio_headline,
    portfolio_sentences,
    score_meanings,
)
from accountmap.report.safe_text import visible
from accountmap.report.workbook import Formats, Lines, write_book, write_table


def portfolio_workbook(portfolio: Portfolio) -> bytes:
    """Render portfolio.xlsx."""
    summary: Lines = [
        (f"Partner portfolio of {portfolio.own_name}",),
        (FOR_OWN_EYES,),
        (f"{portfolio.made:%Y-%m-%d %H:%M} UTC",),
        (portfolio_headline(portfolio),),
        *((text,) for text in (*portfolio_sentences(portfolio), *portfolio.notes)),
    ]
    scores = {f"Score: {part.lower()}": meaning for part, meaning in score_meanings().items()}
    reading: Lines = [("How to read",), *(TERMS | scores).items()]
    return write_book(PORTFOLIO_VIEWS, portfolio, summary, {"How to read": reading}, _DRAWN)


def _reach(book: Workbook, portfolio: Portfolio, formats: Formats) -> None:
    """Write the reach, and draw for each measure what is only through a partner and what is through others too."""
    title = PORTFOLIO_VIEW["reach"].title
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 4, 18)
    sheet.set_column(5, 12, 14)
    write_table(sheet, portfolio.reach, formats)
    beside = book.add_worksheet("Charts of reach")
    row = 0
    for measure in ("pipeline", "opportunities", "customers", "targets"):
        known = [each for each in measure_rows(portfolio, measure) if each["state"] == MAPPED]
        if known:
            row = _reach_chart(book, beside, measure, known, row)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _reach_chart(book: Workbook, sheet: Any, measure: str, rows: list[dict[str, Any]], first: int) -> int:
    """Write the numbers of a chart from a row on, and the chart beside them; return the row after both."""
    name = sheet.get_name()
    for at, heading in enumerate((measure.capitalize(), "Only through them", "Through others too")):
        sheet.write_string(first, at, heading)
    for at, each in enumerate(rows, first + 1):
        sheet.write_string(at, 0, visible(each["partner_name"]))
        sheet.write_number(at, 1, each["adds"])
        sheet.write_number(at, 2, each["reached"] - each["adds"])
    sheet.set_column(0, 2, 22)
    chart = book.add_chart({"type": "bar", "subtype": "stacked"})
    for column in (1, 2):
        chart.add_series(
            {
                "name": [name, first, column],
                "categories": [name, first + 1, 0, first + len(rows), 0],
                "values": [name, first + 1, column, first + len(rows), column],
            }
        )
    chart.set_title({"name": f"Reach: {measure}"})
    chart.set_y_axis({"reverse": True})
    sheet.insert_chart(first, 4, chart, {"description": f"What each partner reaches: {measure}"})
    return first + max(len(rows) + 2, 16)


def _over_time(book: Workbook, portfolio: Portfolio, formats: Formats) -> None:
    """Write the sessions with the shared companies over time as a chart."""
    title, table = PORTFOLIO_VIEW["over_time"].title, portfolio.over_time
    sheet = book.add_worksheet(title)
    sheet.set_column(0, table.num_columns - 1, 18)
    days = table["day"].to_pylist()
    write_table(sheet, table.set_column(0, "day", [[f"{day}" for day in days]]), formats)
    chart = book.add_chart({"type": "line"})
    for name in ("reached", "several"):
        column = table.column_names.index(name)
        chart.add_series(
            {
                "name": [title, 0, column],
                "categories": [title, 1, 0, table.num_rows, 0],
                "values": [title, 1, column, table.num_rows, column],
            }
        )
    chart.set_title({"name": "Companies that partners share"})
    chart.set_y_axis({"min": 0})
    place = table.num_columns + 1
    sheet.insert_chart(1, place, chart, {"x_scale": 1.6, "description": "Shared companies over time"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _together(book: Workbook, portfolio: Portfolio, formats: Formats) -> None:
    """Write the pairs as a square, and below it all pairs and triples."""
    sheet = book.add_worksheet(PORTFOLIO_VIEW["together"].title)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 40, 16)
    rows = portfolio.partners.to_pylist()
    mapped = [(row["partner"], row["partner_name"]) for row in rows if row["state"] == MAPPED]
    sheet.write_string(0, 0, "Companies that two share", formats.heading)
    for at, (_, name) in enumerate(mapped, 1):
        sheet.write_string(0, at, visible(name), formats.heading)
    for row, (name, counts) in enumerate(matrix(portfolio.together, mapped), 1):
        sheet.write_string(row, 0, visible(name), formats.heading)
        for at, count in enumerate(counts, 1):
            if count is None:
                sheet.write_string(row, at, "", formats.unknown)
            else:
                sheet.write_number(row, at, count, formats.number)
    write_table(sheet, portfolio.together, formats, first_row=len(mapped) + 3)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


_DRAWN: Final = {"reach": _reach, "over_time": _over_time, "together": _together}
"""The views whose sheets have a chart or another form."""
