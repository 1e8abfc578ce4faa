"""Legal forms at the ends of a name: `gmbh`, `co ltd`, `sa de cv`, and in front: `pt`, `ooo`.

The tables hold forms that stand there in registered names of their jurisdictions, not every word of the
ISO 20275 list: that list taken whole would take the trade from a name (`insurance`, `commercial bank`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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


def _sizes(forms: Iterable[Words], at: int) -> Mapping[str, Sequence[int]]:
    """Tell how many words forms have, longest first, by their first (0) or last (-1) word."""
    found: dict[str, set[int]] = defaultdict(set)
    for form in forms:
        found[form[at]].add(len(form))
    return {word: sorted(sizes, reverse=True) for word, sizes in found.items()}


_AT_END: Final = _forms("end")
_AT_START: Final = _forms("start")
_FORMS: Final = _AT_END | _AT_START
_END_SIZES: Final = _sizes(_AT_END, -1)
_START_SIZES: Final = _sizes(_AT_START, 0)


def is_form(words: Words) -> bool:
    """Tell whether words are a legal form and nothing else."""
    return words in _FORMS


def ending(words: Sequence[str]) -> int:
    """Count the words of the longest legal form that `words` ends with."""
    for size in _END_SIZES.get(words[-1], ()) if words else ():
        if (form := tuple(words[-size:])) in _AT_END:
            return len(form)
    return 0


def beginning(words: Sequence[str]) -> int:
    """Count the words of the longest legal form that `words` begins with."""
    for size in _START_SIZES.get(words[0], ()) if words else ():
        if (form := tuple(words[:size])) in _AT_START:
            return len(form)
    return 0
