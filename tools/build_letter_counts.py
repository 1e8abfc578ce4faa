"""Count which letters follow which in names of companies: what tells one code page from another.

    python tools/build_letter_counts.py NAMES ...

Each of NAMES is a CSV or Parquet file with a column `name`. The table in the package was made from the names of
GLEIF's LEI data (CC0 1.0) and the name-suggestion-index with Wikidata labels (BSD 3-Clause, CC0 1.0).
"""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from accountmap.accounts.encoding import class_of

OUT: Final = Path(__file__).parents[1] / "src" / "accountmap" / "accounts" / "letter_counts.tsv"
LEAST: Final = 2
"""Pairs seen less often say nothing that their letters do not say alone."""

FIRST_IDEOGRAPHIC: Final = "\u2e80"
"""From here on only letters are counted, not pairs, of which there are too many."""


def names(path: Path) -> Iterator[str]:
    """Yield the names with a letter beyond ASCII, those in capitals also as people would write them."""
    if path.suffix == ".parquet":
        found = pq.read_table(path, columns=["name"])["name"].to_pylist()
    else:
        with path.open(encoding="utf-8", newline="") as stream:
            found = [row["name"] for row in csv.DictReader(stream)]
    for name in found:
        if name and not name.isascii():
            yield name
            if name.isupper():
                yield name.title()


def main(arguments: list[str]) -> int:
    """Write the table: context, character, count. A context is a letter, or a class of characters in brackets."""
    counts: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for path in arguments:
        for name in names(Path(path)):
            for before, char in zip(("", *name), name, strict=False):
                for context in (f"[{class_of(before)}]", before):
                    totals[context] += 1
                    counts[context, char] += not char.isascii()
    rows = sorted(
        (context, char, count)
        for (context, char), count in counts.items()
        if count
        and (context.startswith("[") or (count >= LEAST and context and max(context, char) < FIRST_IDEOGRAPHIC))
    )
    kept = {context for context, _, _ in rows}
    body = [f"{context}\t\t{totals[context]}" for context in sorted(kept)]
    body += ["\t".join((context, char, str(count))) for context, char, count in rows if not char.isspace()]
    head = "# Made by tools/build_letter_counts.py from GLEIF (CC0 1.0), name-suggestion-index (BSD 3-Clause).\n"
    OUT.write_text(head + "\n".join(body) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
