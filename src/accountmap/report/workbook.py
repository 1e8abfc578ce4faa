"""The account map, the portfolio and what partners do for revenue as workbooks: a sheet for each view."""

from typing import Any, Final

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from accountmap.account_map import DOUBTS, PLAYS, SESSION_SCHEMA, AccountMap
from accountmap.account_map.schema import NAMES
from accountmap.accounts.schema import SEGMENTS
from accountmap.influence import Influence
from accountmap.influence.compare import DOES_NOT_SHOW
from accountmap.influence.models import MODELS
from accountmap.portfolio import MAPPED, Portfolio
from accountmap.portfolio.together import matrix
from accountmap.report.influence_views import INFLUENCE_VIEWS
from accountmap.report.influence_words import (
    CLASS_MEANINGS,
    balance_sentence,
    board_numbers,
    influence_headline,
    influence_sentences,
    verdict_meanings,
    watch_sentence,
)
from accountmap.report.portfolio_views import PORTFOLIO_VIEW, PORTFOLIO_VIEWS
from accountmap.report.portfolio_words import (
    FOR_OWN_EYES,
    measure_rows,
    portfolio_headline,
    portfolio_sentences,
    score_meanings,
)
from accountmap.report.portfolio_words import (
    TERMS as PORTFOLIO_TERMS,
)
from accountmap.report.safe_text import visible
from accountmap.report.views import VIEW, VIEWS
from accountmap.report.wording import (
    HOW_TO_TREAT,
    STATUS_MEANINGS,
    STRENGTH_MEANINGS,
    TERMS,
    cell_text,
    estimate_sentences,
    headline,
    plural,
    receipt_sentence,
    score_sentences,
    shown_sentences,
    summary_sentences,
    what_they_learned,
)
from accountmap.report.xlsx import SHEET_ROWS, Formats, Lines, write_book, write_table


def render_workbook(account_map: AccountMap, sheet_rows: int = SHEET_ROWS) -> bytes:
    """Render report.xlsx: a summary, one sheet per view, and what was revealed.

    Args:
        sheet_rows: the most rows of a sheet.
    """
    last = {"What was revealed": _revealed(account_map), "How to read": _reading(account_map)}
    return write_book(VIEWS, account_map, _summary(account_map), last, _DRAWN, sheet_rows)


def _summary(account_map: AccountMap) -> Lines:
    sentences = [
        f"{account_map.finished:%Y-%m-%d %H:%M} UTC, session {account_map.session_id[:8]}",
        headline(account_map),
        *summary_sentences(account_map),
        *estimate_sentences(account_map),
        *account_map.notes,
    ]
    title = f"Account map: {account_map.own_name} and {account_map.partner_name}"
    return [(title,), *((sentence,) for sentence in sentences)]


def _matrix(book: Workbook, account_map: AccountMap, formats: Formats) -> None:
    """Write the companies of each cell as a square and as a chart, and below it all that is known about the cells.

    A cell whose accounts were not revealed says so: blank, it would read as zero.
    """
    title = VIEW["matrix"].title
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 3, 26)
    sheet.set_column(4, 11, 19)
    cells = account_map.matrix.to_pylist()
    sheet.write_string(0, 0, "Shared companies", formats.heading)
    for at, theirs in enumerate(SEGMENTS, 1):
        sheet.write_string(0, at, f"Their {plural(theirs, 2)}", formats.heading)
    chart = book.add_chart({"type": "column"})
    for row, mine in enumerate(SEGMENTS, 1):
        sheet.write_string(row, 0, f"Your {plural(mine, 2)}", formats.heading)
        for at, cell in enumerate(cells[3 * row - 3 : 3 * row], 1):
            if cell["level"] == NAMES:
                sheet.write_number(row, at, cell["entities"], formats.number)
            else:
                sheet.write_string(row, at, cell_text(cell), formats.unknown)
    for at in range(1, len(SEGMENTS) + 1):
        chart.add_series(
            {
                "name": [title, 0, at],
                "categories": [title, 1, 0, 3, 0],
                "values": [title, 1, at, 3, at],
                "data_labels": {"value": True},
            }
        )
    _cells(sheet, account_map.matrix, formats, first_row=5)
    chart.set_title({"name": "Shared companies"})
    chart.set_y_axis({"name": "Companies", "major_gridlines": {"visible": True, "line": {"color": "#D9DFE5"}}})
    sheet.insert_chart(
        16, 0, chart, {"x_scale": 1.8, "y_scale": 1.3, "description": "Shared companies by segment"}
    )
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _cells(sheet: Worksheet, matrix: pa.Table, formats: Formats, first_row: int) -> None:
    """Write one row per cell of the matrix, without the columns in which no cell has a value."""
    held = [name for name in matrix.column_names if matrix[name].null_count < matrix.num_rows]
    write_table(sheet, matrix.select(held), formats, first_row)
    for row, cell in enumerate(matrix.to_pylist(), first_row + 1):
        if cell["level"] != NAMES:
            for name in ("entities", "accounts", "possible"):
                if name in held:
                    sheet.write_string(row, held.index(name), cell_text(cell), formats.unknown)


