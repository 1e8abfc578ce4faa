"""The tables of canonical-v2, read as section 1 says."""

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "src" / "accountmap" / "linkage" / "data"


def rows(name: str) -> Iterator[list[str]]:
    """Yield the rows of a table, as their cells."""
    for line in (FOLDER / name).read_text("utf-8").split("\n"):
        if line and not line.startswith("#"):
            yield line.split("\t")


def pairs(name: str) -> dict[str, str]:
    """Read a table of two columns, in its order."""
    return {row[0]: row[1] for row in rows(name)}


def words(*names: str) -> frozenset[str]:
    """Read word tables as one."""
    return frozenset(
        word for name in names for row in rows(name) for cell in row for word in cell.split(" ") if word
    )


COUNTRIES = pairs("countries.tsv")
COUNTS = {word: int(count) for word, count in pairs("name_words.tsv").items()}
COMMON = frozenset(word for word, count in COUNTS.items() if count >= 50)
PLACES = words("place_words.txt", "region_words.txt")
PARTICLES = words("particles.tsv")
