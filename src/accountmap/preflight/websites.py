"""Websites that probably belong to another company on the list.

A label that looks nothing like the name is common and harmless (a brand, an abbreviation). It is suspicious if
the list has a company that the label does fit.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz

from accountmap.canonical.domains import domain_label
from accountmap.canonical.marks import among, marks_of
from accountmap.canonical.names import split_words
from accountmap.canonical.sharing import Gathered
from accountmap.canonical.traits import Traits

_FITS: Final = 60.0
"""Least partial ratio (0 to 100) of a label and a name that belong together."""


def _label(domain: str | None) -> str | None:
    return "".join(split_words(domain_label(domain) or "")) or None


def _fits(label: str, name: str) -> bool:
    words = name.split()
    squashed = "".join(words)
    initials = "".join(word[0] for word in words)
    if len(initials) > 1 and label.startswith(initials):
        return True
    return fuzz.partial_ratio(label, squashed, score_cutoff=_FITS) > 0


def label_marks(traits: Traits) -> pa.Table:
    """Mark the labels of domains, as names are marked."""
    return pa.table({"label": marks_of(map(_label, traits.domains))})


def doubtful_websites(gathered: Gathered) -> Iterator[tuple[str, str, str]]:
    """Find accounts whose domain fits another account's name and not their own.

    Args:
        gathered: the accounts, with `label_marks`.

    Yields:
        The ids of the doubtful account and of the company whose website it seems to be, and the domain.
    """
    letters, labels = gathered.marks("letters"), gathered.marks("label")
    elsewhere = (labels != letters) & among(labels, np.unique(letters))
    traits = gathered.take(np.flatnonzero(elsewhere | among(letters, np.unique(labels[elsewhere]))))
    owners = {name.replace(" ", ""): row for row, name in reversed(list(enumerate(traits.names))) if name}
    ids = traits.account_ids
    for row, (name, domain) in enumerate(zip(traits.names, traits.domains, strict=True)):
        label = _label(domain)
        owner = owners.get(label or "")
        if name and domain and label and owner is not None and not _fits(label, name):
            yield ids[row], ids[owner], domain
