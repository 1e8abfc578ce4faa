"""Whether two names are those of sister companies, where both are known: after the reveal.

A match on weak evidence may be one brand in two businesses (`Alba Bank`, `Alba Insurance`). Keys cannot tell,
since each side makes them alone; two names side by side can. docs/matching.md says how often they are right.
"""

from typing import Final

from accountmap.canonical.legal_forms import Words
from accountmap.canonical.names import parse
from accountmap.canonical.places import is_place_word
from accountmap.canonical.sound import sound_of

_SAME_BEGINNING: Final = 3
"""Letters by which a cut or abbreviated word is known for the same."""


def are_sisters(one: str, other: str) -> bool:
    """Tell whether two names begin alike and then go on with words or numbers that cannot be the same.

    Args:
        one, other: as the two lists write them, in any order.
    """
    left, right = parse(one), parse(other)
    if left is None or right is None:
        return False
    size = _common_beginning(left.core, right.core)
    ours, theirs = left.core[size:], right.core[size:]
    if all(map(is_place_word, left.core[:size])) or not ours or not theirs:
        return False
    if _numbers(ours) != _numbers(theirs):
        return bool(_numbers(ours) and _numbers(theirs))
    if _initials(ours) in theirs or _initials(theirs) in ours:
        return False
    return not any(_may_be_one(a, b) for a in ours for b in theirs)


def _common_beginning(one: Words, other: Words) -> int:
    size = 0
    while size < min(len(one), len(other)) and one[size] == other[size]:
        size += 1
    return size


def _numbers(words: Words) -> frozenset[str]:
    return frozenset(word for word in words if word.isdigit())


def _initials(words: Words) -> str:
    return "".join(word[0] for word in words)


def _may_be_one(one: str, other: str) -> bool:
    """Tell whether two words may be one: cut, abbreviated, or written by its sound."""
    shorter, longer = sorted((one, other), key=len)
    if longer.startswith(shorter) or one[:_SAME_BEGINNING] == other[:_SAME_BEGINNING]:
        return True
    sound = sound_of([one])
    return bool(sound) and sound == sound_of([other])
