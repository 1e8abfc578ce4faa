"""Write the tables of docs/account-lists.md from the tables of the code.

    python tools/build_account_list_docs.py [--check]

With --check nothing is written; the exit code tells whether the page is up to date.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from accountmap.accounts.segments import SEGMENT_VALUES
from accountmap.accounts.headings import KNOWN_HEADINGS

PAGE: Final = Path(__file__).parents[1] / "docs" / "account-lists.md"
TITLES: Final = {
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "dynamics": "Dynamics 365",
    "general": "All other lists",
}


def code(values: Iterable[str]) -> str:
    """Write values as Markdown code, in a cell of a table."""
    return ", ".join(f"`{value}`" for value in values)


def headings() -> str:
    """Write one table for each CRM, and the general one."""
    parts = []
    for system, columns in KNOWN_HEADINGS.items():
        rows = [f"| `{column}` | {code(known)} |" for column, known in columns.items()]
        parts.append(
            "\n".join([f"### {TITLES[system]}", "", "| column | headings, best first |", "|---|---|", *rows])
        )
    return "\n\n".join(parts)


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
