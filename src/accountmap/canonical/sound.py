"""What a name sounds like: its consonants, with those that scripts and spellings confuse written as one.

Arabic and Hebrew leave vowels out, kana put some in and have one letter for `l` and `r`, Cyrillic and Georgian
write `k` where Latin has `c`. A name and its transliteration meet in their consonants more often than in their
letters.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_PAIRS: Final = (("ph", "f"), ("ck", "k"), ("sh", "S"), ("ch", "k"))
"""Replaced one after the other, in this order. The capital keeps `sh` from being read as `s` and `h`."""

_LETTERS: Final = str.maketrans({"x": "ks", "q": "k", "z": "s", "w": "v", "l": "r"})
"""Replaced after the pairs; after these every `h` that is left goes."""

_SOFT_C: Final = re.compile("c(?=[eiy])")
_VOWELS: Final = re.compile("[aeiouy]+")
_DOUBLED: Final = re.compile(r"(.)\1+")


@lru_cache(maxsize=1 << 16)
def _consonants(word: str) -> str:
    if "h" in word or "ck" in word:
        for letters, sound in _PAIRS:
            word = word.replace(letters, sound)
    plain = word.translate(_LETTERS).replace("h", "")
    hard = _SOFT_C.sub("s", plain).replace("c", "k") if "c" in plain else plain
    return _DOUBLED.sub(r"\1", _VOWELS.sub("", hard))


def sound_of(words: Iterable[str]) -> str:
    """Reduce lower-case ASCII words to consonants and digits; may be empty."""
    sound = ""
    for part in map(_consonants, words):
        sound += part.removeprefix(sound[-1:])
    return sound
