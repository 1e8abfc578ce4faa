"""The reference list: public facts that lead different names of one company to one id.

Names that no rule can bring together (`IBM` and `International Business Machines`, former names, translations)
match by the id of the entry that has them all. An alias counts only if it leads to one entry: in the account's
country, or anywhere if the country is not known. An alias that is not distinctive counts only in a country of the
entry. Both sides need the same list, so the agreement names its digest.

The list is a text file with one entry on each line, JSON with the keys of `Entry`, sorted by id. It contains facts
as they were published; keys are made when it is loaded, so that it does not depend on the version of the rules.
Because that takes seconds, the list that comes with the program has its keys in a file beside it, made by
`tools/build_reference_index.py`.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from itertools import groupby
from pathlib import Path
from typing import Final, TextIO

import pyarrow as pa

from accountmap.errors import InputError
from accountmap.linkage.data import DATA
from accountmap.linkage.distinctiveness import is_distinctive
from accountmap.linkage.domains import domain_label, registrable_domain
from accountmap.linkage.names import Name, parse
from accountmap.linkage.places import comparison_country, country_code
from accountmap.linkage.registry_ids import lei

SHIPPED: Final = DATA / "reference.jsonl"
"""The list that comes with the program; `data/README.md` has its sources."""

SHIPPED_INDEX: Final = DATA / "reference.arrow"
"""Its keys (`INDEX_SCHEMA`), as an Arrow IPC stream."""

INDEX_SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("place", pa.string()),
        pa.field("id", pa.string()),
    ]
)
"""One row for each key and place, in ascending order: a name as `reference_key` writes it with a country or
`ANYWHERE`, or a domain without a place. The id is null if several entries have the key there. The metadata of the
schema has the list's SHA-256 in hex under `digest`."""

ANYWHERE: Final = ""
"""The country of entries that do not name one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One company of the list.

    Attributes:
        id: `lei:` and the LEI if there is one, otherwise the source's own id with its prefix.
        countries: where it is registered and where its head office is, alpha-2; may be empty.
        names: legal, former, trading and translated names, each once.
        domains: web addresses.
    """

    id: str
    countries: tuple[str, ...]
    names: tuple[str, ...]
    domains: tuple[str, ...] = ()

    def places(self) -> set[str]:
        """Return the countries as they are compared."""
        return {comparison_country(code) for code in self.countries} or {ANYWHERE}


_COMMON: Final = "~"
"""Put in front of a name that is not distinctive."""


def reference_key(name: Name) -> str:
    """Return what an alias is compared by: the squashed full name, marked if it is not distinctive."""
    return name.squashed_full if is_distinctive(name.full) else _COMMON + name.squashed_full


@lru_cache(maxsize=4096)
def name_key(text: str) -> str | None:
    """Reduce a name to what aliases are compared by."""
    name = parse(text)
    return reference_key(name) if name else None


def name_keys(entry: Entry) -> set[str]:
    """Return the distinct keys of an entry's names."""
    return {key for text in entry.names if (key := name_key(text))}


def domain_keys(entry: Entry) -> set[str]:
    """Return the distinct company domains of an entry."""
    return {domain for text in entry.domains if (domain := registrable_domain(text))}


