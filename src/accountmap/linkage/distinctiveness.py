"""How well a word identifies a company, and what remains of a name without the words that lists leave out.

`name_words.tsv` counts words in the registered names of GLEIF's LEI data. A word in few names identifies a company
by itself, a word in many does not: equal one-word names on two CRM lists with different websites were right 25
times in 25 if no other registered name had the word, and once in 11 if five or more had it. Lists drop, add and
shorten words of place and of trade: `Alba Robotics Shanghai` is `Alba` in the next list. Words for kinds of
institutions (`Sparkasse`, `Comune`) say nothing without their place.
"""

import re
from functools import lru_cache
from typing import Final

from accountmap.linkage.data import read_rows, read_words
from accountmap.linkage.names import Words, abbreviated, is_generic, squash
from accountmap.linkage.places import place_words

_COUNTS: Final = {word: int(count) for word, count in read_rows("name_words.tsv")}
"""In how many registered names a word is; words in fewer than five are not listed."""

_MANY: Final = 50
"""A word in this many names, such as a word of trade, says nothing beside other words."""

_SEVERAL: Final = 20
"""A word in this many names says nothing beside a word for a kind of institution."""

COMMON: Final = frozenset(word for word, count in _COUNTS.items() if count >= _MANY)

PARTICLES: Final = read_words("particles.tsv")

KINDS: Final = frozenset(abbreviated((word,))[0] for word in read_words("kind_words.txt"))
"""Words for kinds of institutions of which every place has its own, as keys write them."""

SHORTEST_STEM: Final = 5
"""Fewest letters of a part of a name that identifies a company; shorter ones are too often another company's."""

SHORTEST_NAME: Final = 4
"""Fewest letters of a whole name that identifies a company."""


_READING: Final = (
    "(?:kk|ss|tt|pp|ssh|tch)?(?:k|s|sh|t|ts|ch|n|h|f|m|y|r|w|g|z|j|d|b|p|ky|gy|ny|hy|by|py|my|ry)?"
    "[aiueo](?:n|m|i|u|ku|ki|tsu|chi)?"
)
_TWO_READINGS: Final = re.compile(f"(?:{_READING}){{2}}")
"""A word such as `shoei` or `taisei`: the readings of two Chinese characters in Japanese. Many pairs of characters
are read alike, so companies with different names are written alike in Latin letters."""


def is_rare(word: str) -> bool:
    """Return whether a word alone identifies a company.

    Such a word has four letters or more, is in fewer than five registered names, and is not the reading of two
    Chinese characters.
    """
    is_listed = word in _COUNTS or word in KINDS
    return len(word) >= SHORTEST_NAME and not is_listed and _TWO_READINGS.fullmatch(word) is None


@lru_cache(maxsize=256)
def is_distinctive(words: Words) -> bool:
    """Return whether a full name identifies a company by itself.

    A name of one word is distinctive if the word is rare; a name with a word for a kind of institution, if another
    word is a place or in fewer than 20 registered names. Any other name of several words is distinctive.
    """
    if len(words) == 1:
        return is_rare(words[0])
    if KINDS.isdisjoint(words):
        return True
    others = [word for word in words if word not in KINDS]
    return not _PLACES.isdisjoint(others) or any(_COUNTS.get(word, 0) < _SEVERAL for word in others)


_PLACES: Final = place_words()
_TELL_NOTHING: Final = COMMON | KINDS | _PLACES


def names_company(words: Words) -> bool:
    """Return whether a word of more than two letters is neither common, nor a place, nor a kind of institution."""
    for word in words:  # noqa: SIM110 - takes half of the time that `any` takes
        if word not in _TELL_NOTHING and len(word) > 2:
            return True
    return False


def without_places(core: Words) -> Words:
    """Remove place words from both ends, as long as the rest still identifies the company."""
    while core[0] in _PLACES and names_company(core[1:]):
        core = core[1:]
    while core[-1] in _PLACES and names_company(core[:-1]):
        core = core[:-1]
    return core


@lru_cache(maxsize=256)
def stem(core: Words) -> Words | None:
    """Remove common words from the end of a name: `alba robotics svc` becomes `alba`.

    Returns:
        None if nothing was removed, if the rest does not identify the company, or if it has fewer than five
        letters.
    """
    size = len(core)
    while size > 1 and core[size - 1] in _TELL_NOTHING:
        size -= 1
    if size == len(core):
        return None
    head = core[:size]
    return head if names_company(head) and len(squash(head)) >= SHORTEST_STEM else None


def shortened(core: Words) -> Words | None:
    """Shorten a name as other lists may: without its places, or else without its trade if the rest is rare.

    Returns:
        None if nothing was removed or the rest does not identify the company.
    """
    if core[0] in _PLACES or core[-1] in _PLACES:
        local = without_places(core)
        if local != core:
            return local
    head = stem(core)
    return head if head and (len(head) > 1 or is_rare(head[0])) else None


def distinctive_beginning(core: Words) -> Words | None:
    """Return the first of several words if it identifies the company; a short one is joined with the second.

    Returns:
        None if there is no other word, or the beginning is short, common, generic or a place.
    """
    first = core[:1]
    if len(core) < 2 or first[0] in _PLACES:
        return None
    if len(first[0]) >= SHORTEST_STEM:
        return None if first[0] in _TELL_NOTHING or is_generic(first) else first
    pair = core[:2]
    if len(core) == 2 or pair[1] in PARTICLES or COMMON.issuperset(pair) or len("".join(pair)) < SHORTEST_STEM:
        return None
    return pair
