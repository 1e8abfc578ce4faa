"""Build a reference list: put the sources' entries together and keep those that bring something together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from accountmap.canonical.domains import domain_label
from accountmap.canonical.reference import Entry, domain_keys, name_key, name_keys, write_reference
from accountmap.canonical.reference_sources import read_extract, read_gleif


@dataclass(frozen=True)
class Built:
    """A written list: its entries and the SHA-256 of the file in hex."""

    entries: int
    digest: str


def build_reference(output: Path, gleif: Path | None = None, extracts: Sequence[Path] = ()) -> Built:
    """Write a reference list from public files.

    Args:
        output: where to write it.
        gleif: a GLEIF golden copy, Level 1.
        extracts: tables as `read_extract` describes them.

    Raises:
        InputError: a source cannot be read.
    """

    def entries() -> Iterator[Entry]:
        return united(
            read_gleif(gleif) if gleif else (), (entry for path in extracts for entry in read_extract(path))
        )

    kept = list(useful(entries))
    return Built(len(kept), write_reference(output, kept))


def united(many: Iterable[Entry], few: Iterable[Entry]) -> Iterator[Entry]:
    """Join the entries of one id.

    Args:
        many: entries of distinct ids; they are passed on one by one.
        few: entries that may be of one id with others; they are kept until all are known.
    """
    waiting: dict[str, Entry] = {}
    for entry in few:
        waiting[entry.id] = _joined(waiting[entry.id], entry) if entry.id in waiting else entry
    for entry in many:
        yield _joined(entry, waiting.pop(entry.id)) if entry.id in waiting else entry
    yield from waiting.values()


def _joined(one: Entry, other: Entry) -> Entry:
    return Entry(
        one.id,
        tuple(sorted({*one.countries, *other.countries})),
        tuple(dict.fromkeys(one.names + other.names)),
        tuple(dict.fromkeys(one.domains + other.domains)),
    )


def useful(entries: Callable[[], Iterable[Entry]]) -> Iterator[Entry]:
    """Keep entries that bring together what no rule would, and those that make their names or domains ambiguous.

    A domain whose label is one of the names brings nothing: names and labels meet by themselves.

    Args:
        entries: gives all entries; called twice, so that they need not be held.
    """
    joined: set[str] = set()
    for entry in entries():
        names, domains = name_keys(entry), domain_keys(entry)
        labels = {key for domain in domains if (key := name_key(domain_label(domain) or ""))}
        if len(names | labels) > 1:
            joined |= names | domains
    return (entry for entry in entries() if not joined.isdisjoint(name_keys(entry) | domain_keys(entry)))
