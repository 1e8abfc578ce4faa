"""The reference list: public facts that lead different names of one company to one id, looked up locally.

Names that no rule can bring together (`IBM` and `International Business Machines`, former names, translations)
meet at the id of the entry that has them all. An alias counts only if it leads to one entry: in the account's
country, or anywhere if the country is not known. Both sides need the same list, so the agreement names its digest.

The list is a text file of one entry a line, JSON with the keys of `Entry`, sorted by id. It holds facts as they
were published; keys are made when it is loaded, so that it does not depend on the version of the rules.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from accountmap.canonical.domains import registrable_domain
from accountmap.canonical.names import parse
from accountmap.canonical.places import comparison_country
from accountmap.canonical.tables import DATA
from accountmap.errors import InputError

SHIPPED: Final = DATA / "reference.jsonl"
"""Brands and their companies from the name-suggestion-index and Wikidata (`data/README.md`)."""

ANYWHERE: Final = ""
"""The country of entries that do not tell one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One company of the list.

    Attributes:
        id: `lei:` and the LEI where there is one, otherwise the source's own id with its prefix.
        countries: where it is registered and where its head office is, alpha-2; may be empty.
        names: legal, former, trading and translated names, each once.
        domains: web addresses.
    """

    id: str
    countries: tuple[str, ...]
    names: tuple[str, ...]
    domains: tuple[str, ...] = ()

    def places(self) -> set[str]:
        """Give the countries as they are compared."""
        return {comparison_country(code) for code in self.countries} or {ANYWHERE}


@lru_cache(maxsize=4096)
def name_key(text: str) -> str | None:
    """Reduce a name to what aliases are compared by: its squashed core."""
    name = parse(text)
    return "".join(name.core) if name else None


def name_keys(entry: Entry) -> set[str]:
    """Give the distinct keys of an entry's names."""
    return {key for text in entry.names if (key := name_key(text))}


def domain_keys(entry: Entry) -> set[str]:
    """Give the distinct company domains of an entry."""
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
                for place in entry.places():
                    _claim(by_country, place, entry.id)
            for domain in domain_keys(entry):
                _claim(self._domains, domain, entry.id)

    def find(self, core: str | None, domain: str | None, country: str | None, lei: str | None) -> str | None:
        """Lead an account to an entry.

        Args:
            core: the words of its core name, joined.
            domain: its registrable domain.
            country: as compared, alpha-2.
            lei: its Legal Entity Identifier.

        Returns:
            The entry's id; None if nothing leads to one, or the name and the domain lead to different ones. An
            account with an LEI has the id of its LEI, listed or not.
        """
        if lei:
            return f"lei:{lei}"
        by_name = self._by_name(core, country) if core else None
        by_domain = self._domains.get(domain) if domain else None
        if by_name and by_domain and by_name != by_domain:
            return None
        return by_name or by_domain

    def _by_name(self, key: str, country: str | None) -> str | None:
        by_country = self._names.get(key, {})
        places = by_country if country is None else {country, ANYWHERE} & by_country.keys()
        found = {by_country[place] for place in places}
        return found.pop() if len(found) == 1 else None


def _claim(holders: dict[str, str | None], key: str, holder: str) -> None:
    """Note the holder of a key, or that it has several."""
    holders[key] = holder if holders.get(key, holder) == holder else None


def load_reference(path: Traversable = SHIPPED, digest: str | None = None) -> Reference:
    """Load a list.

    Args:
        path: the file; without it, the small list that comes with the program.
        digest: SHA-256 in hex that the file must have, as the agreement names it.

    Raises:
        InputError: the file cannot be read, is not of this form, or is another one than agreed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("The reference list cannot be read.", "Give the path of a built list.") from error
    found = hashlib.sha256(content).hexdigest()
    if digest is not None and found != digest:
        raise InputError("This is not the reference list that was agreed.", "Get the same file as your partner.")
    return Reference(_parse(content), found)


def _parse(content: bytes) -> Iterator[Entry]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            cells = json.loads(line)
            yield Entry(cells["id"], *(tuple(map(str, cells[name])) for name in ("countries", "names", "domains")))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"Line {number} of the reference list is no entry.", "Build the list again."
            ) from error


def write_reference(path: Path, entries: Iterable[Entry]) -> str:
    """Write a list, equal for equal entries, and give its digest."""
    lines = (json.dumps(asdict(entry), ensure_ascii=False) for entry in sorted(entries, key=lambda e: e.id))
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
