"""Write the lists of headings and segments in docs/account-lists.md from the tables of the code.

    python tools/build_account_list_docs.py [--check]

With --check nothing is written; the exit code says whether the page is up to date.
"""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import Final

from accountmap.accounts.headings import TITLES
from accountmap.accounts.segments import SEGMENT_VALUES

PAGE: Final = Path(__file__).parents[1] / "docs" / "account-lists.md"
WIDTH: Final = 120
NO_BREAK: Final = "\x00"
HEADINGS: Final = Path(__file__).parents[1] / "src" / "accountmap" / "accounts" / "headings.toml"


def item(text: str, parts: Iterable[str]) -> str:
    """Write an item of a list, with breaks between the parts of its lines and nowhere else."""
    words = [part.replace(" ", NO_BREAK) for part in (text, *parts)]
    lines = wrap(" ".join(words), WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(NO_BREAK, " ")


def code(values: Iterable[str]) -> list[str]:
    """Write values as Markdown code, with commas between them."""
    return [f"`{value}`," for value in values]


def headings() -> str:
    """Write one list for each CRM, and the general one: the English headings, and how many others are known."""
    table = tomllib.loads(HEADINGS.read_text("utf-8"))
    parts = []
    for system, columns in table.items():
        read = {column: of for column, of in columns.items() if column != "signs"}
        items = [item(f"- `{column}`:", [*code(of["en"]), *others(of)]) for column, of in read.items()]
        title = TITLES.get(system, "All other lists")
        parts.append("\n".join([f"### {title}", "", *(line.removesuffix(",") for line in items)]))
    return "\n\n".join(parts)


def others(languages: dict[str, list[str]]) -> list[str]:
    """Count the headings in other languages."""
    count = sum(map(len, languages.values())) - len(languages["en"])
    named = sorted(language for language in languages if len(language) == 2 and language != "en")
    return [f"and {count} more", f"({', '.join(named)})"] if named else []


def segments() -> str:
    """Write the list of segment values."""
    return "\n".join(
        item(f"- **{segment}**:", code(values)).removesuffix(",") for segment, values in SEGMENT_VALUES.items()
    )


def fill(page: str) -> str:
    """Replace what is between the page's markers."""
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