class Reference:
    """A loaded list."""

    def __init__(self, entries: Iterable[Entry], digest: str) -> None:
        self.digest: Final = digest
        self._names: dict[str, dict[str, str | None]] = {}
        self._domains: dict[str, str | None] = {}
        for entry in entries:
            for key in name_keys(entry):
                by_country = self._names.setdefault(key, {})
                for place in entry.places() - ({ANYWHERE} if key.startswith(_COMMON) else set()):
                    _claim(by_country, place, entry.id)
            for domain in domain_keys(entry):
                _claim(self._domains, domain, entry.id)

    @classmethod
    def of_index(cls, index: pa.Table) -> "Reference":
        """Load what `index` returned."""
        reference = cls((), digest_of(index))
        names, domains = reference._names, reference._domains
        for key, place, entry_id in zip(*(column.to_pylist() for column in index.columns), strict=True):
            if place is None:
                domains[key] = entry_id
            else:
                names.setdefault(key, {})[place] = entry_id
        return reference

    def index(self) -> pa.Table:
        """Return the keys as INDEX_SCHEMA; the same list gives the same table."""
        rows: list[tuple[str, str | None, str | None]] = [
            (key, place, id_) for key, ids in self._names.items() for place, id_ in ids.items()
        ]
        rows += [(domain, None, id_) for domain, id_ in self._domains.items()]
        columns = zip(*sorted(rows, key=lambda row: (row[0], row[1] or "", row[1] is None)), strict=True)
        schema = INDEX_SCHEMA.with_metadata({"digest": self.digest})
        return pa.table([pa.array(column, pa.string()) for column in columns], schema=schema)

    def find(self, name: str | None, domain: str | None, country: str | None, lei: str | None) -> str | None:
        """Find the entry of an account.

        Args:
            name: its `reference_key`. One that is not distinctive leads only an account without a domain, and only
                to an entry of its country.
            domain: its registrable domain.
            country: as compared, alpha-2.
            lei: its Legal Entity Identifier.

        Returns:
            The entry's id; None if nothing leads to one, or the name and the domain lead to different ones. An
            account with an LEI gets the id of its LEI, listed or not.
        """
        if lei:
            return f"lei:{lei}"
        by_domain = self._domains.get(domain) if domain else None
        if name and name.startswith(_COMMON) and domain:
            return by_domain
        by_name = self._by_name(name, country) if name else None
        if by_name and by_domain and by_name != by_domain:
            return None
        return by_name or by_domain

    def find_all(self, accounts: Iterable[tuple[str | None, ...]]) -> Iterator[tuple[int, str]]:
        """Yield the number and the entry's id of each account that leads to one, as few do.

        Args:
            accounts: name, domain, country and LEI of each, as `find` takes them.
        """
        names, domains = self._names, self._domains
        for at, account in enumerate(accounts):
            name, domain, _, number = account
            if (number or name in names or domain in domains) and (found := self.find(*account)):
                yield at, found

    def _by_name(self, key: str, country: str | None) -> str | None:
        by_country = self._names.get(key, {})
        if country is None and key.startswith(_COMMON):
            return None
        places = by_country if country is None else {country, ANYWHERE} & by_country.keys()
        found = {by_country[place] for place in places}
        return found.pop() if len(found) == 1 else None


def digest_of(index: pa.Table) -> str:
    """Return the digest of the list that an index belongs to."""
    digest: str = index.schema.metadata[b"digest"].decode()
    return digest


def shipped_index() -> pa.Table:
    """Read the keys of the list that comes with the program: INDEX_SCHEMA."""
    return pa.ipc.open_stream(SHIPPED_INDEX.read_bytes()).read_all()


def _claim(holders: dict[str, str | None], key: str, holder: str) -> None:
    """Record the holder of a key, or that it has several."""
    holders[key] = holder if holders.get(key, holder) == holder else None