def _sessions(book: Workbook, account_map: AccountMap, formats: Formats) -> None:
    """Write the sessions with the overlap over time as a chart."""
    title = VIEW["sessions"].title
    sheet = book.add_worksheet(title)
    sheet.set_column(0, len(SESSION_SCHEMA) - 1, 18)
    sessions = account_map.history.sessions
    write_table(sheet, sessions, formats)
    chart = book.add_chart({"type": "line"})
    last = sessions.num_rows
    day, shared = (SESSION_SCHEMA.names.index(name) for name in ("finished", "overlap"))
    chart.add_series(
        {
            "name": [title, 0, shared],
            "categories": [title, 1, day, last, day],
            "values": [title, 1, shared, last, shared],
            "marker": {"type": "circle"},
        }
    )
    chart.set_title({"name": "Shared companies over time"})
    chart.set_y_axis({"min": 0})
    chart.set_legend({"none": True})
    sheet.insert_chart(last + 2, 0, chart, {"x_scale": 1.8, "description": "Shared companies by session"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


_DRAWN: Final = {"matrix": _matrix, "sessions": _sessions}
"""The views whose sheets have a chart."""


def _revealed(account_map: AccountMap) -> Lines:
    sentences = [
        "They learned from this session:",
        *what_they_learned(account_map),
        *shown_sentences(account_map),
        HOW_TO_TREAT,
        receipt_sentence(account_map),
    ]
    return [("What was revealed",), *((sentence,) for sentence in sentences)]


def _reading(account_map: AccountMap) -> Lines:
    strengths = {f"Evidence: {strength}": meaning for strength, meaning in STRENGTH_MEANINGS.items()}
    plays = {
        f"Your {plural(mine, 2)}, their {plural(theirs, 2)}": f"{play.name.capitalize()}. {play.sentence}"
        for (mine, theirs), play in sorted(PLAYS.items(), key=lambda item: item[1].rank)
    }
    scores = {f"Score: {part.lower()}": meaning for part, meaning in score_sentences(account_map).items()}
    doubtful = {f"In doubt: {doubt}": meaning for doubt, meaning in DOUBTS.items()}
    without = {f"Without a match: {status}": meaning for status, meaning in STATUS_MEANINGS.items()}
    return [("How to read",), *(TERMS | scores | strengths | doubtful | without | plays).items()]


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
    reading: Lines = [("How to read",), *(PORTFOLIO_TERMS | scores).items()]
    return write_book(PORTFOLIO_VIEWS, portfolio, summary, {"How to read": reading}, _PORTFOLIO_DRAWN)


def _reach(book: Workbook, portfolio: Portfolio, formats: Formats) -> None:
    """Write the reach, and draw for each measure what one partner alone reaches, and what others reach too."""
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
    """Write the numbers of a chart, beginning at a row, and the chart beside them; return the row after both."""
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


_PORTFOLIO_DRAWN: Final = {"reach": _reach, "over_time": _over_time, "together": _together}
"""The views whose sheets have a chart or another form."""


def render_influence_workbook(influence: Influence) -> bytes:
    """Render influence.xlsx: a summary, one sheet per view, the rule, and how to read it."""
    last = {"The rule": _rule(influence), "How to read": _influence_reading(influence)}
    return write_book(INFLUENCE_VIEWS, influence, _influence_summary(influence), last, {})


def _influence_summary(influence: Influence) -> Lines:
    since, until = influence.period
    numbers = [
        f"{number.title}: {number.value} {number.unit}. {number.range} {number.rule}"
        for number in board_numbers(influence)
    ]
    sentences = [
        f"Revenue from {since} to {until}, pipeline of {influence.as_of}; rule {influence.rules.digest}",
        influence_headline(influence),
        *numbers,
        *influence_sentences(influence),
        DOES_NOT_SHOW,
        *influence.notes,
    ]
    return [(f"What partners do for revenue: {influence.own_name}",), *((sentence,) for sentence in sentences)]


def _rule(influence: Influence) -> Lines:
    return [("The rule",), *((line or " ",) for line in influence.rules.text.splitlines())]


def _influence_reading(influence: Influence) -> Lines:
    meanings = CLASS_MEANINGS | MODELS | verdict_meanings(influence)
    said = {"Balance": balance_sentence(influence), "Watching": watch_sentence(influence)}
    terms = {term.capitalize(): meaning for term, meaning in (meanings | said).items() if meaning}
    return [("How to read",), *terms.items()]
