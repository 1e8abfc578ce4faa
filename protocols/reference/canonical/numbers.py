"""Registry numbers: canonical-v2, section 7."""

import re
import unicodedata
from collections.abc import Iterator

from protocols.reference.canonical.characters import known
from stdnum import get_cc_module
from stdnum.ch import uid
from stdnum.fr import siren
from stdnum.no import orgnr

SAME = {"EL": "GR", "XI": "GB", "UK": "GB", "LI": "CH", "MC": "FR"}
PLACEHOLDER = "123456789"
COMPANY = {("BR", 14): (0, 8), ("IN", 15): (2, 12), ("CN", 18): (8, 17)}
"""What names the company in numbers of a length: from the first character to before the second."""


def _parts(cell: str) -> Iterator[str]:
    for part in re.split("[;,|:\n]", known(cell)[:1000]):
        number = re.sub("[^0-9A-ZÑ&]", "", unicodedata.normalize("NFKC", part).upper())
        if len(set(re.findall("[0-9]", number))) >= 2:
            yield number


def lei(cell: str) -> str:
    """Find an LEI: ISO 7064 MOD 97-10 over digits, with letters as 10 to 35."""
    for number in _parts(cell):
        if re.fullmatch("[0-9A-Z]{20}", number) and int("".join(str(int(c, 36)) for c in number)) % 97 == 1:
            return number
    return ""


def duns(cell: str) -> str:
    """Find a D-U-N-S number."""
    found = (re.fullmatch("(?:DUNS)?([0-9]{9})", number) for number in _parts(cell))
    return next((number[1] for number in found if number and number[1] != PLACEHOLDER), "")


def _forms(country: str, number: str) -> Iterator[str]:
    bare = number.removeprefix(country)
    yield from (number, bare)
    if country == "CH":
        yield re.sub("(?:MWST|TVA|IVA|VAT)$", "", number)
    if country == "NO":
        yield bare.removesuffix("MVA")
    if country == "SE" and len(number) == 10:
        yield number + "01"
    if country == "FR" and len(number) in (9, 14) and siren.is_valid(number[:9]):
        yield siren.to_tva(number[:9])


def _tried(written: str, number: str) -> str:
    country = SAME.get(written, written)
    module = {"CH": uid, "NO": orgnr}.get(country) or get_cc_module(country.lower(), "vat")
    form = next((form for form in _forms(country, number) if module and module.is_valid(form)), None)
    if module is None or form is None:
        return ""
    compact = re.sub("[^0-9A-Z]", "", module.compact(form).upper()).removeprefix(country)
    first, end = COMPANY.get((country, len(compact)), (0, 9 if country == "CA" else None))
    return country + compact[first:end]


def vat(cell: str, country: str | None) -> str:
    """Find the number that a company is taxed under; `country` is that of the account's cell."""
    for number in _parts(cell):
        prefix = number[:2]
        prefixed = prefix.isalpha() and (_tried(prefix, number[2:]) or _tried(prefix, number))
        if found := prefixed or (_tried(country, number) if country else ""):
            return found
    return ""
