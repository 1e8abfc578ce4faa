"""The tables of this folder, read once: tab-separated UTF-8, in which `#` begins a comment line."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

DATA: Final[Traversable] = files(__name__)


def read_rows(file_name: str) -> Iterator[list[str]]:
    """Read the rows of a table, split into their cells."""
    for line in (DATA / file_name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def read_pairs(file_name: str) -> dict[str, str]:
    """Read a table of two columns as a mapping from the first to the second."""
    return {row[0]: row[1] for row in read_rows(file_name)}


def read_words(file_name: str) -> frozenset[str]:
    """Read all words of a table, however they are spread over lines."""
    return frozenset(word for row in read_rows(file_name) for cell in row for word in cell.split())
