"""Public sources of the reference list, read as a stream."""

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Final, TextIO

from accountmap.canonical.places import country_code
from accountmap.canonical.reference import Entry
from accountmap.canonical.registry_ids import lei
from accountmap.errors import InputError

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
    """Read a CSV file with a heading, row by row.

    Raises:
        InputError: the file cannot be read or lacks a column.
    """
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file, restval="")
            missing = set(needed) - set(reader.fieldnames or ())
            if missing:
                raise InputError(f"The source lacks the column {min(missing)}.", "Give the file as published.")
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

    This is what a Wikidata query gives that selects, for each business, its ISO code (P297 of P17), label or
    alias, website (P856) and LEI (P1278), ordered by item; Wikidata is CC0.
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
