"""The headings that the program knows, and how two spellings of a heading are compared."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

Headings = Mapping[str, tuple[str, ...]]
"""For each column of the account list the headings it may be read from, best first."""


def _load() -> dict[str, Headings]:
    text = files("accountmap.accounts").joinpath("headings.toml").read_text("utf-8")
    return {
        system: {column: tuple(headings) for column, headings in columns.items()}
        for system, columns in tomllib.loads(text).items()
    }


KNOWN_HEADINGS: Final[Mapping[str, Headings]] = _load()
"""By system; "general" holds what is not of one CRM."""

PRESETS: Final = tuple(system for system in KNOWN_HEADINGS if system != "general")
"""The CRMs whose exports are recognised, in the order in which a tie between them is decided."""

_WORD_INSIDE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD: Final = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Reduce a heading or a stage to what its spellings share: "BillingCountry", "billing_country" alike."""
    parted = _WORD_INSIDE.sub(" ", text)
    letters = unicodedata.normalize("NFKD", parted.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _NOT_WORD.sub(" ", bare).strip()
