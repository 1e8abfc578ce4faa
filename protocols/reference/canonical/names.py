"""Names: canonical-v2, section 3."""

import re
from typing import NamedTuple

from protocols.reference.canonical.characters import is_letter, split_white
from protocols.reference.canonical.tables import COUNTRIES, pairs, rows, words
from protocols.reference.canonical.text import shown, to_ascii

Words = tuple[str, ...]

ABBREVIATIONS = pairs("abbreviations.tsv")
GENERIC = words("generic_words.tsv")
NAMELESS = words("nameless_words.tsv")
WEAK = words("weak_words.tsv")
THE = frozenset(["the"])
CONNECTORS = frozenset(["and", "und", "et", "og", "och", "ja", "ve", "en", "y", "e", "i"])
STATE = re.compile(r"\s/[a-z ]{2,8}/?\s*\Z")
FORMERLY = re.compile(r"\((?:formerly|fka|previously|ex)(?![a-z0-9_])[^)]*\)?")
INITIALS = re.compile(r"(?<![a-z0-9])[a-z](?:[./][a-z]){1,7}(?![a-z0-9])\.?")
OTHER = re.compile("[\u0370-\u1dff\u2e80-\ua71f\ua800-\ufaff\ufb1d-\ufdff\ufe70-\ufefc]")


def _forms(place: str) -> frozenset[Words]:
    tables = [*rows("legal_forms.tsv"), *rows("legal_forms_iso20275.tsv")]
    return frozenset(
        tuple(form.split(" "))
        for where, _, forms in tables
        if where in (place, "both")
        for form in forms.split(", ")
    )


END = _forms("end")
START = _forms("start")
FORMS = END | START


class Name(NamedTuple):
    """The words of a name, and its full and core name."""

    words: Words
    full: Words
    core: Words


def _joins(found: list[str], at: int) -> bool:
    """Return whether a word is a connector that goes (step 6)."""
    if found[at] not in CONNECTORS or at in (0, len(found) - 1):
        return False
    return len(found[at]) > 1 or (len(found[at - 1]) > 2 and len(found[at + 1]) > 2)


def split_words(name: str) -> Words:
    """Split a name into words (section 3.2)."""
    text = STATE.sub(" ", re.sub("['`\"]", "", to_ascii(name)))
    text = INITIALS.sub(lambda run: re.sub("[./]", "", run[0]) + " ", FORMERLY.sub(" ", text))
    found = re.findall("[a-z0-9]+", text)
    kept = [word for at, word in enumerate(found) if not _joins(found, at)]
    return tuple(re.sub(r"(?<![a-z0-9])([a-z]) (?=[a-z](?![a-z0-9]))", r"\1", " ".join(kept)).split())


def abbreviate(found: Words) -> Words:
    """Abbreviate words (section 3.5)."""
    short = tuple(ABBREVIATIONS.get(word, word) for word in found)
    return found if len(short) == 1 and len(short[0]) == 1 else short


KINDS = frozenset(abbreviate((word,))[0] for word in words("kind_words.txt"))


def is_generic(found: Words) -> bool:
    """Return whether words name no company (section 3.4)."""
    if not found or found in FORMS:
        return True
    joined = "".join(found[found[0] == "the" and len(found) > 1 :])
    if len(joined) > 3 and joined in COUNTRIES:
        return True
    if len(found) > 1:
        return NAMELESS.issuperset(found)
    return len(joined) == 1 or joined in GENERIC | NAMELESS | WEAK | THE


def _sizes(found: Words) -> range:
    return range(len(found), 0, -1)


def _from_end(found: Words, single: frozenset[str]) -> Words | None:
    size = next((size for size in _sizes(found) if found[-size:] in END), int(found[-1] in single))
    return found[:-size] if 0 < size < len(found) else None


def _from_start(found: Words, single: frozenset[str]) -> Words | None:
    size = next((size for size in _sizes(found) if found[:size] in START), 0)
    if size == len(found):
        return None
    if size and not is_generic(abbreviate(found[size:])):
        return found[size:]
    return found[1:] if len(found) > 1 and found[0] in single else None


def trim(found: Words, single: frozenset[str]) -> Words:
    """Take legal forms and single words from both ends (section 3.3)."""
    while shorter := _from_end(found, single) or _from_start(found, single):
        found = shorter
    return found


def latin_part(name: str) -> str | None:
    """Join the parts of a name in two scripts that have no character of the other (section 3.5)."""
    parts = split_white(shown(name))
    latin = [part for part in parts if not OTHER.search(part)]
    beside = re.compile(f"{OTHER.pattern}[A-Za-z]|[A-Za-z]{OTHER.pattern}")
    if len(latin) == len(parts) or any(map(beside.search, parts)):
        return None
    return " ".join(latin) if sum(map(is_letter, "".join(latin))) >= 4 else None


def _named(text: str) -> Name | None:
    found = split_words(text)
    if not found:
        return None
    full = trim(found, THE)
    core = trim(full, WEAK | THE)
    if is_generic(abbreviate(core)):
        core = full
    if len(core) == 1 and is_generic(abbreviate(core)) and core[0] not in NAMELESS:
        full = core = found
    if is_generic(core) or is_generic(abbreviate(core)):
        return None
    return Name(found, abbreviate(full), abbreviate(core))


def name_of(text: str) -> Name | None:
    """Find the full and the core name (section 3.5)."""
    latin = latin_part(text)
    return (_named(latin) if latin else None) or _named(text)


def squash(found: Words) -> str:
    """Write words as one (section 3.6)."""
    joined = "".join(found)
    squashed = joined.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return squashed if len(squashed) > 1 else joined
