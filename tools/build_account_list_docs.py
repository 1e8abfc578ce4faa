"""Write the tables of docs/account-lists.md from the tables of the code.

    python tools/build_account_list_docs.py [--check]

With --check nothing is written; the exit code tells whether the page is up to date.
"""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from accountmap.accounts.headings import TITLES
from accountmap.accounts.segments import SEGMENT_VALUES

PAGE: Final = Path(__file__).parents[1] / "docs" / "account-lists.md"
HEADINGS: Final = Path(__file__).parents[1] / "src" / "accountmap" / "accounts" / "headings.toml"


def code(values: Iterable[str]) -> str:
    """Write values as Markdown code, in a cell of a table."""
    return ", ".join(f"`{value}`" for value in values)


def headings() -> str:
    """Write one table for each CRM, and the general one: the English headings, and how many others are known."""
    table = tomllib.loads(HEADINGS.read_text("utf-8"))
    parts = []
    for system, columns in table.items():
        read = {column: of for column, of in columns.items() if column != "signs"}
        rows = [f"| `{column}` | {code(of['en'])}{others(of)} |" for column, of in read.items()]
        title = TITLES.get(system, "All other lists")
        parts.append("\n".join([f"### {title}", "", "| column | headings, best first |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def others(languages: dict[str, list[str]]) -> str:
    """Count the headings in other languages."""
    count = sum(map(len, languages.values())) - len(languages["en"])
    named = sorted(language for language in languages if len(language) == 2 and language != "en")
    return f"; {count} more: {', '.join(named)}" if named else ""


def segments() -> str:
    """Write the table of segment values."""
    rows = [f"| {segment} | {code(values)} |" for segment, values in SEGMENT_VALUES.items()]
    return "\n".join(["| segment | values |", "|---|---|", *rows])


def fill(page: str) -> str:
    """Replace what stands between the page's markers."""
    for marker, text in (("headings", headings()), ("segments", segments())):
        before, _, rest = page.partition(f"<!-- {marker} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        page = f"{before}<!-- {marker} -->\n{text}\n{end}{after}"
    return page


def main(arguments: list[str]) -> int:
    """Write or check the page."""
    page = PAGE.read_text("utf-8")
    filled = fill(page)
    if "--check" in arguments:
        return int(page != filled)
    PAGE.write_text(filled, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
