"""One list: canonical-v2, section 8, and the reference list, section 6.1."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from protocols.reference.canonical import numbers
from protocols.reference.canonical.account import CLOSEST, Account, facts_of, is_distinctive, keys_of
from protocols.reference.canonical.domains import domains_of_cell
from protocols.reference.canonical.names import Name, name_of, squash
from protocols.reference.canonical.places import compared

SLOTS = (
    "lei",
    "domain",
    "vat",
    "duns",
    "reference",
    "name",
    "name_country",
    "short_country",
    "common_name",
    "label",
    "label_country",
    "first_two_words",
    "stem",
)
"""Those of profile `identifiers`, strongest first."""

OF_NAME = frozenset(["name", "name_country", "short_country", "common_name", "label", "label_country", "stem"])
"""The slots of one name space; each other slot has its own."""

Entry = Mapping[str, Any]
Key = tuple[str, str, str]
"""Entity, slot, value."""


class Holder(NamedTuple):
    """Where a value stands; of two, the smaller is the stronger."""

    rank: int
    distance: int
    entity: str
    slot: str


def _full(name: Name | None) -> tuple[str, bool]:
    """Give the squashed full name, and whether it is distinctive."""
    return (squash(name.full), is_distinctive(name.full)) if name else ("", False)


def _domains(entry: Entry) -> set[str]:
    cells = (domains_of_cell(cell) for cell in entry["domains"])
    own = (next((each.domain for each in found if not each.shared), None) for found in cells)
    return {domain for domain in own if domain}


def _places(entry: Entry) -> set[str]:
    return {compared(country) for country in entry["countries"]} or {""}


def _one(ids: Iterable[set[str]]) -> str | None:
    """Give the id that is the only one in all sets."""
    listed = list(ids)
    return min(listed[0]) if listed and all(len(found) == 1 and found == listed[0] for found in listed) else None


def _by_name(entries: Sequence[Entry], name: Name | None, country: str | None) -> str | None:
    full, distinctive = _full(name)
    if not full or (country is None and not distinctive):
        return None
    ids: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if full in {_full(name_of(text))[0] for text in entry["names"]}:
            for place in _places(entry):
                if place or distinctive:
                    ids[place].add(entry["id"])
    return _one(found for place, found in ids.items() if country is None or place in (country, ""))


def reference_of(account: Account, entries: Sequence[Entry]) -> str | None:
    """Lead an account to an entry of the reference list."""
    if lei := numbers.lei(account.get("lei", "")):
        return f"lei:{lei}"
    name, _, domain, _, country = facts_of(account)
    holders = {entry["id"] for entry in entries if domain in _domains(entry)} if domain else None
    by_domain = _one([holders] if holders else [])
    common = name is not None and not is_distinctive(name.full)
    by_name = None if common and domain else _by_name(entries, name, country)
    return None if by_name and by_domain and by_name != by_domain else by_name or by_domain


def _values(account: Account, entries: Sequence[Entry]) -> Iterator[tuple[str, str, int]]:
    yield from ((slot, value, close) for slot, (value, close) in keys_of(account).items())
    if entries and (found := reference_of(account, entries)):
        yield "reference", found, CLOSEST


def _chosen(values: list[tuple[str, int]]) -> tuple[str, int]:
    """Choose one value of an entity for a slot, with its closeness (step 1)."""
    counts = Counter(value for value, _ in values)
    closest = {value: max(close for other, close in values if other == value) for value in counts}
    value = min(counts, key=lambda value: (-closest[value], -counts[value], value.encode()))
    return value, closest[value]


def _strongest(holders: list[Holder]) -> Holder | None:
    """Choose the holder of a value, or none if two are as strong (step 2)."""
    first, *others = sorted(holders)
    return None if any(other[:2] == first[:2] for other in others) else first


def keys_of_list(entities: Mapping[str, list[Account]], entries: Sequence[Entry]) -> list[Key]:
    """Give all keys of a list, sorted.

    Args:
        entities: the accounts of each, by its smallest account id.
        entries: of the reference list.
    """
    cells: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for entity, accounts in entities.items():
        for account in accounts:
            for slot, value, close in _values(account, entries):
                cells[entity, slot].append((value, close))
    holders: dict[tuple[str, str], list[Holder]] = defaultdict(list)
    for (entity, slot), values in cells.items():
        value, close = _chosen(values)
        space = "name" if slot in OF_NAME else slot
        holders[space, value].append(Holder(SLOTS.index(slot), -close, entity, slot))
    kept = ((value, _strongest(held)) for (_, value), held in holders.items())
    return sorted((holder.entity, holder.slot, value) for value, holder in kept if holder)
