"""Legal forms at the ends of a name: `gmbh`, `co ltd`, `sa de cv`, and in front: `pt`, `ooo`.

The tables hold forms that stand there in registered names of their jurisdictions, not every word of the
ISO 20275 list: that list taken whole would take the trade from a name (`insurance`, `commercial bank`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

from accountmap.canonical.tables import read_rows

Words = tuple[str, ...]
"""The words of a name or form, lower-case ASCII."""


def _forms(place: str) -> frozenset[Words]:
    return frozenset(
        tuple(form.split())
        for table in ("legal_forms.tsv", "legal_forms_iso20275.tsv")
        for where, _, listed in read_rows(table)
        if where in (place, "both")
        for form in listed.split(", ")
    )


def _by_word(forms: Iterable[Words], at: int) -> dict[str, tuple[Words, ...]]:
    """Group forms, longest first, by their first (0) or last (-1) word."""
    groups: dict[str, tuple[Words, ...]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        groups[form[at]] = (*groups.get(form[at], ()), form)
    return groups


_AT_END: Final = _forms("end")
_AT_START: Final = _forms("start")
_ENDS: Final = _by_word(_AT_END, -1)
_STARTS: Final = _by_word(_AT_START, 0)


def is_form(words: Words) -> bool:
    """Tell whether words are a legal form and nothing else."""
    return words in _AT_END or words in _AT_START


def ending(words: Sequence[str]) -> int:
    """Count the words of the longest legal form that `words` ends with."""
    for form in _ENDS.get(words[-1], ()) if words else ():
        if len(form) == 1 or tuple(words[-len(form) :]) == form:
            return len(form)
    return 0


def beginning(words: Sequence[str]) -> int:
    """Count the words of the longest legal form that `words` begins with."""
    for form in _STARTS.get(words[0], ()) if words else ():
        if len(form) == 1 or tuple(words[: len(form)]) == form:
            return len(form)
    return 0