def load_reference(path: Traversable = SHIPPED, digest: str | None = None) -> Reference:
    """Load a list.

    Args:
        path: the file; by default, the list that comes with the program.
        digest: SHA-256 in hex that the file must have, as the agreement names it.

    Raises:
        InputError: the file cannot be read, is not of this form, or is not the one that was agreed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("The reference list cannot be read.", "Give the path of a built list.") from error
    found = hashlib.sha256(content).hexdigest()
    if digest is not None and found != digest:
        raise InputError("This is not the reference list that was agreed.", "Get the same file as your partner.")
    index = shipped_index()
    return Reference.of_index(index) if digest_of(index) == found else make_reference(content)


def make_reference(content: bytes) -> Reference:
    """Make the keys of a list, given the bytes of its file.

    Raises:
        InputError: a line is not an entry.
    """
    return Reference(_parse(content), hashlib.sha256(content).hexdigest())


def _parse(content: bytes) -> Iterator[Entry]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            cells = json.loads(line)
            yield Entry(cells["id"], *(tuple(map(str, cells[name])) for name in ("countries", "names", "domains")))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"Line {number} of the reference list is not an entry.", "Build the list again."
            ) from error


def write_reference(path: Path, entries: Iterable[Entry]) -> str:
    """Write a list, the same file for the same entries, and return its digest."""
    lines = (json.dumps(asdict(entry), ensure_ascii=False) for entry in sorted(entries, key=lambda e: e.id))
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


_GLEIF_NAMES: Final = (
    "Entity.LegalName",
    *(f"Entity.OtherEntityNames.OtherEntityName.{number}" for number in range(1, 6)),
    *(f"Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName.{number}" for number in range(1, 6)),
)
_GLEIF_COUNTRIES: Final = ("Entity.LegalAddress.Country", "Entity.HeadquartersAddress.Country")
_NO_COMPANY: Final = frozenset(["FUND", "BRANCH", "SOLE_PROPRIETOR"])
_NO_RECORD: Final = frozenset(["DUPLICATE", "ANNULLED", "CANCELLED"])
_EXTRACT: Final = ("id", "country", "name", "domain", "lei")


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open a text file, or the only file in a zip archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
            yield io.TextIOWrapper(member, encoding="utf-8-sig", newline="")
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Read a CSV file with a row of headings, row by row.

    Raises:
        InputError: the file cannot be read, or a column is missing.
    """
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file, restval="")
            missing = set(needed) - set(reader.fieldnames or ())
            if missing:
                raise InputError(
                    f"The source does not have the column {min(missing)}.", "Give the file as published."
                )
            yield from reader
    except (OSError, UnicodeDecodeError, csv.Error, zipfile.BadZipFile) as error:
        raise InputError("A source of the reference list cannot be read.", "Give a CSV or zip file.") from error


def read_gleif(path: Path) -> Iterator[Entry]:
    """Read a GLEIF golden copy, Level 1 (LEI-CDF 3.1), CSV or zip; CC0.

    Funds, branches, sole proprietors and withdrawn records are left out.
    """
    needed = ("LEI", "Entity.LegalName", "Entity.EntityCategory", "Registration.RegistrationStatus")
    for row in _rows(path, needed):
        if row["Entity.EntityCategory"] in _NO_COMPANY or row["Registration.RegistrationStatus"] in _NO_RECORD:
            continue
        names = dict.fromkeys(name for column in _GLEIF_NAMES if (name := row.get(column)))
        countries = {code for column in _GLEIF_COUNTRIES if (code := country_code(row.get(column)))}
        yield Entry(f"lei:{row['LEI']}", tuple(sorted(countries)), tuple(names))


def read_extract(path: Path) -> Iterator[Entry]:
    """Read a table with one row for each name: columns id, country, name, domain, lei; rows of one id together.

    A query of Wikidata, which is CC0, gives such a table if it selects, for each business, the ISO code of its
    country (P297 of P17), label or alias, website (P856) and LEI (P1278), ordered by item.
    """
    for entry_id, group in groupby(_rows(path, _EXTRACT), key=lambda row: row["id"]):
        rows = list(group)
        leis = sorted({number for row in rows if (number := lei(row["lei"]))})
        countries = {code for row in rows if (code := country_code(row["country"]))}
        yield Entry(
            id=f"lei:{leis[0]}" if leis else entry_id,
            countries=tuple(sorted(countries)),
            names=tuple(dict.fromkeys(row["name"] for row in rows if row["name"])),
            domains=tuple(dict.fromkeys(row["domain"] for row in rows if row["domain"])),
        )


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
        many: entries with distinct ids; they are passed on one by one.
        few: entries that may have ids in common with others; they are kept until all are known.
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

    A domain whose label is one of the names adds nothing: names and labels match by themselves.

    Args:
        entries: returns all entries; it is called twice, so that they need not be kept in memory.
    """
    joined: set[str] = set()
    for entry in entries():
        names, domains = name_keys(entry), domain_keys(entry)
        labels = {key for domain in domains if (key := name_key(domain_label(domain) or ""))}
        if len(names | labels) > 1:
            joined |= names | domains
    return (entry for entry in entries() if not joined.isdisjoint(name_keys(entry) | domain_keys(entry)))
