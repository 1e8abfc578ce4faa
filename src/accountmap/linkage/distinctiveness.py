"""Which words of a core name tell the company, and what stays when those that lists leave out are gone.

Lists drop, add and cut words of place and of trade: `Alba Robotics Shanghai` is `Alba` in the next list. The words
that many registered names have (`common_words.tsv`) and place words alone tell nobody apart.
"""

from typing import Final

from accountmap.linkage.names import Words, is_generic, squash
from accountmap.linkage.places import is_place_word
from accountmap.linkage.tables import read_words

COMMON: Final = read_words("common_words.tsv")

PARTICLES: Final = read_words("particles.tsv")

SHORTEST_STEM: Final = 5
"""Letters by which a part of a name is told; shorter ones are too often another company's."""


def _is_common(word: str) -> bool:
    return word in COMMON or is_place_word(word)


def is_telling(words: Words) -> bool:
    """Tell whether there is a word of more than two letters that is neither common nor a place."""
    return any(len(word) > 2 and not _is_common(word) for word in words)


def without_places(core: Words) -> Words:
    """Take place words from both ends while what remains still tells the company."""
    while is_place_word(core[0]) and is_telling(core[1:]):
        core = core[1:]
    while is_place_word(core[-1]) and is_telling(core[:-1]):
        core = core[:-1]
    return core


def stem(core: Words) -> Words | None:
    """Take common words from the end of a name: `alba robotics svc` is left as `alba`.

    Returns:
        None if nothing goes, if what stays does not tell the company, or if it has fewer than five letters.
    """
    size = len(core)
    while size > 1 and _is_common(core[size - 1]):
        size -= 1
    head = core[:size]
    telling = size < len(core) and is_telling(head)
    return head if telling and len(squash(head)) >= SHORTEST_STEM else None


def distinctive_beginning(core: Words) -> Words | None:
    """Give the first word of several if it tells the company, or a short first word and its neighbour as one.

    Returns:
        None if there is no other word, or the beginning is short, common, generic or a place.
    """
    first = core[:1]
    if len(core) < 2 or is_place_word(first[0]):
        return None
    if len(first[0]) >= SHORTEST_STEM:
        return None if first[0] in COMMON or is_generic(first) else first
    pair = core[:2]
    if len(core) == 2 or pair[1] in PARTICLES or COMMON.issuperset(pair) or len("".join(pair)) < SHORTEST_STEM:
        return None
    return pair
