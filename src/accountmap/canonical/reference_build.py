"""Build a reference list: put the sources' entries together and keep those that bring something together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from accountmap.canonical.domains import domain_label, registrable_domain
from accountmap.canonical.reference import Entry, name_key, name_keys, write_reference
from accountmap.canonical.reference_sources import read_extract, read_gleif


@dataclass(frozen=True)
class Built:
    """A written list: its entries and the SHA-256 of the file in hex."""

    entries: int
    digest: str


def build_reference(output: Path, gleif: Path | None = None, extracts: Iterable[Path] = ()) -> Built:
    """Write a reference list from public files.

    Args:
        output: where to write it.
        gleif: a GLEIF golden copy, Level 1.
        extracts: tables as `read_extract` describes them.

    Raises:
        InputError: a source cannot be read.
    """
    kept = list(useful(united(_entries(gleif, extracts))))
    return Built(len(kept), write_reference(output, kept))


def _entries(gleif: Path | None, extracts: Iterable[Path]) -> Iterator[Entry]:
    if gleif is not None:
        yield from read_gleif(gleif)
    for path in extracts:
        yield from read_extract(path)


def united(entries: Iterable[Entry]) -> list[Entry]:
    """Join entries of one id."""
    by_id: dict[str, Entry] = {}
    for entry in entries:
        known = by_id.get(entry.id)
        by_id[entry.id] = entry if known is None else _joined(known, entry)
    return list(by_id.values())


def _joined(one: Entry, other: Entry) -> Entry:
    return Entry(
        one.id,
        tuple(sorted({*one.countries, *other.countries})),
        tuple(dict.fromkeys(one.names + other.names)),
        tuple(dict.fromkeys(one.domains + other.domains)),
    )


def useful(entries: list[Entry]) -> Iterator[Entry]:
    """Keep entries that bring together what no rule would, and those that make their names ambiguous.

    A domain whose label is one of the names brings nothing: names and labels meet by themselves.
    """
    keys = [name_keys(entry) for entry in entries]
    joins = [len(own | _labels(entry)) > 1 for entry, own in zip(entries, keys, strict=True)]
    joined = {key for own, joining in zip(keys, joins, strict=True) if joining for key in own}
    return (entry for entry, own in zip(entries, keys, strict=True) if own & joined)


def _labels(entry: Entry) -> set[str]:
    domains = {domain for text in entry.domains if (domain := registrable_domain(text))}
    return {key for domain in domains if (key := name_key(domain_label(domain) or ""))}
