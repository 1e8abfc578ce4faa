"""Websites that probably belong to another company on the list.

A label that looks nothing like the name is common and harmless (a brand, an abbreviation). It is suspicious if
the list has a company that the label does fit.
"""

from collections.abc import Iterator
from typing import Final

from rapidfuzz import fuzz

from accountmap.canonical.domains import domain_label
from accountmap.canonical.names import split_words
from accountmap.canonical.traits import Traits

_FITS: Final = 60.0
"""Least partial ratio (0 to 100) of a label and a name that belong together."""


def _fits(label: str, name: str) -> bool:
    words = name.split()
    squashed = "".join(words)
    initials = "".join(word[0] for word in words)
    if len(initials) > 1 and label.startswith(initials):
        return True
    return fuzz.partial_ratio(label, squashed, score_cutoff=_FITS) > 0


def doubtful_websites(traits: Traits) -> Iterator[tuple[int, int]]:
    """Find accounts whose domain fits another account's name and not their own.

    Yields:
        The row of the doubtful account and that of the company whose website it seems to be.
    """
    owners = {name.replace(" ", ""): row for row, name in reversed(list(enumerate(traits.names))) if name}
    for row, (name, domain) in enumerate(zip(traits.names, traits.domains, strict=True)):
        if name is None or domain is None:
            continue
        label = "".join(split_words(domain_label(domain) or ""))
        owner = owners.get(label)
        if owner is not None and not _fits(label, name):
            yield row, owner
